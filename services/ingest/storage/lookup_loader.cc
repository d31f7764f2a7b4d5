#include "services/ingest/storage/lookup_loader.h"

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/status/macros.h"
#include "services/ingest/storage/entity_store_sql.h"
#include "services/ingest/storage/identity_store.h"
#include "services/ingest/storage/label_store.h"
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

Params ToParams(const std::set<ContactKey>& keys) {
  std::vector<int64_t> communities, ids;
  for (const ContactKey& key : keys) {
    communities.push_back(key.community);
    ids.push_back(key.id);
  }
  return Params().AddArray(communities).AddArray(ids);
}

absl::StatusOr<Params> ParamsOfFound(Transaction& transaction, const Lookup& lookup) {
  ASSIGN_OR_RETURN(Params params, IdentityParams(transaction, lookup.identities));
  std::vector<int64_t> communities;
  std::vector<std::string> domains;
  for (const OrganizationKey& key : lookup.organizations) {
    communities.push_back(key.community);
    domains.push_back(key.domain);
  }
  params.AddArray(communities).AddArray(domains);
  AddLabels(lookup, LabelKind::kSegment, params);
  AddLabels(lookup, LabelKind::kTag, params);
  return params;
}

// Of kLoadFound.
absl::Status AddFound(Rows::Row row, Known& known) {
  const int64_t community = row.Int64(1);
  const int64_t id = row.Int64(2);
  std::string text = row.Text(3);
  switch (static_cast<Found>(row.Int32(0))) {
    case Found::kIdentity:
      known.identities[{community, static_cast<IdentityKind>(row.Int32(4)), std::move(text)}] = id;
      return absl::OkStatus();
    case Found::kSegment:
      known.labels.names[{community, LabelKind::kSegment, id}] = std::move(text);
      return absl::OkStatus();
    case Found::kTag:
      known.labels.names[{community, LabelKind::kTag, id}] = std::move(text);
      return absl::OkStatus();
    case Found::kOrganization:
      break;
  }
  StoredOrganization& stored = known.organizations[{community, std::move(text)}];
  stored.id = id;
  return Parse(row.Bytes(5), stored.organization);
}

absl::Status LoadFound(Transaction& transaction, const Lookup& lookup, Known& known) {
  if (lookup.identities.empty() && lookup.organizations.empty() && lookup.labels.empty() &&
      lookup.label_names.empty()) {
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const Params params, ParamsOfFound(transaction, lookup));
  ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kLoadFound, params));
  for (const Rows::Row row : rows) RETURN_IF_ERROR(AddFound(row, known));
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

}  // namespace

absl::Status LoadKnown(Transaction& transaction, const Lookup& lookup, Known& known) {
  RETURN_IF_ERROR(LoadRequests(transaction, lookup.requests, known));
  RETURN_IF_ERROR(LoadFound(transaction, lookup, known));
  RETURN_IF_ERROR(LoadRedirects(transaction, lookup.contacts, known));
  RETURN_IF_ERROR(LoadActivities(transaction, lookup.activities, known));
  RETURN_IF_ERROR(LoadContacts(transaction, lookup.contacts, known));
  return LoadLastLabelIds(transaction, lookup, known.labels);
}

}  // namespace crier::ingest::storage
