#include "services/ingest/storage/entity_reader.h"

#include <cmath>
#include <map>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/api/paging.h"
#include "common/api/time.h"
#include "common/base/utf8.h"
#include "common/pg/transaction.h"
#include "common/status/errors.h"
#include "common/status/macros.h"
#include "crier/entity/v1/activity.pb.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "services/ingest/storage/entity_source.h"
#include "services/ingest/storage/filter_sql.h"

namespace crier::ingest::storage {
namespace {

using filter::SortKey;
using google::protobuf::FieldDescriptor;
using pg::Params;
using pg::Rows;
using pg::Transaction;

constexpr pg::Statement kLoadMerged{
    "load_merged",
    "SELECT winner_id, contact_id FROM contact_redirects"
    " WHERE community_id = $1 AND winner_id = ANY ($2::bigint[]) ORDER BY contact_id"};

// Runs in the order of ids are read along the key, whatever the planner expects of the filter: for
// each run anew, sorting everything that matches would cost the whole table, and to start workers
// for it ten times what one of a thousand rows costs.
constexpr pg::Statement kReadAlongKey{"read_along_key",
                                      "SELECT set_config('enable_seqscan', 'off', true), "
                                      "set_config('enable_bitmapscan', 'off', true),"
                                      " set_config('enable_sort', 'off', true),"
                                      " set_config('max_parallel_workers_per_gather', '0', true)"};

constexpr pg::Statement kGetWinners{
    "get_winners",
    "SELECT coalesce(r.winner_id, wanted.id) FROM unnest($2::bigint[]) AS wanted (id)"
    " LEFT JOIN contact_redirects r ON r.community_id = $1 AND r.contact_id = wanted.id"};

// What a sort key compares, and as what its values are given back.
struct SortExpression {
  std::string sql;
  std::string type;
  bool is_id = false;
};

SortExpression ExpressionOf(const SortKey& key, const EntitySource& source) {
  // Ids are counted under the lock that accept times are taken under, so both have one order; that
  // of ids has an index.
  if (key.path.fields.size() == 1 && key.path.last().name() == "create_time") {
    return {source.id, "bigint", true};
  }
  const std::string column = source.column_of(key.path.fields);
  switch (key.path.last().cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return {key.ignore_case ? absl::StrCat("lower(", column, ")") : column, "text"};
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return {column, "double precision"};
    case FieldDescriptor::CPPTYPE_BOOL:
      return {column, "boolean"};
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return {column, "timestamptz"};
    default:
      return {column, "bigint"};
  }
}

// Whether a value is one that Postgres will read as the type: tokens may have been made up.
bool Fits(const std::string& value, const std::string& type) {
  int64_t integer = 0;
  double number = 0;
  if (type == "bigint") return absl::SimpleAtoi(value, &integer);
  if (type == "timestamptz") {
    return absl::SimpleAtoi(value, &integer) && api::FitsTimestamp(absl::FromUnixMicros(integer));
  }
  if (type == "double precision") {
    return absl::SimpleAtod(value, &number) && std::isfinite(number);
  }
  if (type == "boolean") return value == "t" || value == "f";
  return IsValidUtf8(value) && value.find('\0') == std::string::npos;
}

std::optional<std::string> ValueOf(const Rows::Row& row, int column, const std::string& type) {
  if (row.IsNull(column)) return std::nullopt;
  return type == "timestamptz" ? absl::StrCat(absl::ToUnixMicros(row.Time(column)))
                               : row.Text(column);
}

std::string Placeholder(const std::string& value, const std::string& type, SqlParams& params) {
  int64_t micros = 0;
  if (type == "timestamptz" && absl::SimpleAtoi(value, &micros)) {
    return absl::StrCat(params.Add(absl::FromUnixMicros(micros)), "::timestamptz");
  }
  return absl::StrCat(params.Add(value), "::", type);
}

// That a row comes after the position: it is beyond it in the first key, or equal and beyond in the
// next, and so on to the id. An unset value is the least.
std::string AfterSql(const std::vector<SortKey>& keys,
                     const std::vector<SortExpression>& expressions, const ListPosition& after,
                     absl::string_view id, SqlParams& params) {
  std::string sql = absl::StrCat(id, " > ", params.Add(after.id));
  for (size_t i = keys.size(); i-- > 0;) {
    const std::string& column = expressions[i].sql;
    if (!after.values[i]) {
      const std::string beyond = keys[i].descending ? "" : absl::StrCat(column, " IS NOT NULL OR ");
      sql = absl::StrCat("(", beyond, "(", column, " IS NULL AND ", sql, "))");
      continue;
    }
    const std::string value = Placeholder(*after.values[i], expressions[i].type, params);
    const std::string beyond = keys[i].descending
                                   ? absl::StrCat(column, " < ", value, " OR ", column, " IS NULL")
                                   : absl::StrCat(column, " > ", value);
    sql = absl::StrCat("(", beyond, " OR (", column, " = ", value, " AND ", sql, "))");
  }
  return sql;
}

std::string WhereSql(const EntitySelection& selection, const EntitySource& source,
                     SqlParams& params) {
  std::string sql = absl::StrCat(source.community, " = $1");
  if (selection.contact != 0) {
    const std::string contact = params.Add(selection.contact);
    // The contact itself, the one that it became part of, and all that did so beside it.
    absl::StrAppend(&sql,
                    " AND a.contact_id IN (WITH winner AS (SELECT coalesce((SELECT winner_id FROM"
                    " contact_redirects WHERE community_id = $1 AND contact_id = ",
                    contact, "::bigint), ", contact,
                    "::bigint) AS id) SELECT id FROM winner UNION ALL SELECT l.contact_id FROM"
                    " contact_redirects l JOIN winner ON l.winner_id = winner.id"
                    " WHERE l.community_id = $1)");
  }
  absl::StrAppend(&sql, " AND (",
                  FilterSql(selection.filter, selection.evaluate_time, source.column_of, params),
                  ")");
  return sql;
}

// The statement of a run: of the rows in order, one more than wanted, those that fit; each with how
// many there were, which tells whether any follow.
std::string FindSql(const EntitySelection& selection, const ReadOptions& options,
                    const std::vector<SortExpression>& sort, SqlParams& params) {
  const EntitySource& source = SourceOf(selection.kind);
  std::string where = WhereSql(selection, source, params);
  if (options.after) {
    absl::StrAppend(&where, " AND ",
                    AfterSql(options.order, sort, *options.after, source.id, params));
  }
  std::vector<std::string> order, values;
  for (size_t i = 0; i < sort.size(); ++i) {
    const bool descending = options.order[i].descending;
    const absl::string_view direction = sort[i].is_id ? (descending ? " DESC" : " ASC")
                                        : descending  ? " DESC NULLS LAST"
                                                      : " ASC NULLS FIRST";
    order.push_back(absl::StrCat(sort[i].sql, direction));
    values.push_back(absl::StrCat(", ", sort[i].sql, " AS sort_", i));
  }
  order.push_back(source.id);
  const std::string limit = params.Add(options.limit);
  return absl::StrCat(
      "SELECT * FROM (SELECT *, count(*) OVER () AS found, row_number() OVER () AS number,"
      " sum(message_bytes) OVER (ROWS UNBOUNDED PRECEDING) AS bytes FROM (SELECT ",
      source.id, " AS id, ", source.message_bytes, " AS message_bytes", absl::StrJoin(values, ""),
      ", ", source.message, " FROM ", source.from, source.join_contact, " WHERE ", where,
      " ORDER BY ", absl::StrJoin(order, ", "), " LIMIT ", limit,
      "::bigint + 1) AS ordered)"
      " AS counted WHERE number <= ",
      limit, "::bigint AND (number = 1 OR bytes <= ", params.Add(options.max_bytes),
      "::bigint) ORDER BY number");
}

template <typename Label>
std::string LabelMessage(int64_t id, std::string name) {
  Label label;
  label.set_id(id);
  label.set_name(std::move(name));
  return label.SerializeAsString();
}

void AppendField(int number, const std::string& bytes, std::string& message) {
  google::protobuf::io::StringOutputStream stream(&message);
  google::protobuf::io::CodedOutputStream coded(&stream);
  constexpr int kLengthDelimited = 2;
  coded.WriteTag(static_cast<uint32_t>(number) << 3 | kLengthDelimited);
  coded.WriteVarint32(static_cast<uint32_t>(bytes.size()));
  coded.WriteString(bytes);
}

// The message of a row, whose columns from `first` on are those of EntitySource::message.
std::string MessageOf(EntityKind kind, int64_t id, const Rows::Row& row, int first) {
  switch (kind) {
    case EntityKind::kSegment:
      return LabelMessage<entity::v1::Segment>(id, row.Text(first));
    case EntityKind::kTag:
      return LabelMessage<entity::v1::Tag>(id, row.Text(first));
    case EntityKind::kActivity: {
      // The fields of a message may come in any order.
      std::string message = row.Bytes(first);
      if (const std::string content = row.Text(first + 1); !content.empty()) {
        AppendField(entity::v1::Activity::kContentFieldNumber, content, message);
      }
      AppendField(entity::v1::Activity::kContactFieldNumber, row.Bytes(first + 2), message);
      return message;
    }
    default:
      return row.Bytes(first);
  }
}

absl::Status AddMerged(Transaction& transaction, int64_t community,
                       std::vector<FoundEntity>& contacts) {
  std::map<int64_t, FoundEntity*> by_id;
  std::vector<int64_t> ids;
  for (FoundEntity& contact : contacts) {
    by_id[contact.id] = &contact;
    ids.push_back(contact.id);
  }
  if (ids.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Rows rows,
                   transaction.Execute(kLoadMerged, Params().Add(community).AddArray(ids)));
  for (const Rows::Row row : rows) by_id.at(row.Int64(0))->merged.push_back(row.Int64(1));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<int64_t>> Winners(Transaction& transaction, int64_t community,
                                             const std::vector<int64_t>& ids) {
  ASSIGN_OR_RETURN(const Rows rows,
                   transaction.Execute(kGetWinners, Params().Add(community).AddArray(ids)));
  std::vector<int64_t> winners;
  for (const Rows::Row row : rows) winners.push_back(row.Int64(0));
  return winners;
}

// A winner and who was merged into it belong to one moment.
absl::Status OneSnapshot(Transaction& transaction) {
  constexpr pg::Statement kOneSnapshot{"one_snapshot",
                                       "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"};
  return transaction.Execute(kOneSnapshot).status();
}

}  // namespace

absl::StatusOr<std::vector<FoundEntity>> PgEntityReader::Get(EntityKind kind, int64_t community,
                                                             const std::vector<int64_t>& ids,
                                                             Merged merged, absl::Time deadline) {
  const EntitySource& source = SourceOf(kind);
  const std::string sql =
      absl::StrCat("SELECT ", source.id, ", ", source.message, " FROM ", source.from,
                   source.join_contact, " WHERE ", source.community, " = $1 AND ", source.id,
                   " = ANY ($2::bigint[]) ORDER BY ", source.id);
  using Entities = std::vector<FoundEntity>;
  return pool_.Run(deadline, [&](Transaction& transaction) -> absl::StatusOr<Entities> {
    RETURN_IF_ERROR(OneSnapshot(transaction));
    std::vector<int64_t> wanted = ids;
    if (kind == EntityKind::kContact) {
      ASSIGN_OR_RETURN(wanted, Winners(transaction, community, ids));
    }
    ASSIGN_OR_RETURN(const Rows rows,
                     transaction.ExecuteDynamic(sql, Params().Add(community).AddArray(wanted)));
    Entities entities;
    for (const Rows::Row row : rows) {
      FoundEntity& entity = entities.emplace_back();
      entity.id = row.Int64(0);
      entity.message = MessageOf(kind, entity.id, row, 1);
    }
    if (merged == Merged::kTold) RETURN_IF_ERROR(AddMerged(transaction, community, entities));
    return entities;
  });
}

absl::StatusOr<EntityRun> PgEntityReader::Find(const EntitySelection& selection,
                                               const ReadOptions& options, absl::Time deadline) {
  const EntitySource& source = SourceOf(selection.kind);
  std::vector<SortExpression> sort;
  for (const SortKey& key : options.order) sort.push_back(ExpressionOf(key, source));
  if (options.after) {
    bool fits = options.after->values.size() == sort.size();
    for (size_t i = 0; fits && i < sort.size(); ++i) {
      fits = !options.after->values[i] || Fits(*options.after->values[i], sort[i].type);
    }
    if (!fits) return api::ForeignTokenError();
  }
  SqlParams params(selection.community);
  const std::string sql = FindSql(selection, options, sort, params);
  const int keys = static_cast<int>(sort.size());
  return pool_.Run(deadline, [&](Transaction& transaction) -> absl::StatusOr<EntityRun> {
    if (options.merged == Merged::kTold) RETURN_IF_ERROR(OneSnapshot(transaction));
    if (options.in_bulk) RETURN_IF_ERROR(transaction.Execute(kReadAlongKey).status());
    ASSIGN_OR_RETURN(const Rows rows, transaction.ExecuteDynamic(sql, params.params()));
    EntityRun run;
    for (const Rows::Row row : rows) {
      FoundEntity& entity = run.entities.emplace_back();
      entity.id = row.Int64(0);
      for (int i = 0; i < keys; ++i) {
        entity.values.push_back(ValueOf(row, 2 + i, sort[static_cast<size_t>(i)].type));
      }
      entity.message = MessageOf(selection.kind, entity.id, row, 2 + keys);
    }
    if (rows.empty()) return run;
    // After the columns of the entity comes the count.
    const int found = 2 + keys + (selection.kind == EntityKind::kActivity ? 3 : 1);
    run.more = rows[0].Int64(found) > rows.size();
    if (options.merged == Merged::kTold) {
      RETURN_IF_ERROR(AddMerged(transaction, selection.community, run.entities));
    }
    return run;
  });
}

absl::StatusOr<int64_t> PgEntityReader::Count(const EntitySelection& selection,
                                              absl::Time deadline) {
  const EntitySource& source = SourceOf(selection.kind);
  SqlParams params(selection.community);
  const std::string where = WhereSql(selection, source, params);
  const std::string sql = absl::StrCat(
      "SELECT count(*) FROM ", source.from,
      NeedsContact(selection.filter.condition()) ? source.join_contact : "", " WHERE ", where);
  return pool_.Read(deadline, [&](Transaction& transaction) -> absl::StatusOr<int64_t> {
    ASSIGN_OR_RETURN(const Rows rows, transaction.ExecuteDynamic(sql, params.params()));
    return rows[0].Int64(0);
  });
}

}  // namespace crier::ingest::storage
