// An EntityStore for tests of the domain: everything in a Known, no database.
#ifndef CRIER_SERVICES_INGEST_DOMAIN_FAKE_ENTITY_STORE_H_
#define CRIER_SERVICES_INGEST_DOMAIN_FAKE_ENTITY_STORE_H_

#include <algorithm>
#include <functional>
#include <map>
#include <vector>

#include "services/ingest/domain/entity_store.h"
#include "services/ingest/domain/log_partition.h"

namespace crier::ingest {

// Not thread-safe. Hands all it knows to `decide`, which is more than a lookup asks for.
class FakeEntityStore : public EntityStore {
 public:
  explicit FakeEntityStore(int32_t partition_count = 4) {
    known.partition_count = partition_count;
    for (int32_t i = 0; i < partition_count; ++i) known.heads[i] = Head();
  }

  absl::StatusOr<Changes> Transact(const Lookup& lookup, absl::Time deadline,
                                   absl::FunctionRef<Changes(Known)> decide) override {
    Changes changes = decide(known);
    const absl::Status status = fail ? fail(changes) : absl::OkStatus();
    if (!status.ok()) return status;
    Apply(changes);
    return changes;
  }

  // Called before a commit; a failure makes the transaction fail.
  std::function<absl::Status(const Changes&)> fail;

  Known known;
  std::vector<entity::v1::Event> events;

 private:
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
      last = std::max(last, id.id);
    }
    for (const auto& [key, stored] : changes.requests) known.requests[key] = stored;
    for (const LoggedEvent& logged : changes.events) {
      events.emplace_back();
      events.back().ParseFromString(logged.bytes);
    }
  }
};

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_DOMAIN_FAKE_ENTITY_STORE_H_
