// What a record would do to a contact.
#ifndef CRIER_SERVICES_INGEST_DOMAIN_WRITING_CONTACT_PLAN_H_
#define CRIER_SERVICES_INGEST_DOMAIN_WRITING_CONTACT_PLAN_H_

#include <cstdint>
#include <memory>
#include <set>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "crier/entity/v1/contact.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "services/ingest/domain/records/record.h"
#include "services/ingest/domain/writing/entity_store.h"
#include "services/ingest/domain/writing/label_book.h"

namespace crier::ingest {

// Planning may fail and changes nothing; carrying a plan out may not fail. So a record that fails
// leaves no trace.
struct ContactPlan {
  int64_t community = 0;
  int64_t id = 0;  // 0 until a new contact is carried out
  std::shared_ptr<entity::v1::Contact> contact;
  std::vector<int64_t> losers;            // contacts that turn out to be this one; ascending
  absl::Span<const Identity> identities;  // of the record; they lead here from now on
  std::vector<Identity> lost;             // that no longer do, because a mask took them away
  std::vector<Identity> apart;  // that do, though the contact does not say them (Changes::apart)
  std::vector<Label> labels;    // that are new or have a new name
  Ingested::Outcome outcome = Ingested::Outcome::kUnchanged;

  // Whether the contact of that id is this one, or becomes part of it.
  bool Includes(int64_t contact_id) const;
};

// A record of a contact, seen `now` where it does not say when. ENTITY_TOO_LARGE when
// the contact would exceed a limit; LABEL_ID_RESERVED as in LabelBook.
absl::StatusOr<ContactPlan> PlanRecord(int64_t community, const ContactRecord& record,
                                       const Known& known, const LabelBook& labels,
                                       const google::protobuf::Timestamp& now);

// Contacts that are one person, all of them known. ENTITY_TOO_LARGE as above.
absl::StatusOr<ContactPlan> PlanMerge(int64_t community, const std::set<int64_t>& ids,
                                      const Known& known);

// Counts one activity more for the contact of the plan. ENTITY_TOO_LARGE as above.
absl::Status CountActivity(ContactPlan& plan);

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_DOMAIN_WRITING_CONTACT_PLAN_H_
