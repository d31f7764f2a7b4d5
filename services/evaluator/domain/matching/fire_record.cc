#include "services/evaluator/domain/matching/fire_record.h"

#include <string>

#include "common/api/resource_name.h"
#include "common/api/time.h"

namespace crier::evaluator {

void FireRecord::HandedOver(const Messages& messages,
                            const std::vector<WebhookId>& missing_webhooks) {
  std::set<std::string> missing;
  for (const WebhookId& id : missing_webhooks) {
    missing.insert(api::ResourceName(api::kWebhooks, id));
  }
  {
    absl::MutexLock lock(&mutex_);
    for (const WebhookId& id : missing_webhooks) missing_.insert({id.community, id.id});
    for (const auto& message : messages) {
      const absl::Time accept_time = api::FromProto(message.event().accept_time());
      for (const auto& target : message.targets()) {
        // Made by the matcher, so it has the form.
        const auto id = api::ParseResource("workflow", api::kWorkflows, target.workflow());
        if (!id.ok()) continue;
        const bool dropped = !missing.empty() && missing.contains(target.webhook());
        AddTo(counts_[{id->community, id->id}], {1, dropped ? 0 : 1, accept_time});
      }
    }
  }
  if (on_missing_ && !missing_webhooks.empty()) on_missing_();
}

std::vector<FireCount> FireRecord::TakeCounts() {
  std::map<Key, Statistics> taken;
  {
    absl::MutexLock lock(&mutex_);
    taken.swap(counts_);
  }
  std::vector<FireCount> counts;
  counts.reserve(taken.size());
  for (const auto& [key, statistics] : taken)
    counts.push_back({{key.first, key.second}, statistics});
  return counts;
}

std::vector<WebhookId> FireRecord::TakeMissing() {
  std::set<Key> taken;
  {
    absl::MutexLock lock(&mutex_);
    taken.swap(missing_);
  }
  std::vector<WebhookId> webhooks;
  for (const auto& [community, id] : taken) webhooks.push_back({community, id});
  return webhooks;
}

}  // namespace crier::evaluator
