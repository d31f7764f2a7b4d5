#include "services/ingest/domain/reconcile.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include "common/api/resource_name.h"
#include "common/api/time.h"
#include "common/status/macros.h"
#include "services/ingest/domain/errors.h"
#include "services/ingest/domain/log_partition.h"
#include "services/ingest/domain/merge.h"

namespace crier::ingest {
namespace {

using entity::v1::Activity;
using entity::v1::Contact;
using entity::v1::Event;
using entity::v1::Organization;
using entity::v1::Sighting;
using Outcome = Ingested::Outcome;

OrganizationKey KeyOf(int64_t community, const OrganizationRecord& record) {
  return {community, record.organization.domain()};
}

ActivityKey KeyOf(int64_t community, const ActivityRecord& record) {
  return {community, record.activity.service_name(), record.activity.activity_type(),
          record.activity.external_id()};
}

// Works through one batch. A record is first planned, which may fail, and then carried out, which
// may not; so a record that fails leaves no trace.
class Reconciler {
 public:
  Reconciler(Known known, absl::Time now) : known_(std::move(known)), now_(now) {}

  absl::StatusOr<Ingested> Apply(int64_t community, const ContactRecord& record);
  absl::StatusOr<Ingested> Apply(int64_t community, const OrganizationRecord& record);
  absl::StatusOr<Ingested> Apply(int64_t community, const ActivityRecord& record);

  // Of the events that the following records make.
  void SetTraceparent(const std::string& traceparent) { traceparent_ = traceparent; }

  size_t event_bytes() const { return event_bytes_; }

  // Everything that changed; ends the reconciler's life.
  Changes Take(std::vector<absl::StatusOr<Ingested>> results);

 private:
  struct ContactPlan {
    int64_t community = 0;
    int64_t id = 0;  // 0 until a new contact is carried out
    Contact contact;
    std::vector<int64_t> losers;  // contacts that turn out to be this one
    std::vector<Identity> identities;
    Outcome outcome = Outcome::kUnchanged;
  };

  absl::StatusOr<ContactPlan> PlanContact(int64_t community, const ContactRecord& record) const;
  void CarryOut(ContactPlan& plan);
  void Absorb(int64_t community, int64_t loser, int64_t winner);

  const Head& HeadOf(int64_t community) const {
    return known_.heads.at(LogPartitionOf(community, known_.partition_count));
  }
  Head& MoveHead(int64_t community);
  int64_t NextId(int64_t community) { return ++MoveHead(community).last_id; }
  google::protobuf::Timestamp AcceptTime(int64_t community) const {
    return api::ToProto(std::max(now_, HeadOf(community).accept_time));
  }
  // An event that still lacks its entity.
  Event NextEvent(int64_t community, Event::Kind kind);
  void Append(Event event);

  Known known_;  // as it is after the records so far
  const absl::Time now_;

