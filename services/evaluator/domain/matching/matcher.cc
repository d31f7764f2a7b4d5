#include "services/evaluator/domain/matching/matcher.h"

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

Messages Match(const MatchIndex& index, google::protobuf::RepeatedPtrField<Event>& events) {
  Messages messages;
  for (Event& event : events) {
    const std::vector<const Revision*> fired = index.Match(event);
    if (fired.empty()) continue;
    delivery::v1::EnqueueMessage& message = *messages.Add();
    for (const Revision* const revision : fired) AddTarget(*revision, message);
    *message.mutable_event() = std::move(event);
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
