#include "services/delivery/transport/enqueue_request.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/api/resource_name.h"
#include "common/api/time.h"
#include "common/api/validation.h"
#include "common/status/errors.h"
#include "common/status/macros.h"

namespace crier::delivery::transport {
namespace {

using entity::v1::Event;

constexpr size_t kMaxProducerBytes = 128;
constexpr int kMaxMessages = 1000;
constexpr int kMaxTargets = 10'000;
constexpr int kMaxErasures = 1000;
constexpr size_t kMaxDisplayNameBytes = 4096;

bool IsPrintable(char c) { return c >= 0x20 && c < 0x7f; }

void AddProducerViolation(const std::string& producer, FieldViolations& violations) {
  if (producer.empty() || producer.size() > kMaxProducerBytes ||
      !std::all_of(producer.begin(), producer.end(), IsPrintable)) {
    violations.Add("producer", "must be 1 to 128 printable ASCII characters");
  }
}

// The entity that events of a kind have, by the name of its field and its collection.
struct EntityRule {
  Event::EntityCase entity;
  const char* field;
  const char* collection;
};

EntityRule RuleFor(Event::Kind kind) {
  switch (kind) {
    case Event::CONTACT_FOUND:
    case Event::CONTACT_UPDATED:
      return {Event::kContact, "contact", api::kContacts};
    case Event::ORGANIZATION_FOUND:
    case Event::ORGANIZATION_UPDATED:
      return {Event::kOrganization, "organization", api::kOrganizations};
    case Event::ACTIVITY_FOUND:
    case Event::ACTIVITY_UPDATED:
      return {Event::kActivity, "activity", api::kActivities};
    default:
      return {Event::ENTITY_NOT_SET, "", ""};
  }
}

const std::string& EntityName(const Event& event) {
  switch (event.entity_case()) {
    case Event::kContact:
      return event.contact().name();
    case Event::kOrganization:
      return event.organization().name();
    default:
      return event.activity().name();
  }
}

// The id in a resource name, which must be of the community.
int64_t ReadId(absl::string_view field, absl::string_view collection, absl::string_view name,
               int64_t community, FieldViolations& violations) {
  const absl::StatusOr<api::ResourceId> id = api::ParseResource(field, collection, name);
  if (!id.ok() || id->community != community) {
    violations.Add(field, absl::StrCat("must have the form communities/{community}/", collection,
                                       "/{id}, with the community of `community_id`"));
    return 0;
  }
  return id->id;
}

void CheckTimeIfSet(const std::string& field, bool is_set, const google::protobuf::Timestamp& time,
                    FieldViolations& violations) {
  if (is_set) api::CheckTimestamp(field, time, violations);
}

void CheckSeenTimes(const std::string& field, const entity::v1::Contact& contact,
                    FieldViolations& violations) {
  CheckTimeIfSet(absl::StrCat(field, ".first_seen_time"), contact.has_first_seen_time(),
                 contact.first_seen_time(), violations);
  CheckTimeIfSet(absl::StrCat(field, ".last_seen_time"), contact.has_last_seen_time(),
                 contact.last_seen_time(), violations);
}

// Times end up in payloads, where those beyond the calendar have no form.
void CheckEntityTimes(const std::string& field, const Event& event, FieldViolations& violations) {
  if (event.has_contact()) {
    CheckSeenTimes(absl::StrCat(field, ".contact"), event.contact(), violations);
  } else if (event.has_activity()) {
    const std::string activity = absl::StrCat(field, ".activity");
    CheckTimeIfSet(absl::StrCat(activity, ".occur_time"), event.activity().has_occur_time(),
                   event.activity().occur_time(), violations);
    CheckSeenTimes(absl::StrCat(activity, ".contact"), event.activity().contact(), violations);
  }
}

void CheckEvent(const std::string& field, const Event& event, FieldViolations& violations) {
  if (event.community_id() <= 0) {
    violations.Add(absl::StrCat(field, ".community_id"), "must be positive");
  }
  const std::string accept_time = absl::StrCat(field, ".accept_time");
  if (!event.has_accept_time()) violations.Add(accept_time, "must be set");
  CheckTimeIfSet(accept_time, event.has_accept_time(), event.accept_time(), violations);
  CheckEntityTimes(field, event, violations);
  api::CheckKnownEnums(field, event, violations);
  const EntityRule rule = RuleFor(event.kind());
  if (rule.entity == Event::ENTITY_NOT_SET) {
    violations.Add(absl::StrCat(field, ".kind"), "must say what happened to the entity");
  } else if (event.entity_case() != rule.entity) {
    violations.Add(absl::StrCat(field, ".", rule.field), "must be the entity of such an event");
  } else {
    ReadId(absl::StrCat(field, ".", rule.field, ".name"), rule.collection, EntityName(event),
           event.community_id(), violations);
  }
}

EnqueueRequest::Target ReadTarget(const std::string& field, const v1::EnqueueTarget& target,
                                  int64_t community, FieldViolations& violations) {
  EnqueueRequest::Target result;
  result.webhook = {community, ReadId(absl::StrCat(field, ".webhook"), api::kWebhooks,
                                      target.webhook(), community, violations)};
  result.workflow.id = ReadId(absl::StrCat(field, ".workflow"), api::kWorkflows, target.workflow(),
                              community, violations);
  result.workflow.display_name = target.workflow_display_name();
  CheckTimeIfSet(absl::StrCat(field, ".not_before"), target.has_not_before(), target.not_before(),
                 violations);
  if (target.has_not_before()) result.not_before = api::FromProto(target.not_before());
  api::CheckText(absl::StrCat(field, ".workflow_display_name"), target.workflow_display_name(),
                 kMaxDisplayNameBytes, violations);
  return result;
}

EnqueueRequest::Message ReadMessage(const std::string& field, const v1::EnqueueMessage& message,
                                    FieldViolations& violations) {
  CheckEvent(absl::StrCat(field, ".event"), message.event(), violations);
  if (message.targets().empty()) {
    violations.Add(absl::StrCat(field, ".targets"), "must have at least one element");
  }
  EnqueueRequest::Message result;
  for (int i = 0; i < message.targets_size() && violations.empty(); ++i) {
    result.targets.push_back(ReadTarget(absl::StrCat(field, ".targets[", i, "]"),
                                        message.targets(i), message.event().community_id(),
                                        violations));
  }
  if (violations.empty()) result.event = TakeSnapshot(message.event());
  return result;
}

Erasure ReadErasure(const std::string& field, const v1::Erasure& erasure,
                    FieldViolations& violations) {
  Erasure result;
  result.community = erasure.community_id();
  if (erasure.community_id() <= 0) {
    violations.Add(absl::StrCat(field, ".community_id"), "must be positive");
  } else if (!erasure.contact().empty()) {
    const std::string contact = absl::StrCat(field, ".contact");
    absl::string_view name = erasure.contact();
    const size_t activity = name.find("/activities/");
    if (activity != absl::string_view::npos) {
      result.activity =
          ReadId(contact, api::kActivities,
                 absl::StrCat(api::CommunityName(result.community), name.substr(activity)),
                 result.community, violations);
      name = name.substr(0, activity);
    }
    result.contact = ReadId(contact, api::kContacts, name, result.community, violations);
  }
  return result;
}

void CheckLimits(const v1::EnqueueDeliveriesRequest& request, FieldViolations& violations) {
  if (request.expected_position() < 0) {
    violations.Add("expected_position", "must not be negative");
  }
  if (request.next_position() <= request.expected_position()) {
    violations.Add("next_position", "must be above `expected_position`");
  }
  if (request.messages_size() > kMaxMessages) {
    violations.Add("messages", "must have at most 1,000 elements; send more in another call");
  }
  if (request.erasures_size() > kMaxErasures) {
    violations.Add("erasures", "must have at most 1,000 elements; send more in another call");
  }
  int targets = 0;
  for (const v1::EnqueueMessage& message : request.messages()) targets += message.targets_size();
  if (targets > kMaxTargets) {
    violations.Add("messages",
                   "must have at most 10,000 targets together; send more in another call");
  }
}

}  // namespace

absl::Status CheckProducer(const std::string& producer) {
  FieldViolations violations;
  AddProducerViolation(producer, violations);
  return violations.ToStatus();
}

absl::StatusOr<EnqueueRequest::Message> ReadEnqueueMessage(const std::string& field,
                                                           const v1::EnqueueMessage& message) {
  FieldViolations violations;
  EnqueueRequest::Message result = ReadMessage(field, message, violations);
  RETURN_IF_ERROR(violations.ToStatus());
  return result;
}

absl::StatusOr<EnqueueRequest> ReadEnqueueRequest(const v1::EnqueueDeliveriesRequest& request) {
  FieldViolations violations;
  AddProducerViolation(request.producer(), violations);
  CheckLimits(request, violations);

  EnqueueRequest result;
  result.producer = request.producer();
  result.expected_position = request.expected_position();
  result.next_position = request.next_position();
  // The first bad message is told of; all of them might not fit into an error.
  for (int i = 0; i < request.messages_size() && violations.empty(); ++i) {
    result.messages.push_back(
        ReadMessage(absl::StrCat("messages[", i, "]"), request.messages(i), violations));
  }
  for (int i = 0; i < request.erasures_size() && violations.empty(); ++i) {
    result.erasures.push_back(
        ReadErasure(absl::StrCat("erasures[", i, "]"), request.erasures(i), violations));
  }
  RETURN_IF_ERROR(violations.ToStatus());
  return result;
}

}  // namespace crier::delivery::transport
