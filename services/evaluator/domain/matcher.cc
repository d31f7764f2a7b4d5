#include "services/evaluator/domain/matcher.h"

#include <utility>

#include "common/api/resource_name.h"

namespace crier::evaluator {
namespace {

using entity::v1::Event;

void AddTarget(const Revision& revision, delivery::v1::EnqueueMessage& message) {
  const int64_t community = revision.workflow.community;
  auto* const target = message.add_targets();
  target->set_webhook(api::ResourceName(api::kWebhooks, {community, revision.webhook}));
  target->set_workflow(api::ResourceName(api::kWorkflows, revision.workflow));
  target->set_workflow_display_name(revision.display_name);
}

}  // namespace

std::optional<Template> TemplateFor(Event::Kind kind) {
  switch (kind) {
    case Event::CONTACT_FOUND:
      return Template::kNewMember;
    case Event::ORGANIZATION_FOUND:
      return Template::kNewOrganization;
    case Event::ACTIVITY_FOUND:
      return Template::kNewActivity;
    default:  // updates, and kinds of a newer ingest service
      return std::nullopt;
  }
}

Messages Match(const Catalog& catalog, google::protobuf::RepeatedPtrField<Event>& events) {
  Messages messages;
  for (Event& event : events) {
    const std::optional<Template> wanted = TemplateFor(event.kind());
    if (!wanted) continue;
    delivery::v1::EnqueueMessage message;
    for (const Revision& revision : catalog.Find(event.community_id(), *wanted)) {
      if (revision.Covers(event.position())) AddTarget(revision, message);
    }
    if (message.targets().empty()) continue;
    *message.mutable_event() = std::move(event);
    *messages.Add() = std::move(message);
  }
  return messages;
}

std::vector<Batch> SplitIntoBatches(Messages messages, int64_t last_position,
                                    const BatchLimits& limits) {
  std::vector<Batch> batches;
  int targets = 0;
  for (auto& message : messages) {
    const bool full = !batches.empty() && (batches.back().messages.size() == limits.max_messages ||
                                           targets + message.targets_size() > limits.max_targets);
    if (batches.empty() || full) {
      batches.emplace_back();
      targets = 0;
    }
    targets += message.targets_size();
    batches.back().next_position = message.event().position();
    *batches.back().messages.Add() = std::move(message);
  }
  if (!batches.empty()) batches.back().next_position = last_position;
  return batches;
}

}  // namespace crier::evaluator
