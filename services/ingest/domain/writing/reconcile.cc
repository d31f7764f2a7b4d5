#include "services/ingest/domain/writing/reconcile.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include "common/api/resource_name.h"
#include "common/api/time.h"
#include "common/status/macros.h"
#include "services/ingest/domain/entities/masked_update.h"
#include "services/ingest/domain/entities/merge.h"
#include "services/ingest/domain/errors.h"
#include "services/ingest/domain/writing/contact_plan.h"
#include "services/ingest/domain/writing/log_appender.h"

namespace crier::ingest {
namespace {

using entity::v1::Activity;
using entity::v1::Contact;
using entity::v1::Event;
using entity::v1::Organization;
using entity::v1::OrganizationSummary;
using Outcome = Ingested::Outcome;

OrganizationKey KeyOf(int64_t community, const OrganizationRecord& record) {
  return {community, record.organization.domain()};
}

ActivityKey KeyOf(int64_t community, const ActivityRecord& record) {
  return {community, record.activity->service_name(), record.activity->activity_type(),
          record.activity->external_id()};
}

// Works through one batch: plans a record, which may fail, and carries the plan out, which may not.
class Reconciler {
 public:
  Reconciler(Known known, absl::Time now)
      : log_(known.partition_count, std::move(known.heads), now),
        labels_(std::move(known.labels)),
        known_(std::move(known)) {}

  absl::StatusOr<Ingested> Apply(const Record& record);

  size_t event_bytes() const { return log_.event_bytes(); }

  // Everything that changed; ends the reconciler's life.
  Changes Take(std::vector<absl::StatusOr<Ingested>> results);

 private:
  absl::StatusOr<Ingested> Apply(int64_t community, const ContactRecord& record);
  absl::StatusOr<Ingested> Apply(int64_t community, const OrganizationRecord& record);
  absl::StatusOr<Ingested> Apply(int64_t community, const ActivityRecord& record);
  absl::StatusOr<Ingested> Apply(int64_t community, const MergeRecord& record);

  absl::StatusOr<ContactPlan> Plan(int64_t community, const ContactRecord& record) const {
    return PlanRecord(community, record, known_, labels_, api::ToProto(log_.now()));
  }
  void CarryOut(ContactPlan& plan);
  void CarryOutIdentities(const ContactPlan& plan);
  void Absorb(int64_t community, int64_t loser, int64_t winner);
  // Saves a contact that changed. The event may name losers, and lacks the rest.
  void Save(const ContactKey& key, std::shared_ptr<Contact> contact, Event::Kind kind,
            Event event = Event());

  // The organization that a contact has by this record: found, or its gaps filled.
  void FindOrganization(const ContactKey& contact, const ContactRecord& record);
  Ingested Save(const OrganizationKey& key, Organization organization);
  void TakeActivityFrom(int64_t community, int64_t contact_id);
  std::vector<std::pair<Identity, int64_t>> TakeNewIdentities();

  LogAppender log_;
  LabelBook labels_;
  Known known_;  // as it is after the records so far; without heads and labels, which are above

