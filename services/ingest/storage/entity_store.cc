#include "services/ingest/storage/entity_store.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/pg/row_array.h"
#include "common/pg/transaction.h"
#include "common/status/errors.h"
#include "common/status/macros.h"
#include "services/ingest/domain/errors.h"
#include "services/ingest/domain/log/log_partition.h"
#include "services/ingest/storage/entity_columns.h"
#include "services/ingest/storage/entity_store_sql.h"
#include "services/ingest/storage/identity_store.h"
#include "services/ingest/storage/label_store.h"
#include "services/ingest/storage/log_channel.h"
#include "services/ingest/storage/log_writer.h"
#include "services/ingest/storage/lookup_loader.h"
#include "services/ingest/storage/request_store.h"

namespace crier::ingest::storage {
namespace {

using pg::Params;
using pg::Rows;
using pg::Transaction;

// The communities by log partition.
std::map<int32_t, std::vector<int64_t>> ByPartition(const std::set<int64_t>& communities,
                                                    int32_t partition_count) {
  std::map<int32_t, std::vector<int64_t>> result;
  for (const int64_t community : communities) {
    result[LogPartitionOf(community, partition_count)].push_back(community);
  }
  return result;
}

// Twice as long as anybody holds a head who only waits for another (kLockHeads).
constexpr absl::Duration kPatience = absl::Seconds(2);
// For each head that is left when that has passed; a commit takes less.
constexpr absl::Duration kGlance = absl::Milliseconds(200);

bool HasWaitedInVain(const absl::Status& status) {
  return ErrorReason(status) == "LOCK_NOT_AVAILABLE";
}

// Locks the heads and adds them to what is known.
absl::Status LockHeads(Transaction& transaction, const pg::Statement& statement,
                       const std::vector<int32_t>& partitions, Known& known) {
  if (partitions.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(statement, Params().AddArray(partitions)));
  for (const Rows::Row row : rows) {
    known.heads[row.Int32(0)] = {row.Int64(1), row.Int64(2),
                                 row.OptionalTime(3).value_or(absl::InfinitePast())};
    for (absl::string_view community : absl::StrSplit(row.Text(4), ',', absl::SkipEmpty())) {
      int64_t deleting = 0;
      if (absl::SimpleAtoi(community, &deleting)) known.deleting.insert(deleting);
    }
  }
  return absl::OkStatus();
}

absl::Status LockHeads(Transaction& transaction, const Lookup& lookup, BusyHeads::Patience patience,
                       BusyHeads& busy, Known& known) {
  const auto communities = ByPartition(lookup.communities, known.partition_count);
  std::vector<int32_t> awaited, tried;
  for (const auto& [partition, of_partition] : communities) {
    const bool waits = patience == BusyHeads::Patience::kUnlessBusy && !busy.Contains(partition);
    (waits ? awaited : tried).push_back(partition);
  }
  RETURN_IF_ERROR(LockHeads(transaction, kLockHeads, awaited, known));
  if (known.heads.size() != awaited.size()) {
    return absl::InternalError("a log partition has no head");
  }
  RETURN_IF_ERROR(LockHeads(transaction, LockFreeHeads(), tried, known));
  for (const int32_t partition : tried) {
    if (known.heads.count(partition) > 0) {
      busy.Remove(partition);
    } else {
      busy.Add(partition);
      const std::vector<int64_t>& refused = communities.at(partition);
      known.busy.insert(refused.begin(), refused.end());
    }
  }
  return absl::OkStatus();
}

absl::Status WriteMerges(Transaction& transaction, const Changes& changes) {
  if (changes.merges.empty()) return absl::OkStatus();
  std::vector<int64_t> communities, losers, winners;
  for (const auto& [loser, winner] : changes.merges) {
    communities.push_back(loser.community);
    losers.push_back(loser.id);
    winners.push_back(winner);
  }
  const Params params = Params().AddArray(communities).AddArray(losers).AddArray(winners);
  for (const pg::Statement& statement :
       {kDeleteLosers, kRepointApart, kRepointRedirects, kAddRedirects}) {
    RETURN_IF_ERROR(transaction.Execute(statement, params).status());
  }
  return absl::OkStatus();
}

// The bytes of a message as a value of a row.
void AddMessage(const google::protobuf::MessageLite& message, pg::RowArray& row) {
  const size_t size = message.ByteSizeLong();
  message.SerializeWithCachedSizesToArray(reinterpret_cast<uint8_t*>(row.AddBytes(size)));
}

// Saves those that are `stored` already. Returns the rows of those that are new.
absl::StatusOr<pg::RowArray> WriteContacts(Transaction& transaction, const Changes& changes,
                                           const std::set<ContactKey>& stored) {
  ASSIGN_OR_RETURN(const pg::RowType type, transaction.FindRowType(kContactRow));
  pg::RowArray created(type), updated(type);
  size_t bytes = 0;
  for (const auto& [key, changed] : changes.contacts) bytes += changed.bytes.size();
  created.Reserve(3 * bytes);  // the message and, without tags but with lengths, the columns
  bool any_updated = false;
  for (const auto& [key, changed] : changes.contacts) {
    const bool update = stored.count(key) > 0;
    any_updated = any_updated || update;
    pg::RowArray& rows = update ? updated : created;
    rows.BeginRow(3 + ContactColumns().size());
    rows.Add(key.community);
    rows.Add(key.id);
    changed.bytes.copy(rows.AddBytes(changed.bytes.size()), changed.bytes.size());
    ContactColumns().AddTo(*changed.contact, rows);
  }
  if (any_updated) {
    RETURN_IF_ERROR(
        transaction.Execute(SaveContacts(), Params().AddRows(std::move(updated))).status());
  }
  return created;
}

absl::Status WriteOrganizations(Transaction& transaction, const Changes& changes) {
  if (changes.organizations.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const pg::RowType type, transaction.FindRowType(kOrganizationRow));
  pg::RowArray rows(type);
  for (const auto& [key, stored] : changes.organizations) {
    rows.BeginRow(3 + OrganizationColumns().size());
    rows.Add(key.community);
    rows.Add(stored.id);
    AddMessage(stored.organization, rows);
    OrganizationColumns().AddTo(stored.organization, rows);
  }
  return transaction.Execute(SaveOrganizations(), Params().AddRows(std::move(rows))).status();
}

void AddFormerContacts(const StoredActivity& stored, pg::RowArray& row) {
  std::set<int64_t> former = stored.subjects;
  former.erase(stored.contact_id);
  if (former.empty()) return row.AddNull(pg::ColumnType::kBigints);
  row.BeginBigints(former.size());
  for (const int64_t id : former) row.AddElement(id);
}

absl::Status WriteActivities(Transaction& transaction, const Changes& changes) {
  if (changes.activities.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const pg::RowType type, transaction.FindRowType(kActivityRow));
  pg::RowArray rows(type);
  for (const auto& [key, stored] : changes.activities) {
    rows.BeginRow(5 + ActivityColumns().size());
    rows.Add(key.community);
    rows.Add(stored.id);
    rows.Add(stored.contact_id);
    AddFormerContacts(stored, rows);
    // The content, which may be long, is kept as a column only.
    entity::v1::Activity activity = stored.activity;
    activity.clear_content();
    AddMessage(activity, rows);
    ActivityColumns().AddTo(stored.activity, rows);
  }
  return transaction.Execute(SaveActivities(), Params().AddRows(std::move(rows))).status();
}

absl::Status Write(Transaction& transaction, const Changes& changes,
                   const std::set<ContactKey>& stored, const std::string& channel) {
  // Merges first: they make identities of losers the winner's, before new ones are added.
  RETURN_IF_ERROR(WriteMerges(transaction, changes));
  ASSIGN_OR_RETURN(pg::RowArray contacts, WriteContacts(transaction, changes, stored));
  ASSIGN_OR_RETURN(pg::RowArray identities, WriteIdentities(transaction, changes));
  RETURN_IF_ERROR(WriteOrganizations(transaction, changes));
  RETURN_IF_ERROR(WriteActivities(transaction, changes));
  RETURN_IF_ERROR(WriteLabels(transaction, changes.labels));
  RETURN_IF_ERROR(WriteRequests(transaction, changes.requests));
  if (changes.heads.empty() && changes.contacts.empty() && changes.identities.empty()) {
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(Params params, LogParams(transaction, changes.events, changes.heads, channel));
  params.AddRows(std::move(contacts)).AddRows(std::move(identities));
  return transaction.Execute(WriteLogAndNew(), params).status();
}

}  // namespace

PgEntityStore::PgEntityStore(pg::Pool& pool)
    : pool_(pool), channel_(LogChannel(pool.database().schema)) {}

absl::StatusOr<Changes> PgEntityStore::Transact(const Lookup& lookup, absl::Time deadline,
                                                absl::FunctionRef<Changes(Known)> decide) {
  ASSIGN_OR_RETURN(const int32_t partition_count, LogPartitionCount(deadline));
  const auto transact = [&](BusyHeads::Patience patience) {
    return TransactOnce(partition_count, lookup, patience, deadline, decide);
  };
  absl::StatusOr<Changes> changes = transact(BusyHeads::Patience::kUnlessBusy);
  if (!HasWaitedInVain(changes.status())) return changes;
  RETURN_IF_ERROR(FindBusyHeads(partition_count, lookup, deadline));
  changes = transact(BusyHeads::Patience::kUnlessBusy);
  if (!HasWaitedInVain(changes.status())) return changes;
  return transact(BusyHeads::Patience::kNone);
}

absl::Status PgEntityStore::FindBusyHeads(int32_t partition_count, const Lookup& lookup,
                                          absl::Time deadline) {
  const absl::Duration end = SystemClock().Monotonic() + kPatience;
  for (const auto& [partition, communities] : ByPartition(lookup.communities, partition_count)) {
    if (busy_.Contains(partition)) continue;
    const absl::Duration wait = std::max(kGlance, end - SystemClock().Monotonic());
    const Params params =
        Params().Add(partition).Add(absl::StrCat(absl::ToInt64Milliseconds(wait)));
    const absl::Status status = pool_.Run(deadline, [&](Transaction& transaction) {
      return transaction.Execute(kAwaitHead, params).status();
    });
    if (HasWaitedInVain(status)) {
      busy_.Add(partition);
    } else {
      RETURN_IF_ERROR(status);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Changes> PgEntityStore::TransactOnce(int32_t partition_count, const Lookup& lookup,
                                                    BusyHeads::Patience patience,
                                                    absl::Time deadline,
                                                    absl::FunctionRef<Changes(Known)> decide) {
  return pool_.Run(deadline, [&](Transaction& transaction) -> absl::StatusOr<Changes> {
    Known known;
    known.partition_count = partition_count;
    RETURN_IF_ERROR(LockHeads(transaction, lookup, patience, busy_, known));
    RETURN_IF_ERROR(LoadKnown(transaction, lookup, known));
    std::set<ContactKey> stored;
    for (const auto& [key, contact] : known.contacts) stored.insert(stored.end(), key);
    Changes changes = decide(std::move(known));
    RETURN_IF_ERROR(Write(transaction, changes, stored, channel_));
    return changes;
  });
}

absl::StatusOr<int32_t> PgEntityStore::LogPartitionCount(absl::Time deadline) {
  int32_t count = log_partition_count_.load();
  if (count > 0) return count;
  const absl::StatusOr<Rows> rows = pool_.Read(deadline, kCountLogPartitions);
  // Before it has worked once, any failure means that the database is not ready for this service.
  if (!rows.ok()) return DatabaseUnavailableError();
  count = (*rows)[0].Int32(0);
  if (count == 0) return DatabaseUnavailableError();
  log_partition_count_.store(count);
  return count;
}

}  // namespace crier::ingest::storage
