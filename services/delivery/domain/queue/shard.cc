#include "services/delivery/domain/queue/shard.h"

namespace crier::delivery {
namespace {

// The finaliser of MurmurHash3: every input bit reaches every output bit.
uint64_t Mix(uint64_t x) {
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccdULL;
  x ^= x >> 33;
  x *= 0xc4ceb9fe1a85ec53ULL;
  x ^= x >> 33;
  return x;
}

uint64_t Hash(const WebhookId& webhook) {
  return Mix(Mix(static_cast<uint64_t>(webhook.community)) + static_cast<uint64_t>(webhook.id));
}

}  // namespace

int32_t ShardOf(const WebhookId& webhook) {
  return static_cast<int32_t>(Hash(webhook) % kShardCount);
}

size_t WebhookIdHash::operator()(const WebhookId& webhook) const { return Hash(webhook); }

}  // namespace crier::delivery
