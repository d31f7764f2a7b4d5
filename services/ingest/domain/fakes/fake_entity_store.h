// An EntityStore for tests of the domain: everything in a Known, no database.
#ifndef CRIER_SERVICES_INGEST_DOMAIN_FAKES_FAKE_ENTITY_STORE_H_
#define CRIER_SERVICES_INGEST_DOMAIN_FAKES_FAKE_ENTITY_STORE_H_

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <vector>

#include "services/ingest/domain/entities/limits.h"
#include "services/ingest/domain/log/log_partition.h"
#include "services/ingest/domain/writing/entity_store.h"

namespace crier::ingest {

// Not thread-safe. Like the real one, it hands to `decide` what the lookup asks for and no more.
class FakeEntityStore : public EntityStore {
 public:
  explicit FakeEntityStore(int32_t partition_count = 4) {
    known.partition_count = partition_count;
    for (int32_t i = 0; i < partition_count; ++i) known.heads[i] = Head();
  }

  absl::StatusOr<Changes> Transact(const Lookup& lookup, absl::Time deadline,
                                   absl::FunctionRef<Changes(Known)> decide) override {
    Changes changes = decide(KnownOf(lookup));
    const absl::Status status = fail ? fail(changes) : absl::OkStatus();
    if (!status.ok()) return status;
    Apply(changes);
    return changes;
  }

  // Called before a commit; a failure makes the transaction fail.
  std::function<absl::Status(const Changes&)> fail;

  Known known;
  std::vector<entity::v1::Event> events;

  // What `decide` is told.
  Known KnownOf(const Lookup& lookup) const {
    Known found;
    found.partition_count = known.partition_count;
    for (const int64_t community : lookup.communities) {
      if (known.busy.count(community) > 0) {
        found.busy.insert(community);
        continue;
      }
      const int32_t partition = LogPartitionOf(community, known.partition_count);
      found.heads[partition] = known.heads.at(partition);
      if (known.deleting.count(community) > 0) found.deleting.insert(community);
    }
    for (const absl::Span<const Identity> identities : lookup.identities) {
      for (const Identity& identity : identities)
        CopyEntry(known.identities, identity, found.identities);
    }
    for (const ContactKey& key : lookup.contacts) CopyEntry(known.redirects, key, found.redirects);
    for (const OrganizationKey& key : lookup.organizations) {
      CopyEntry(known.organizations, key, found.organizations);
    }
    for (const ActivityKey& key : lookup.activities) {
      CopyEntry(known.activities, key, found.activities);
    }
    for (const RequestKey& key : lookup.requests) CopyEntry(known.requests, key, found.requests);
    AddLabels(lookup, found.labels);
    AddContacts(lookup, found);
    return found;
  }

 private:
  template <typename Map, typename Key>
  static void CopyEntry(const Map& from, const Key& key, Map& to) {
    const auto entry = from.find(key);
    if (entry != from.end()) to.insert(*entry);
  }

  void AddLabels(const Lookup& lookup, KnownLabels& found) const {
    for (const LabelId& id : lookup.labels) CopyEntry(known.labels.names, id, found.names);
    for (const auto& [id, name] : known.labels.names) {
      if (lookup.label_names.count({id.community, id.kind, CaseFold(name)}) > 0) {
        found.names[id] = name;
      }
    }
    for (const LabelName& name : lookup.label_names) {
      const auto last = known.labels.last_ids.find({name.community, name.kind});
      found.last_ids[{name.community, name.kind}] =
          last == known.labels.last_ids.end() ? 0 : last->second;
    }
  }

  // Those that are asked for, and those that what was found leads to.
  void AddContacts(const Lookup& lookup, Known& found) const {
    std::set<ContactKey> keys = lookup.contacts;
    for (const auto& [identity, id] : found.identities) keys.insert({identity.community, id});
    for (const auto& [key, stored] : found.activities) {
      keys.insert({key.community, stored.contact_id});
    }
    for (const auto& [key, winner] : found.redirects) keys.insert({key.community, winner});
    for (const ContactKey& key : keys) CopyEntry(known.contacts, key, found.contacts);
  }

  void Apply(const Changes& changes) {
    for (const auto& [loser, winner] : changes.merges) {
      known.contacts.erase(loser);
      for (auto& [identity, id] : known.identities) {
        if (identity.community == loser.community && id == loser.id) id = winner;
      }
      for (auto& [key, stored] : known.activities) {
        if (key.community == loser.community && stored.contact_id == loser.id) {
          stored.contact_id = winner;
        }
      }
      for (auto& [key, id] : known.redirects) {
        if (key.community == loser.community && id == loser.id) id = winner;
      }
      known.redirects[loser] = winner;
    }
    for (const auto& [partition, head] : changes.heads) known.heads[partition] = head;
    for (const auto& [key, changed] : changes.contacts) known.contacts[key] = changed.contact;
    for (const Identity& identity : changes.removed_identities) known.identities.erase(identity);
    for (const auto& [identity, id] : changes.identities) known.identities[identity] = id;
    for (const auto& [key, stored] : changes.organizations) known.organizations[key] = stored;
    for (const auto& [key, stored] : changes.activities) known.activities[key] = stored;
    for (const auto& [id, name] : changes.labels) {
      known.labels.names[id] = name;
      int64_t& last = known.labels.last_ids[{id.community, id.kind}];
      if (id.id <= kMaxAssignedLabelId) last = std::max(last, id.id);
    }
    for (const auto& [key, stored] : changes.requests) known.requests[key] = stored;
    for (const LoggedEvent& logged : changes.events) {
      events.emplace_back();
      events.back().ParseFromString(logged.bytes);
    }
  }
};

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_DOMAIN_FAKES_FAKE_ENTITY_STORE_H_
