#include "services/ingest/storage/label_store.h"

#include <cstdint>
#include <set>
#include <vector>

#include "common/status/macros.h"
#include "services/ingest/domain/identity.h"
#include "services/ingest/storage/label_store_sql.h"

namespace crier::ingest::storage {
namespace {

using pg::Params;
using pg::Rows;
using pg::Transaction;

// The same table twice, but for its names. Those of kLoadLabels are in the same order.
struct LabelTable {
  LabelKind kind;
  const pg::Statement& last_ids;
  const pg::Statement& save;
};

const LabelTable kTables[] = {
    {LabelKind::kSegment, kLastSegmentIds, kSaveSegments},
    {LabelKind::kTag, kLastTagIds, kSaveTags},
};

// What is looked up in a table.
struct Wanted {
  std::vector<int64_t> communities, ids, name_communities;
  std::vector<std::string> names;
};

Wanted WantedOf(LabelKind kind, const Lookup& lookup) {
  Wanted wanted;
  for (const LabelId& label : lookup.labels) {
    if (label.kind != kind) continue;
    wanted.communities.push_back(label.community);
    wanted.ids.push_back(label.id);
  }
  for (const LabelName& label : lookup.label_names) {
    if (label.kind != kind) continue;
    wanted.name_communities.push_back(label.community);
    wanted.names.push_back(label.folded);
  }
  return wanted;
}

absl::Status LoadLastIds(Transaction& transaction, const LabelTable& table, const Lookup& lookup,
                         KnownLabels& known) {
  std::set<int64_t> naming;
  for (const LabelName& label : lookup.label_names) {
    if (label.kind == table.kind) naming.insert(label.community);
  }
  if (naming.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Rows last,
                   transaction.Execute(table.last_ids, Params().AddArray(std::vector<int64_t>(
                                                           naming.begin(), naming.end()))));
  for (const Rows::Row row : last) {
    known.last_ids[{row.Int64(0), table.kind}] = row.OptionalInt64(1).value_or(0);
  }
  return absl::OkStatus();
}

absl::Status Write(Transaction& transaction, const LabelTable& table,
                   const std::map<LabelId, std::string>& labels) {
  std::vector<int64_t> communities, ids;
  std::vector<std::string> names, folded_names;
  for (const auto& [label, name] : labels) {
    if (label.kind != table.kind) continue;
    communities.push_back(label.community);
    ids.push_back(label.id);
    names.push_back(name);
    folded_names.push_back(CaseFold(name));
  }
  if (ids.empty()) return absl::OkStatus();
  return transaction
      .Execute(table.save,
               Params().AddArray(communities).AddArray(ids).AddArray(names).AddArray(folded_names))
      .status();
}

}  // namespace

absl::Status LoadLabels(Transaction& transaction, const Lookup& lookup, KnownLabels& known) {
  if (lookup.labels.empty() && lookup.label_names.empty()) return absl::OkStatus();
  Params params;
  for (const LabelTable& table : kTables) {
    const Wanted wanted = WantedOf(table.kind, lookup);
    params.AddArray(wanted.communities)
        .AddArray(wanted.ids)
        .AddArray(wanted.name_communities)
        .AddArray(wanted.names);
  }
  ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kLoadLabels, params));
  for (const Rows::Row row : rows) {
    const LabelKind kind = kTables[row.Int32(0)].kind;
    known.names[{row.Int64(1), kind, row.Int64(2)}] = row.Text(3);
  }
  for (const LabelTable& table : kTables) {
    RETURN_IF_ERROR(LoadLastIds(transaction, table, lookup, known));
  }
  return absl::OkStatus();
}

absl::Status WriteLabels(Transaction& transaction, const std::map<LabelId, std::string>& labels) {
  for (const LabelTable& table : kTables) RETURN_IF_ERROR(Write(transaction, table, labels));
  return absl::OkStatus();
}

}  // namespace crier::ingest::storage