  std::map<ContactKey, std::string> changed_contacts_;  // to their bytes
  std::set<OrganizationKey> changed_organizations_;
  std::set<ActivityKey> changed_activities_;
  std::set<Identity> removed_identities_;
  std::vector<Identity> new_identities_;  // where they lead to is known; some may be gone again
  std::map<Identity, int64_t> apart_;
  std::map<ContactKey, int64_t> merges_;
  std::map<RequestKey, StoredRequest> new_requests_;
};

absl::StatusOr<Ingested> Reconciler::Apply(const Record& record) {
  if (known_.busy.count(record.community) != 0) return CommunityBusyError();
  if (known_.deleting.count(record.community) != 0) return CommunityBeingDeletedError();
  log_.SetTraceparent(record.traceparent);
  const RequestKey key{record.community, record.request.id};
  if (!key.id.empty()) {
    const auto earlier = known_.requests.find(key);
    if (earlier != known_.requests.end()) {
      if (earlier->second.fingerprint != record.request.fingerprint) return RequestIdReusedError();
      return earlier->second.result;
    }
  }
  absl::StatusOr<Ingested> result = std::visit(
      [&](const auto& content) { return Apply(record.community, content); }, record.content);
  // What failed has changed nothing, and may succeed when it is repeated.
  if (!key.id.empty() && result.ok()) {
    new_requests_[key] = {record.request.fingerprint, *result, log_.AcceptTime(record.community)};
    known_.requests[key] = new_requests_[key];
  }
  return result;
}

absl::StatusOr<Ingested> Reconciler::Apply(int64_t community, const ContactRecord& record) {
  ASSIGN_OR_RETURN(ContactPlan plan, Plan(community, record));
  CarryOut(plan);
  FindOrganization({community, plan.id}, record);
  return Ingested{api::ResourceName(api::kContacts, {community, plan.id}), plan.outcome};
}

absl::StatusOr<Ingested> Reconciler::Apply(int64_t community, const OrganizationRecord& record) {
  const OrganizationKey key = KeyOf(community, record);
  const auto found = known_.organizations.find(key);
  const bool created = found == known_.organizations.end();
  Organization organization = created ? Organization() : found->second.organization;
  const bool changed = created || record.mask.empty()
                           ? AddToOrganization(record.organization, organization)
                           : ReplaceInOrganization(record.organization, record.mask, organization);
  if (!changed) return Ingested{organization.name(), Outcome::kUnchanged};
  return Save(key, std::move(organization));
}

absl::StatusOr<Ingested> Reconciler::Apply(int64_t community, const ActivityRecord& record) {
  const ActivityKey key = KeyOf(community, record);
  const auto found = known_.activities.find(key);
  const bool created = found == known_.activities.end();
  Activity activity = created ? Activity() : found->second.activity;
  bool changed = created || record.mask.empty()
                     ? AddToActivity(*record.activity, activity)
                     : ReplaceInActivity(*record.activity, record.mask, activity);
  RETURN_IF_ERROR(CheckSize(activity));
  ASSIGN_OR_RETURN(ContactPlan contact, Plan(community, record.contact));
  const int64_t former_contact = created ? 0 : found->second.contact_id;
  const bool moved = !created && !contact.Includes(former_contact);
  if (created || moved) RETURN_IF_ERROR(CountActivity(contact));

  CarryOut(contact);
  if (moved) TakeActivityFrom(community, former_contact);
  FindOrganization({community, contact.id}, record.contact);
  if (!changed && !moved) return Ingested{activity.name(), Outcome::kUnchanged};

  StoredActivity& stored = known_.activities[key];
  if (created) {
    stored.id = log_.NextId(community);
    activity.set_name(api::ResourceName(api::kActivities, {community, stored.id}));
    *activity.mutable_create_time() = log_.AcceptTimestamp(community);
  }
  *activity.mutable_update_time() = log_.AcceptTimestamp(community);
  stored.contact_id = contact.id;
  stored.subjects.insert(contact.id);
  stored.activity = activity;
  changed_activities_.insert(key);
  *activity.mutable_contact() = *known_.contacts.at({community, contact.id});
  Event event;
  *event.mutable_activity() = std::move(activity);
  log_.Append(community, created ? Event::ACTIVITY_FOUND : Event::ACTIVITY_UPDATED, contact.id,
              stored.id, std::move(event));
  return Ingested{stored.activity.name(), created ? Outcome::kCreated : Outcome::kUpdated};
}

absl::StatusOr<Ingested> Reconciler::Apply(int64_t community, const MergeRecord& record) {
  std::set<int64_t> ids;
  for (const int64_t named : record.contacts) {
    const auto redirect = known_.redirects.find({community, named});
    const int64_t id = redirect == known_.redirects.end() ? named : redirect->second;
    if (known_.contacts.count({community, id}) == 0) {
      return EntityNotFoundError(EntityKind::kContact,
                                 api::ResourceName(api::kContacts, {community, named}));
    }
    ids.insert(id);
  }
  ASSIGN_OR_RETURN(ContactPlan plan, PlanMerge(community, ids, known_));
  CarryOut(plan);
  return Ingested{api::ResourceName(api::kContacts, {community, plan.id}), plan.outcome,
                  known_.contacts.at({community, plan.id})};
}

void Reconciler::CarryOut(ContactPlan& plan) {
  labels_.Keep(plan.labels);
  const bool created = plan.outcome == Outcome::kCreated;
  if (created) {
    plan.id = log_.NextId(plan.community);
    plan.contact->set_name(api::ResourceName(api::kContacts, {plan.community, plan.id}));
    *plan.contact->mutable_create_time() = log_.AcceptTimestamp(plan.community);
  }
  Event event;
  for (const int64_t loser : plan.losers) {
    event.add_merged_contacts(api::ResourceName(api::kContacts, {plan.community, loser}));
    Absorb(plan.community, loser, plan.id);
  }
  CarryOutIdentities(plan);
  if (plan.outcome == Outcome::kUnchanged) return;
  const Event::Kind kind = created               ? Event::CONTACT_FOUND
                           : plan.losers.empty() ? Event::CONTACT_UPDATED
                                                 : Event::CONTACT_MERGED;
  Save({plan.community, plan.id}, std::move(plan.contact), kind, std::move(event));
}

void Reconciler::CarryOutIdentities(const ContactPlan& plan) {
  for (const Identity& identity : plan.lost) {
    known_.identities.erase(identity);
    apart_.erase(identity);
    removed_identities_.insert(identity);
  }
  for (const Identity& identity : plan.identities) {
    if (known_.identities.try_emplace(identity, plan.id).second) {
      new_identities_.push_back(identity);
    }
  }
  for (const Identity& identity : plan.apart) apart_[identity] = plan.id;
}

// Whatever led to the loser leads to the winner from now on.
void Reconciler::Absorb(int64_t community, int64_t loser, int64_t winner) {
  const auto redirect = [=](int64_t known_community, int64_t* contact_id) {
    if (known_community == community && *contact_id == loser) *contact_id = winner;
  };
  for (auto& [identity, id] : known_.identities) redirect(identity.community, &id);
  for (auto& [identity, id] : apart_) redirect(identity.community, &id);
  for (auto& [key, stored] : known_.activities) redirect(key.community, &stored.contact_id);
  for (auto& [key, id] : known_.redirects) redirect(key.community, &id);
  for (auto& [key, id] : merges_) redirect(key.community, &id);
  known_.contacts.erase({community, loser});
  changed_contacts_.erase({community, loser});
  known_.redirects[{community, loser}] = winner;
  merges_[{community, loser}] = winner;
}

void Reconciler::Save(const ContactKey& key, std::shared_ptr<Contact> contact, Event::Kind kind,
                      Event event) {
  *contact->mutable_update_time() = log_.AcceptTimestamp(key.community);
  std::string& bytes = changed_contacts_[key];
  contact->SerializeToString(&bytes);
  log_.Append(key.community, kind, key.id, std::move(event), bytes);
  known_.contacts[key] = std::move(contact);
}

void Reconciler::FindOrganization(const ContactKey& contact, const ContactRecord& record) {
  if (!record.names_organization) return;
  const OrganizationSummary& summary = record.contact->organization();
  // A mask may have left it out.
  if (known_.contacts.at(contact)->organization().domain() != summary.domain()) return;
  const OrganizationKey key{contact.community, summary.domain()};
  const auto found = known_.organizations.find(key);
  if (found != known_.organizations.end() && !HasGaps(found->second.organization)) return;
  Organization organization =
      found == known_.organizations.end() ? Organization() : found->second.organization;
  if (FillOrganization(summary, organization)) Save(key, std::move(organization));
}

Ingested Reconciler::Save(const OrganizationKey& key, Organization organization) {
  StoredOrganization& stored = known_.organizations[key];
  const bool created = stored.id == 0;
  if (created) {
    stored.id = log_.NextId(key.community);
    organization.set_name(api::ResourceName(api::kOrganizations, {key.community, stored.id}));
    *organization.mutable_create_time() = log_.AcceptTimestamp(key.community);
  }
  *organization.mutable_update_time() = log_.AcceptTimestamp(key.community);
  stored.organization = std::move(organization);
  changed_organizations_.insert(key);
  Event event;
  *event.mutable_organization() = stored.organization;
  log_.Append(key.community, created ? Event::ORGANIZATION_FOUND : Event::ORGANIZATION_UPDATED, 0,
              std::nullopt, std::move(event));
  return {stored.organization.name(), created ? Outcome::kCreated : Outcome::kUpdated};
}

// The activity turned out to be somebody else's.
void Reconciler::TakeActivityFrom(int64_t community, int64_t contact_id) {
  const auto found = known_.contacts.find({community, contact_id});
  if (found == known_.contacts.end()) return;
  auto contact = known_.CopyOf(*found->second);
  contact->set_activity_count(contact->activity_count() - 1);
  Save({community, contact_id}, std::move(contact), Event::CONTACT_UPDATED);
}

// In order, which is also how an index takes them best.
std::vector<std::pair<Identity, int64_t>> Reconciler::TakeNewIdentities() {
  std::sort(new_identities_.begin(), new_identities_.end());
  new_identities_.erase(std::unique(new_identities_.begin(), new_identities_.end()),
                        new_identities_.end());
  std::vector<std::pair<Identity, int64_t>> taken;
  taken.reserve(new_identities_.size());
  for (Identity& identity : new_identities_) {
    const auto known = known_.identities.find(identity);
    if (known != known_.identities.end()) taken.emplace_back(std::move(identity), known->second);
  }
  return taken;
}

Changes Reconciler::Take(std::vector<absl::StatusOr<Ingested>> results) {
  Changes changes;
  log_.TakeInto(changes);
  for (auto& [key, bytes] : changed_contacts_) {
    changes.contacts[key] = {known_.contacts.at(key), std::move(bytes)};
  }
  for (const OrganizationKey& key : changed_organizations_) {
    changes.organizations[key] = std::move(known_.organizations.at(key));
  }
  for (const ActivityKey& key : changed_activities_) {
    changes.activities[key] = std::move(known_.activities.at(key));
  }
  changes.removed_identities.assign(removed_identities_.begin(), removed_identities_.end());
  changes.identities = TakeNewIdentities();
  changes.apart = std::move(apart_);
  changes.merges = std::move(merges_);
  changes.labels = labels_.TakeChanges();
  changes.requests = std::move(new_requests_);
  changes.results = std::move(results);
  return changes;
}

template <typename Named>
void LookUpLabels(int64_t community, LabelKind kind,
                  const google::protobuf::RepeatedPtrField<Named>& labels, Lookup& lookup) {
  for (const Named& label : labels) {
    if (label.id() != 0) {
      lookup.labels.insert({community, kind, label.id()});
    } else {
      lookup.label_names.insert({community, kind, CaseFold(label.name())});
    }
  }
}

void LookUp(int64_t community, const ContactRecord& record, Lookup& lookup) {
  lookup.identities.push_back(record.identities);
  if (record.names_organization) {
    lookup.organizations.insert({community, record.contact->organization().domain()});
  }
  LookUpLabels(community, LabelKind::kSegment, record.contact->segments(), lookup);
  LookUpLabels(community, LabelKind::kTag, record.contact->tags(), lookup);
}

void LookUp(int64_t community, const OrganizationRecord& record, Lookup& lookup) {
  lookup.organizations.insert(KeyOf(community, record));
}

void LookUp(int64_t community, const ActivityRecord& record, Lookup& lookup) {
  LookUp(community, record.contact, lookup);
  lookup.activities.insert(KeyOf(community, record));
}

void LookUp(int64_t community, const MergeRecord& record, Lookup& lookup) {
  for (const int64_t id : record.contacts) lookup.contacts.insert({community, id});
}

}  // namespace

Lookup LookupOf(absl::Span<const Record> records) {
  Lookup lookup;
  for (const Record& record : records) {
    lookup.communities.insert(record.community);
    if (!record.request.id.empty()) {
      lookup.requests.insert({record.community, record.request.id});
    }
    std::visit([&](const auto& content) { LookUp(record.community, content, lookup); },
               record.content);
  }
  return lookup;
}

Changes Reconcile(absl::Span<const Record> records, Known known, absl::Time now,
                  size_t max_event_bytes) {
  Reconciler reconciler(std::move(known), now);
  std::vector<absl::StatusOr<Ingested>> results;
  results.reserve(records.size());
  for (const Record& record : records) {
    if (reconciler.event_bytes() >= max_event_bytes) break;
    results.push_back(reconciler.Apply(record));
  }
  return reconciler.Take(std::move(results));
}

}  // namespace crier::ingest
