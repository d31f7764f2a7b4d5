// Shards: the queue is cut into a fixed number of them, and each is worked on by one replica.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_SHARD_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_SHARD_H_

#include <cstddef>
#include <cstdint>

#include "services/delivery/domain/webhooks/webhook.h"

namespace crier::delivery {

// Enough that no replica idles behind a busy one, few enough that leases stay cheap. Stored rows
// carry their shard, so the number and ShardOf() are fixed for the life of a database.
inline constexpr int32_t kShardCount = 64;

// The shard of a webhook, from 0 to kShardCount - 1. All deliveries to one webhook are in one
// shard, so its limits are the local affair of one replica.
int32_t ShardOf(const WebhookId& webhook);

// For hash tables that are keyed by webhook.
struct WebhookIdHash {
  size_t operator()(const WebhookId& webhook) const;
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_SHARD_H_
