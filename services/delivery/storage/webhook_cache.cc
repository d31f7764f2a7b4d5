#include "services/delivery/storage/webhook_cache.h"

#include <algorithm>
#include <utility>

namespace crier::delivery::storage {
namespace {

size_t SizeOf(const Webhook& webhook) {
  size_t bytes = sizeof(Webhook) + webhook.display_name.size() + webhook.url.size() +
                 webhook.secret.size() + webhook.client_certificate.size() +
                 webhook.client_key.size() + webhook.trusted_roots.size();
  for (const SigningKey& key : webhook.signing_keys) bytes += sizeof(SigningKey) + key.key.size();
  for (const auto& [name, value] : webhook.custom_headers) bytes += name.size() + value.size();
  return bytes;
}

}  // namespace

std::shared_ptr<const Webhook> WebhookCache::Find(const WebhookId& id, int64_t row_version,
                                                  absl::Time now) const {
  absl::MutexLock lock(&mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end()) return nullptr;
  const Entry& entry = found->second;
  if (entry.row_version != row_version || entry.good_until <= now) return nullptr;
  return entry.webhook;
}

void WebhookCache::Keep(std::shared_ptr<const Webhook> webhook, int64_t row_version,
                        absl::Time now) {
  if (!webhook->secrets_error.empty()) return;
  const WebhookId id = webhook->id;
  Entry entry = {nullptr, row_version, now + kLongest, SizeOf(*webhook)};
  for (const SigningKey& key : webhook->signing_keys) {
    entry.good_until = std::min(entry.good_until, key.expire_time);
  }
  entry.webhook = std::move(webhook);
  absl::MutexLock lock(&mutex_);
  const auto known = entries_.find(id);
  if (known != entries_.end()) {
    bytes_ -= known->second.bytes;
    entries_.erase(known);
  }
  if (bytes_ + entry.bytes > kCapacityBytes) {
    entries_.clear();
    bytes_ = 0;
  }
  bytes_ += entry.bytes;
  entries_.emplace(id, std::move(entry));
}

}  // namespace crier::delivery::storage
