#include "common/pg/time_partitions.h"

#include <algorithm>
#include <optional>
#include <set>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "common/base/message_id.h"
#include "common/pg/text_format.h"
#include "common/pg/time_partitions_sql.h"
#include "common/status/macros.h"

namespace crier::pg {
namespace {

absl::CivilDay DayOf(absl::Time time) { return absl::ToCivilDay(time, absl::UTCTimeZone()); }

absl::Time StartOf(absl::CivilDay day) { return absl::FromCivil(day, absl::UTCTimeZone()); }

std::string PartitionName(const std::string& table, absl::CivilDay day) {
  return absl::StrFormat("%s_y%04dm%02dd%02d", table, day.year(), day.month(), day.day());
}

// The day of a partition that PartitionName has named; others are left alone.
std::optional<absl::CivilDay> DayOfPartition(const std::string& table, const std::string& name) {
  absl::string_view rest = name;
  if (!absl::ConsumePrefix(&rest, table) ||
      rest.size() != absl::string_view("_y2024m01d31").size()) {
    return std::nullopt;
  }
  int year, month, day;
  const bool numbers = absl::SimpleAtoi(rest.substr(2, 4), &year) &&
                       absl::SimpleAtoi(rest.substr(7, 2), &month) &&
                       absl::SimpleAtoi(rest.substr(10, 2), &day);
  const absl::CivilDay parsed = numbers ? absl::CivilDay(year, month, day) : absl::CivilDay();
  if (!numbers || PartitionName(table, parsed) != name) return std::nullopt;
  return parsed;
}

// The least key of a day, as an SQL literal.
std::string LowerBound(TimePartitionedTable::Key key, absl::CivilDay day) {
  const absl::Time start = StartOf(day);
  return absl::StrCat("'",
                      key == TimePartitionedTable::Key::kTimestamp
                          ? EncodeTime(start)
                          : MessageId::FirstAt(start).ToUuid(),
                      "'");
}

bool RetentionIsOver(const TimePartitionedTable& table, absl::CivilDay day, absl::Time now) {
  return StartOf(day + 1) + table.retention <= now;
}

absl::StatusOr<std::set<std::string>> ListPartitions(Transaction& transaction,
                                                     const std::string& table) {
  ASSIGN_OR_RETURN(const Rows rows,
                   transaction.Execute(sql::kListPartitions, Params().Add(QuoteIdentifier(table))));
  std::set<std::string> names;
  for (const Rows::Row row : rows) names.insert(row.Text(0));
  return names;
}

// Attaching a table that stands ready takes a lock that reads and writes of the parent do not mind;
// CREATE TABLE … PARTITION OF would take ACCESS EXCLUSIVE on it. Attaching also makes the indexes.
absl::Status AddPartition(Transaction& transaction, const TimePartitionedTable& table,
                          absl::CivilDay day) {
  const std::string parent = QuoteIdentifier(table.table);
  const std::string partition = QuoteIdentifier(PartitionName(table.table, day));
  return transaction.ExecuteScript(absl::StrCat(
      "CREATE TABLE ", partition, " (LIKE ", parent,
      " INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE INCLUDING COMPRESSION)"
      // The planner takes a table that was never analysed for ten pages at least, and uses the
      // indexes. Statistics of its first rows would make cached plans scan it, until the next
      // statistics: so the first ones must wait until they tell something.
      " WITH (autovacuum_analyze_threshold = 20000);"
      "ALTER TABLE ",
      parent, " ATTACH PARTITION ", partition, " FOR VALUES FROM (", LowerBound(table.key, day),
      ") TO (", LowerBound(table.key, day + 1), ")"));
}

absl::Status AddPartitions(Pool& pool, const TimePartitionedTable& table, absl::Time now,
                           int days_ahead, absl::Time deadline) {
  return pool.Run(deadline, [&](Transaction& transaction) -> absl::Status {
    RETURN_IF_ERROR(transaction.Execute(sql::kLockPartitions, Params().Add(table.table)).status());
    ASSIGN_OR_RETURN(const auto existing, ListPartitions(transaction, table.table));
    const absl::CivilDay today = DayOf(now);
    for (absl::CivilDay day = today - 1; day <= today + days_ahead; ++day) {
      const bool exists = existing.count(PartitionName(table.table, day)) > 0;
      if (exists || RetentionIsOver(table, day, now)) continue;
      RETURN_IF_ERROR(AddPartition(transaction, table, day));
    }
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<std::string>> ListExpired(Pool& pool, const TimePartitionedTable& table,
                                                     absl::Time now, absl::Time deadline) {
  using Names = std::vector<std::string>;
  return pool.Read(deadline, [&](Transaction& transaction) -> absl::StatusOr<Names> {
    // A replica whose clock is ahead must not drop what is still wanted.
    ASSIGN_OR_RETURN(const Rows clock, transaction.Execute(sql::kDatabaseTime));
    const absl::Time over_by = std::min(now, clock[0].Time(0));
    ASSIGN_OR_RETURN(const auto names, ListPartitions(transaction, table.table));
    Names expired;
    for (const std::string& name : names) {
      const std::optional<absl::CivilDay> day = DayOfPartition(table.table, name);
      if (day && RetentionIsOver(table, *day, over_by)) expired.push_back(name);
    }
    return expired;
  });
}

// A transaction each, so that the lock that stops everybody else is short.
absl::Status DropPartition(Pool& pool, const TimePartitionedTable& table, const std::string& name,
                           absl::Time deadline) {
  return pool.Run(deadline, [&](Transaction& transaction) -> absl::Status {
    // What a drop locks, before the question is asked.
    RETURN_IF_ERROR(transaction.ExecuteScript(
        absl::StrCat("SET LOCAL lock_timeout = '1s'; LOCK TABLE ONLY ",
                     QuoteIdentifier(table.table), " IN ACCESS EXCLUSIVE MODE")));
    if (table.may_drop) {
      ASSIGN_OR_RETURN(const bool may, table.may_drop(transaction, QuoteIdentifier(name)));
      if (!may) return absl::OkStatus();
    }
    return transaction.ExecuteScript(absl::StrCat("DROP TABLE IF EXISTS ", QuoteIdentifier(name)));
  });
}

}  // namespace

absl::Status MaintainPartitions(Pool& pool, const TimePartitionedTable& table, absl::Time now,
                                int days_ahead, absl::Time deadline) {
  RETURN_IF_ERROR(AddPartitions(pool, table, now, days_ahead, deadline));
  ASSIGN_OR_RETURN(const std::vector<std::string> expired, ListExpired(pool, table, now, deadline));
  for (const std::string& name : expired) {
    RETURN_IF_ERROR(DropPartition(pool, table, name, deadline));
  }
  return absl::OkStatus();
}

}  // namespace crier::pg
