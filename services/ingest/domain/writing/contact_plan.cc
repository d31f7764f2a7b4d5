#include "services/ingest/domain/writing/contact_plan.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "common/status/macros.h"
#include "services/ingest/domain/entities/masked_update.h"
#include "services/ingest/domain/entities/merge.h"
#include "services/ingest/domain/errors.h"

namespace crier::ingest {
namespace {

using entity::v1::Contact;
using entity::v1::Sighting;
using Outcome = Ingested::Outcome;

// Makes the oldest contact the one that stays, with what the others know.
void StartFrom(const std::set<int64_t>& ids, const Known& known, ContactPlan& plan) {
  plan.id = *ids.begin();
  plan.contact = known.CopyOf(*known.contacts.at({plan.community, plan.id}));
  plan.losers.assign(std::next(ids.begin()), ids.end());
  for (const int64_t loser : plan.losers) {
    MergeContacts(*known.contacts.at({plan.community, loser}), *plan.contact);
  }
}

absl::Status ResolveLabels(Contact& contact, const LabelBook& book, ContactPlan& plan) {
  RETURN_IF_ERROR(book.Resolve(plan.community, *contact.mutable_segments(), plan.labels));
  return book.Resolve(plan.community, *contact.mutable_tags(), plan.labels);
}

// A new contact is what its record says: see AddToNothing().
absl::Status StartNew(const Contact& record, const Known& known, const LabelBook& book,
                      ContactPlan& plan) {
  plan.contact = known.CopyOf(record);
  return ResolveLabels(*plan.contact, book, plan);
}

// What the mask takes away of `before`, and the record does not give back.
std::vector<Identity> LostBy(const ContactPlan& plan, const Contact& before) {
  const std::vector<Identity> had = IdentitiesOf(plan.community, before);
  const std::vector<Identity> has = IdentitiesOf(plan.community, *plan.contact);
  std::vector<Identity> gone, lost;
  std::set_difference(had.begin(), had.end(), has.begin(), has.end(), std::back_inserter(gone));
  std::set_difference(gone.begin(), gone.end(), plan.identities.begin(), plan.identities.end(),
                      std::back_inserter(lost));
  return lost;
}

// Finds the identities that only the store will know of: a handle that another one has replaced,
// whatever a mask has taken away but the record was found by, and whatever losers bring along.
void FindApart(const std::set<int64_t>& ids, const Known& known, const Mask& mask,
               ContactPlan& plan) {
  // Lists only ever grow without a mask, and may be long.
  const auto said_by = mask.empty() ? HandlesOf : IdentitiesOf;
  const auto contact = [&](int64_t id) -> const Contact& {
    return *known.contacts.at({plan.community, id});
  };
  std::set<Identity> apart;
  for (const Identity& identity : plan.identities) {
    if (!mask.empty() || IsHandle(identity.kind)) apart.insert(identity);
  }
  for (Identity& identity : said_by(plan.community, contact(*ids.begin()))) {
    apart.insert(std::move(identity));
  }
  for (const Identity& identity : said_by(plan.community, *plan.contact)) apart.erase(identity);
  // These lead elsewhere, wherever else they are said.
  for (const int64_t loser : plan.losers) {
    for (Identity& identity : IdentitiesOf(plan.community, contact(loser))) {
      apart.insert(std::move(identity));
    }
  }
  for (const Identity& identity : plan.lost) apart.erase(identity);
  plan.apart.assign(apart.begin(), apart.end());
}

// Adds it to a contact that is known.
bool AddRecord(const Contact& contact, const Mask& mask, ContactPlan& plan) {
  if (mask.empty()) return AddToContact(contact, *plan.contact);
  const Contact before = *plan.contact;
  const bool changed = ReplaceInContact(contact, mask, *plan.contact);
  plan.lost = LostBy(plan, before);
  return changed;
}

absl::StatusOr<bool> AddRecord(const ContactRecord& record, const LabelBook& book,
                               ContactPlan& plan) {
  if (record.contact->segments().empty() && record.contact->tags().empty()) {
    return AddRecord(*record.contact, record.mask, plan);
  }
  Contact resolved = *record.contact;
  RETURN_IF_ERROR(ResolveLabels(resolved, book, plan));
  return AddRecord(resolved, record.mask, plan);
}

absl::Status MarkChanged(ContactPlan& plan) {
  plan.outcome = plan.id == 0 ? Outcome::kCreated : Outcome::kUpdated;
  return CheckSize(*plan.contact);
}

}  // namespace

bool ContactPlan::Includes(int64_t contact_id) const {
  return contact_id == id || std::binary_search(losers.begin(), losers.end(), contact_id);
}

absl::StatusOr<ContactPlan> PlanRecord(int64_t community, const ContactRecord& record,
                                       const Known& known, const LabelBook& labels,
                                       const google::protobuf::Timestamp& now) {
  ContactPlan plan;
  plan.community = community;
  plan.identities = record.identities;
  std::set<int64_t> ids;
  bool any_new = false;
  for (const Identity& identity : plan.identities) {
    const auto found = known.identities.find(identity);
    if (found == known.identities.end()) {
      any_new = true;
    } else if (known.contacts.count({community, found->second}) > 0) {
      ids.insert(found->second);
    } else {
      return ContactMissingError();
    }
  }

  bool changed = true;
  if (ids.empty()) {
    RETURN_IF_ERROR(StartNew(*record.contact, known, labels, plan));
  } else {
    StartFrom(ids, known, plan);
    ASSIGN_OR_RETURN(const bool added, AddRecord(record, labels, plan));
    changed = added || !plan.losers.empty();
  }
  for (Sighting sighting : record.sightings) {
    if (!sighting.has_seen_time()) *sighting.mutable_seen_time() = now;
    changed |= AddSighting(sighting, *plan.contact);
  }
  if (!ids.empty() && (changed || any_new)) FindApart(ids, known, record.mask, plan);
  if (changed) RETURN_IF_ERROR(MarkChanged(plan));
  return plan;
}

absl::StatusOr<ContactPlan> PlanMerge(int64_t community, const std::set<int64_t>& ids,
                                      const Known& known) {
  ContactPlan plan;
  plan.community = community;
  StartFrom(ids, known, plan);
  FindApart(ids, known, /*mask=*/{}, plan);
  if (!plan.losers.empty()) RETURN_IF_ERROR(MarkChanged(plan));
  return plan;
}

absl::Status CountActivity(ContactPlan& plan) {
  plan.contact->set_activity_count(plan.contact->activity_count() + 1);
  return MarkChanged(plan);
}

}  // namespace crier::ingest
