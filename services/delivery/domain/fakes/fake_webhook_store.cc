#include "services/delivery/domain/fakes/fake_webhook_store.h"

#include "common/status/macros.h"
#include "services/delivery/domain/errors.h"

namespace crier::delivery {

absl::StatusOr<Webhook> FakeWebhookStore::Create(const Webhook& webhook,
                                                 absl::string_view request_id, absl::Time) {
  absl::MutexLock lock(&mutex_);
  RETURN_IF_ERROR(failure_);
  const int64_t community = webhook.id.community;
  if (!request_id.empty()) {
    const auto [used, added] =
        request_ids_.try_emplace({community, std::string(request_id)}, last_id_ + 1);
    if (!added) {
      const auto entry = webhooks_.find({community, used->second});
      if (entry == webhooks_.end()) return RequestIdSpentError();
      return entry->second;
    }
  }
  Webhook created = webhook;
  created.id.id = ++last_id_;
  created.version = 1;
  webhooks_[{community, created.id.id}] = created;
  return created;
}

absl::StatusOr<Webhook*> FakeWebhookStore::Find(const WebhookId& id, absl::string_view etag) {
  RETURN_IF_ERROR(failure_);
  const auto entry = webhooks_.find({id.community, id.id});
  if (entry == webhooks_.end()) return WebhookNotFoundError(id);
  if (!etag.empty() && etag != entry->second.etag()) return EtagMismatchError();
  return &entry->second;
}

absl::StatusOr<Webhook> FakeWebhookStore::Get(const WebhookId& id, absl::Time) {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(const Webhook* webhook, Find(id, ""));
  return *webhook;
}

absl::StatusOr<std::vector<std::shared_ptr<const Webhook>>> FakeWebhookStore::GetMany(
    const std::vector<WebhookId>& ids, absl::Time) {
  absl::MutexLock lock(&mutex_);
  RETURN_IF_ERROR(failure_);
  std::vector<std::shared_ptr<const Webhook>> webhooks;
  for (const WebhookId& id : ids) {
    const auto webhook = Find(id, "");
    webhooks.push_back(webhook.ok() ? std::make_shared<const Webhook>(**webhook) : nullptr);
  }
  return webhooks;
}

absl::StatusOr<std::vector<std::optional<WebhookState>>> FakeWebhookStore::States(
    const std::vector<WebhookId>& ids, absl::Time) {
  absl::MutexLock lock(&mutex_);
  RETURN_IF_ERROR(failure_);
  std::vector<std::optional<WebhookState>> states;
  for (const WebhookId& id : ids) {
    const auto webhook = Find(id, "");
    states.push_back(webhook.ok() ? std::make_optional((*webhook)->state) : std::nullopt);
  }
  return states;
}

absl::StatusOr<std::vector<Webhook>> FakeWebhookStore::List(int64_t community, int64_t after,
                                                            int limit, absl::Time) {
  absl::MutexLock lock(&mutex_);
  RETURN_IF_ERROR(failure_);
  std::vector<Webhook> webhooks;
  for (auto entry = webhooks_.upper_bound({community, after});
       entry != webhooks_.end() && entry->first.first == community &&
       webhooks.size() < static_cast<size_t>(limit);
       ++entry) {
    webhooks.push_back(entry->second);
  }
  return webhooks;
}

absl::StatusOr<Webhook> FakeWebhookStore::Update(const WebhookId& id, absl::string_view etag,
                                                 const std::function<void(Webhook&)>& change,
                                                 absl::Time) {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(Webhook * webhook, Find(id, etag));
  change(*webhook);
  ++webhook->version;
  return *webhook;
}

absl::StatusOr<Webhook> FakeWebhookStore::UpdateKeys(
    const WebhookId& id, absl::string_view etag,
    const std::function<absl::StatusOr<bool>(Webhook&)>& change, absl::Time) {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(Webhook * webhook, Find(id, etag));
  if (!webhook->secrets_error.empty()) return SecretsUnreadableError();
  Webhook changed = *webhook;
  ASSIGN_OR_RETURN(const bool store, change(changed));
  if (store) {
    ++changed.version;
    *webhook = changed;
  }
  return *webhook;
}

absl::StatusOr<StateChange> FakeWebhookStore::ChangeState(const WebhookId& id,
                                                          absl::string_view etag,
                                                          StateAction action, absl::Time now,
                                                          absl::Time) {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(Webhook * webhook, Find(id, etag));
  ASSIGN_OR_RETURN(const bool changed, ApplyAction(action, now, *webhook));
  if (changed) ++webhook->version;
  const bool cancels = changed && action == StateAction::kEnableAnew;
  return StateChange{*webhook, cancels ? std::exchange(pending_, 0) : 0};
}

absl::StatusOr<int> FakeWebhookStore::Delete(const WebhookId& id, absl::string_view etag,
                                             absl::Time) {
  absl::MutexLock lock(&mutex_);
  RETURN_IF_ERROR(Find(id, etag).status());
  webhooks_.erase({id.community, id.id});
  return std::exchange(pending_, 0);
}

void FakeWebhookStore::FailWith(absl::Status status) {
  absl::MutexLock lock(&mutex_);
  failure_ = std::move(status);
}

void FakeWebhookStore::SetPending(int count) {
  absl::MutexLock lock(&mutex_);
  pending_ = count;
}

size_t FakeWebhookStore::size() const {
  absl::MutexLock lock(&mutex_);
  return webhooks_.size();
}

}  // namespace crier::delivery
