#include "services/ingest/storage/entity_store.h"

#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "common/pg/row_array.h"
#include "common/pg/transaction.h"
#include "common/status/macros.h"
#include "services/ingest/domain/errors.h"
#include "services/ingest/domain/log_partition.h"
#include "services/ingest/storage/entity_columns.h"
#include "services/ingest/storage/entity_store_sql.h"
#include "services/ingest/storage/identity_store.h"
#include "services/ingest/storage/label_store.h"
#include "services/ingest/storage/log_channel.h"
#include "services/ingest/storage/log_writer.h"
#include "services/ingest/storage/request_store.h"

namespace crier::ingest::storage {
namespace {

using pg::Params;
using pg::Rows;
using pg::Transaction;

// An INTERNAL error ends the batch; the entity's bytes were not written by this service.
template <typename Entity>
absl::Status Parse(const std::string& bytes, Entity& entity) {
  if (entity.ParseFromString(bytes)) return absl::OkStatus();
  return absl::InternalError("a stored entity cannot be parsed");
}

absl::Status LockHeads(Transaction& transaction, const Lookup& lookup, Known& known) {
  std::set<int32_t> partitions;
  for (int64_t community : lookup.communities) {
    partitions.insert(LogPartitionOf(community, known.partition_count));
  }
  ASSIGN_OR_RETURN(const Rows rows,
                   transaction.Execute(kLockHeads, Params().AddArray(std::vector<int32_t>(
                                                       partitions.begin(), partitions.end()))));
  if (rows.size() != static_cast<int>(partitions.size())) {
    return absl::InternalError("a log partition has no head");
  }
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

Params ToParams(const std::set<ContactKey>& keys) {
  std::vector<int64_t> communities, ids;
  for (const ContactKey& key : keys) {
    communities.push_back(key.community);
    ids.push_back(key.id);
  }
  return Params().AddArray(communities).AddArray(ids);
}

absl::Status LoadIdentities(Transaction& transaction,
                            const std::vector<absl::Span<const Identity>>& identities,
                            Known& known) {
  if (identities.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Params params, IdentityParams(transaction, identities));
  ASSIGN_OR_RETURN(const Rows found, transaction.Execute(kLoadIdentities, params));
  for (const Rows::Row row : found) {
    known.identities[{row.Int64(0), static_cast<IdentityKind>(row.Int32(1)), row.Text(2)}] =
        row.Int64(3);
  }
  return absl::OkStatus();
}

absl::Status LoadRedirects(Transaction& transaction, const std::set<ContactKey>& keys,
                           Known& known) {
  if (keys.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kLoadRedirects, ToParams(keys)));
  for (const Rows::Row row : rows) known.redirects[{row.Int64(0), row.Int64(1)}] = row.Int64(2);
  return absl::OkStatus();
}

// Those that are asked for, and those that what is known leads to.
absl::Status LoadContacts(Transaction& transaction, const std::set<ContactKey>& wanted,
                          Known& known) {
  std::set<ContactKey> keys;
  for (const auto& [identity, id] : known.identities) keys.insert({identity.community, id});
  const size_t identified = keys.size();
  for (const auto& [key, stored] : known.activities) {
    keys.insert({key.community, stored.contact_id});
  }
  for (const auto& [key, winner] : known.redirects) keys.insert({key.community, winner});
  keys.insert(wanted.begin(), wanted.end());
  if (keys.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Rows contacts, transaction.Execute(kLoadContacts, ToParams(keys)));
  for (const Rows::Row row : contacts) {
    std::shared_ptr<entity::v1::Contact> contact = known.NewContact();
    RETURN_IF_ERROR(Parse(row.Bytes(2), *contact));
    known.contacts[{row.Int64(0), row.Int64(1)}] = std::move(contact);
  }
  if (known.contacts.size() < identified) {
    return absl::InternalError("an identity leads to a contact that does not exist");
  }
  return absl::OkStatus();
}

absl::Status LoadOrganizations(Transaction& transaction, const std::set<OrganizationKey>& keys,
                               Known& known) {
  if (keys.empty()) return absl::OkStatus();
  std::vector<int64_t> communities;
  std::vector<std::string> domains;
  for (const OrganizationKey& key : keys) {
    communities.push_back(key.community);
    domains.push_back(key.domain);
  }
  ASSIGN_OR_RETURN(
      const Rows rows,
      transaction.Execute(kLoadOrganizations, Params().AddArray(communities).AddArray(domains)));
  for (const Rows::Row row : rows) {
    StoredOrganization& stored = known.organizations[{row.Int64(0), row.Text(1)}];
    stored.id = row.Int64(2);
    RETURN_IF_ERROR(Parse(row.Bytes(3), stored.organization));
  }
  return absl::OkStatus();
}

absl::Status LoadActivities(Transaction& transaction, const std::set<ActivityKey>& keys,
                            Known& known) {
  if (keys.empty()) return absl::OkStatus();
  std::vector<int64_t> communities;
  std::vector<std::string> services, types, external_ids;
  for (const ActivityKey& key : keys) {
    communities.push_back(key.community);
    services.push_back(key.service_name);
    types.push_back(key.activity_type);
    external_ids.push_back(key.external_id);
  }
  ASSIGN_OR_RETURN(const Rows rows,
                   transaction.Execute(kLoadActivities, Params()
                                                            .AddArray(communities)
                                                            .AddArray(services)
                                                            .AddArray(types)
                                                            .AddArray(external_ids)));
  for (const Rows::Row row : rows) {
    StoredActivity& stored =
        known.activities[{row.Int64(0), row.Text(1), row.Text(2), row.Text(3)}];
    stored.id = row.Int64(4);
    stored.contact_id = row.Int64(5);
    RETURN_IF_ERROR(Parse(row.Bytes(6), stored.activity));
    if (std::string content = row.Text(7); !content.empty()) {
      stored.activity.set_content(std::move(content));
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

absl::Status WriteActivities(Transaction& transaction, const Changes& changes) {
  if (changes.activities.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const pg::RowType type, transaction.FindRowType(kActivityRow));
  pg::RowArray rows(type);
  for (const auto& [key, stored] : changes.activities) {
    rows.BeginRow(4 + ActivityColumns().size());
    rows.Add(key.community);
    rows.Add(stored.id);
    rows.Add(stored.contact_id);
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
  Changes changes;
  RETURN_IF_ERROR(pool_.Run(deadline, [&](Transaction& transaction) -> absl::Status {
    Known known;
    known.partition_count = partition_count;
    RETURN_IF_ERROR(LockHeads(transaction, lookup, known));
    RETURN_IF_ERROR(LoadRequests(transaction, lookup.requests, known));
    RETURN_IF_ERROR(LoadIdentities(transaction, lookup.identities, known));
    RETURN_IF_ERROR(LoadRedirects(transaction, lookup.contacts, known));
    RETURN_IF_ERROR(LoadActivities(transaction, lookup.activities, known));
    RETURN_IF_ERROR(LoadContacts(transaction, lookup.contacts, known));
    RETURN_IF_ERROR(LoadOrganizations(transaction, lookup.organizations, known));
    RETURN_IF_ERROR(LoadLabels(transaction, lookup, known.labels));
    std::set<ContactKey> stored;
    for (const auto& [key, contact] : known.contacts) stored.insert(stored.end(), key);
    changes = decide(std::move(known));
    return Write(transaction, changes, stored, channel_);
  }));
  return changes;
}

absl::StatusOr<int32_t> PgEntityStore::LogPartitionCount(absl::Time deadline) {
  int32_t count = log_partition_count_.load();
  if (count > 0) return count;
  const absl::Status status = pool_.Read(deadline, [&](Transaction& transaction) -> absl::Status {
    ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kCountLogPartitions));
    count = rows[0].Int32(0);
    return absl::OkStatus();
  });
  // Before it has worked once, any failure means that the database is not ready for this service.
  if (!status.ok() || count == 0) return DatabaseUnavailableError();
  log_partition_count_.store(count);
  return count;
}

}  // namespace crier::ingest::storage
