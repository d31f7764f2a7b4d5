// What the ingest service needs of its storage in order to write.
#ifndef CRIER_SERVICES_INGEST_DOMAIN_WRITING_ENTITY_STORE_H_
#define CRIER_SERVICES_INGEST_DOMAIN_WRITING_ENTITY_STORE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "crier/entity/v1/event.pb.h"
#include "google/protobuf/arena.h"
#include "services/ingest/domain/entities/identity.h"
#include "services/ingest/domain/log/logged_event.h"
#include "services/ingest/domain/records/record.h"
#include "services/ingest/domain/writing/label_book.h"

namespace crier::ingest {

struct ContactKey {
  int64_t community = 0;
  int64_t id = 0;

  friend bool operator<(const ContactKey& a, const ContactKey& b) {
    return std::tie(a.community, a.id) < std::tie(b.community, b.id);
  }
  friend bool operator==(const ContactKey& a, const ContactKey& b) {
    return a.community == b.community && a.id == b.id;
  }
};

struct OrganizationKey {
  int64_t community = 0;
  std::string domain;

  friend bool operator<(const OrganizationKey& a, const OrganizationKey& b) {
    return std::tie(a.community, a.domain) < std::tie(b.community, b.domain);
  }
};

struct ActivityKey {
  int64_t community = 0;
  std::string service_name;
  std::string activity_type;
  std::string external_id;

  friend bool operator<(const ActivityKey& a, const ActivityKey& b) {
    return std::tie(a.community, a.service_name, a.activity_type, a.external_id) <
           std::tie(b.community, b.service_name, b.activity_type, b.external_id);
  }
};

struct RequestKey {
  int64_t community = 0;
  std::string id;  // as in RequestId

  friend bool operator<(const RequestKey& a, const RequestKey& b) {
    return std::tie(a.community, a.id) < std::tie(b.community, b.id);
  }
};

// What came of a request that may be repeated.
struct StoredRequest {
  std::string fingerprint;
  Ingested result;  // without a winner
  absl::Time accept_time;
};

struct StoredOrganization {
  int64_t id = 0;
  entity::v1::Organization organization;
};

// An activity is kept without its contact, which has a life of its own.
struct StoredActivity {
  int64_t id = 0;
  int64_t contact_id = 0;
  // Of Changes: the subjects of its events among them. Nothing of Known; a store remembers whose it
  // was before.
  std::set<int64_t> subjects;
  entity::v1::Activity activity;
};

// Where a log partition ends. Ids are counted here too, by the same lock: so within a community
// they follow the order of commits, and the older of two contacts is the one with the smaller id,
// whatever the clocks say.
struct Head {
  int64_t position = 0;
  int64_t last_id = 0;
  // Of the last event. Accept times never fall along positions, so that days of events can be
  // dropped from the front of the log without a hole.
  absl::Time accept_time = absl::InfinitePast();
};

// What records need to be compared with.
struct Lookup {
  std::set<int64_t> communities;
  // Those of the records, which must outlive this; some perhaps repeatedly.
  std::vector<absl::Span<const Identity>> identities;
  std::set<ContactKey> contacts;
  std::set<OrganizationKey> organizations;
  std::set<ActivityKey> activities;
  std::set<LabelId> labels;
  std::set<LabelName> label_names;
  std::set<RequestKey> requests;
};

// What is known of a Lookup, while the heads are locked.
struct Known {
  // On one arena, which lives as long as a contact does: those of a batch come and go together.
  std::shared_ptr<entity::v1::Contact> NewContact() const {
    return {arena, google::protobuf::Arena::CreateMessage<entity::v1::Contact>(arena.get())};
  }
  std::shared_ptr<entity::v1::Contact> CopyOf(const entity::v1::Contact& contact) const {
    std::shared_ptr<entity::v1::Contact> copy = NewContact();
    *copy = contact;
    return copy;
  }

  std::shared_ptr<google::protobuf::Arena> arena = std::make_shared<google::protobuf::Arena>();
  int32_t partition_count = 0;
  std::map<int32_t, Head> heads;  // by log partition, of the communities of the lookup
  // Communities whose records are refused: because the head was not to be had, and nothing is known
  // of them; because they are being deleted.
  std::set<int64_t> busy, deleting;
  absl::flat_hash_map<Identity, int64_t> identities;  // to the id of the contact
  std::map<ContactKey, int64_t> redirects;  // of the contacts asked for that are part of another
  // All that exist of those asked for and of those that `identities`, `redirects` and `activities`
  // lead to.
  std::map<ContactKey, std::shared_ptr<const entity::v1::Contact>> contacts;
  std::map<OrganizationKey, StoredOrganization> organizations;
  std::map<ActivityKey, StoredActivity> activities;  // with ids of contacts that still exist
  KnownLabels labels;
  std::map<RequestKey, StoredRequest> requests;
};

// A contact, ready to be stored.
struct ChangedContact {
  std::shared_ptr<const entity::v1::Contact> contact;
  std::string bytes;  // of the contact
};

// What is to be written, and what the callers are told afterwards.
struct Changes {
  std::map<int32_t, Head> heads;  // those that moved
  std::map<ContactKey, ChangedContact> contacts;
  std::vector<Identity> removed_identities;  // before new ones are added
  // New ones, in order, with the contacts that they lead to.
  std::vector<std::pair<Identity, int64_t>> identities;
  // Identities, new ones among them, to the contact that they lead to from now on and that does not
  // say them itself (IdentitiesOf): whoever wants all of a contact finds those by it, and these by
  // looking them up. It may say them after all.
  std::map<Identity, int64_t> apart;
  std::map<ContactKey, int64_t> merges;  // from a contact that is no more to the one it is part of
  std::map<OrganizationKey, StoredOrganization> organizations;
  std::map<ActivityKey, StoredActivity> activities;
  std::map<LabelId, std::string> labels;
  std::map<RequestKey, StoredRequest> requests;
  std::vector<LoggedEvent> events;  // in the order of their positions in each partition
  std::vector<absl::StatusOr<Ingested>> results;  // of the records, in their order
};

// Thread-safe.
class EntityStore {
 public:
  virtual ~EntityStore() = default;

  // In one transaction: locks the heads of the communities' log partitions, loads what is known of
  // `lookup`, asks `decide` what to change, and writes that. Returns the changes once they are
  // durable. The locks serialise all writers of a community, so what `decide` sees stays true until
  // the commit. `decide` may be called more than once and must have no effects of its own.
  //
  // A head that somebody else holds on to holds up nobody but its own communities: the store waits
  // for it only so long, and then does what it can without (Known::busy).
  //
  // UNAVAILABLE when the database is away or the outcome of the commit is unknown; any other error
  // means that nothing was stored.
  virtual absl::StatusOr<Changes> Transact(const Lookup& lookup, absl::Time deadline,
                                           absl::FunctionRef<Changes(Known)> decide) = 0;
};

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_DOMAIN_WRITING_ENTITY_STORE_H_