  std::set<int32_t> moved_heads_;
  std::set<ContactKey> changed_contacts_;
  std::set<OrganizationKey> changed_organizations_;
  std::set<ActivityKey> changed_activities_;
  std::map<Identity, int64_t> new_identities_;
  std::map<ContactKey, int64_t> merges_;
  std::string traceparent_;
  std::vector<Event> events_;
  size_t event_bytes_ = 0;
};

absl::StatusOr<Ingested> Reconciler::Apply(int64_t community, const ContactRecord& record) {
  ASSIGN_OR_RETURN(ContactPlan plan, PlanContact(community, record));
  CarryOut(plan);
  return Ingested{api::ResourceName(api::kContacts, {community, plan.id}), plan.outcome};
}

absl::StatusOr<Ingested> Reconciler::Apply(int64_t community, const OrganizationRecord& record) {
  const OrganizationKey key = KeyOf(community, record);
  const bool created = known_.organizations.count(key) == 0;
  StoredOrganization& stored = known_.organizations[key];
  const bool changed = AddToOrganization(record.organization, stored.organization);
  if (!changed) return Ingested{stored.organization.name(), Outcome::kUnchanged};

  Organization& organization = stored.organization;
  if (created) {
    stored.id = NextId(community);
    organization.set_name(api::ResourceName(api::kOrganizations, {community, stored.id}));
    *organization.mutable_create_time() = AcceptTime(community);
  }
  *organization.mutable_update_time() = AcceptTime(community);
  changed_organizations_.insert(key);
  Event event =
      NextEvent(community, created ? Event::ORGANIZATION_FOUND : Event::ORGANIZATION_UPDATED);
  *event.mutable_organization() = organization;
  Append(std::move(event));
  return Ingested{organization.name(), created ? Outcome::kCreated : Outcome::kUpdated};
}

absl::StatusOr<Ingested> Reconciler::Apply(int64_t community, const ActivityRecord& record) {
  const ActivityKey key = KeyOf(community, record);
  const bool created = known_.activities.count(key) == 0;
  Activity activity = created ? Activity() : known_.activities[key].activity;
  bool changed = AddToActivity(record.activity, activity);
  RETURN_IF_ERROR(CheckSize(activity));
  ASSIGN_OR_RETURN(ContactPlan contact, PlanContact(community, record.contact));

  CarryOut(contact);
  StoredActivity& stored = known_.activities[key];
  changed |= stored.contact_id != contact.id;
  if (!changed) return Ingested{activity.name(), Outcome::kUnchanged};

  if (created) {
    stored.id = NextId(community);
    activity.set_name(api::ResourceName(api::kActivities, {community, stored.id}));
    *activity.mutable_create_time() = AcceptTime(community);
  }
  *activity.mutable_update_time() = AcceptTime(community);
  stored.contact_id = contact.id;
  stored.activity = activity;
  changed_activities_.insert(key);
  *activity.mutable_contact() = known_.contacts.at({community, contact.id});
  Event event = NextEvent(community, created ? Event::ACTIVITY_FOUND : Event::ACTIVITY_UPDATED);
  *event.mutable_activity() = std::move(activity);
  Append(std::move(event));
  return Ingested{stored.activity.name(), created ? Outcome::kCreated : Outcome::kUpdated};
}

absl::StatusOr<Reconciler::ContactPlan> Reconciler::PlanContact(int64_t community,
                                                                const ContactRecord& record) const {
  ContactPlan plan;
  plan.community = community;
  plan.identities = IdentitiesOf(community, record.contact);
  std::set<int64_t> ids;
  for (const Identity& identity : plan.identities) {
    const auto found = known_.identities.find(identity);
    if (found != known_.identities.end()) ids.insert(found->second);
  }
  if (!ids.empty()) {
    plan.id = *ids.begin();  // the oldest
    plan.contact = known_.contacts.at({community, plan.id});
    plan.losers.assign(std::next(ids.begin()), ids.end());
  }

  bool changed = !plan.losers.empty();
  for (int64_t loser : plan.losers) {
    MergeContacts(known_.contacts.at({community, loser}), plan.contact);
  }
  changed |= AddToContact(record.contact, plan.contact);
  for (Sighting sighting : record.sightings) {
    if (!sighting.has_seen_time()) *sighting.mutable_seen_time() = AcceptTime(community);
    changed |= AddSighting(sighting, plan.contact);
  }
  if (changed) {
    plan.outcome = plan.id == 0 ? Outcome::kCreated : Outcome::kUpdated;
    RETURN_IF_ERROR(CheckSize(plan.contact));
  }
  return plan;
}

void Reconciler::CarryOut(ContactPlan& plan) {
  if (plan.outcome == Outcome::kUnchanged) return;
  const bool created = plan.outcome == Outcome::kCreated;
  if (created) {
    plan.id = NextId(plan.community);
    plan.contact.set_name(api::ResourceName(api::kContacts, {plan.community, plan.id}));
    *plan.contact.mutable_create_time() = AcceptTime(plan.community);
  }
  *plan.contact.mutable_update_time() = AcceptTime(plan.community);
  for (int64_t loser : plan.losers) Absorb(plan.community, loser, plan.id);
  for (const Identity& identity : plan.identities) {
    if (known_.identities.insert({identity, plan.id}).second) new_identities_[identity] = plan.id;
  }
  const ContactKey key{plan.community, plan.id};
  changed_contacts_.insert(key);
  Contact& contact = known_.contacts[key] = std::move(plan.contact);
  Event event = NextEvent(plan.community, created ? Event::CONTACT_FOUND : Event::CONTACT_UPDATED);
  *event.mutable_contact() = contact;
  Append(std::move(event));
}

// Whatever led to the loser leads to the winner from now on.
void Reconciler::Absorb(int64_t community, int64_t loser, int64_t winner) {
  const auto redirect = [=](int64_t known_community, int64_t* contact_id) {
    if (known_community == community && *contact_id == loser) *contact_id = winner;
  };
  for (auto& [identity, id] : known_.identities) redirect(identity.community, &id);
  for (auto& [identity, id] : new_identities_) redirect(identity.community, &id);
  for (auto& [key, stored] : known_.activities) redirect(key.community, &stored.contact_id);
  for (auto& [key, id] : merges_) redirect(key.community, &id);
  known_.contacts.erase({community, loser});
  changed_contacts_.erase({community, loser});
  merges_[{community, loser}] = winner;
}

Head& Reconciler::MoveHead(int64_t community) {
  const int32_t partition = LogPartitionOf(community, known_.partition_count);
  moved_heads_.insert(partition);
  return known_.heads.at(partition);
}

Event Reconciler::NextEvent(int64_t community, Event::Kind kind) {
  Head& head = MoveHead(community);
  head.accept_time = std::max(now_, head.accept_time);
  Event event;
  event.set_community_id(community);
  event.set_log_partition(LogPartitionOf(community, known_.partition_count));
  event.set_position(++head.position);
  event.set_kind(kind);
  event.set_traceparent(traceparent_);
  *event.mutable_accept_time() = api::ToProto(head.accept_time);
  return event;
}

void Reconciler::Append(Event event) {
  event_bytes_ += event.ByteSizeLong();
  events_.push_back(std::move(event));
}

Changes Reconciler::Take(std::vector<absl::StatusOr<Ingested>> results) {
  Changes changes;
  for (int32_t partition : moved_heads_) changes.heads[partition] = known_.heads.at(partition);
  for (const ContactKey& key : changed_contacts_) {
    changes.contacts[key] = std::move(known_.contacts.at(key));
  }
  for (const OrganizationKey& key : changed_organizations_) {
    changes.organizations[key] = std::move(known_.organizations.at(key));
  }
  for (const ActivityKey& key : changed_activities_) {
    changes.activities[key] = std::move(known_.activities.at(key));
  }
  changes.identities = std::move(new_identities_);
  changes.merges = std::move(merges_);
  changes.events = std::move(events_);
  changes.results = std::move(results);
  return changes;
}

void LookUpContact(int64_t community, const ContactRecord& record, Lookup& lookup) {
  for (Identity& identity : IdentitiesOf(community, record.contact)) {
    lookup.identities.insert(std::move(identity));
  }
}

}  // namespace

Lookup LookupOf(absl::Span<const Record> records) {
  Lookup lookup;
  for (const Record& record : records) {
    lookup.communities.insert(record.community);
    if (const auto* contact = std::get_if<ContactRecord>(&record.content)) {
      LookUpContact(record.community, *contact, lookup);
    } else if (const auto* activity = std::get_if<ActivityRecord>(&record.content)) {
      LookUpContact(record.community, activity->contact, lookup);
      lookup.activities.insert(KeyOf(record.community, *activity));
    } else {
      lookup.organizations.insert(
          KeyOf(record.community, std::get<OrganizationRecord>(record.content)));
    }
  }
  return lookup;
}

Changes Reconcile(absl::Span<const Record> records, Known known, absl::Time now,
                  size_t max_event_bytes) {
  const std::set<int64_t> deleting = known.deleting;
  // Postgres keeps microseconds; what an event says and what its row says are the same.
  Reconciler reconciler(std::move(known), absl::FromUnixMicros(absl::ToUnixMicros(now)));
  std::vector<absl::StatusOr<Ingested>> results;
  results.reserve(records.size());
  for (const Record& record : records) {
    if (reconciler.event_bytes() >= max_event_bytes) break;
    if (deleting.count(record.community) > 0) {
      results.push_back(CommunityBeingDeletedError());
      continue;
    }
    reconciler.SetTraceparent(record.traceparent);
    results.push_back(
        std::visit([&](const auto& content) { return reconciler.Apply(record.community, content); },
                   record.content));
  }
  return reconciler.Take(std::move(results));
}

}  // namespace crier::ingest
