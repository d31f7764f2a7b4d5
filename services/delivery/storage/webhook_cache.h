// Webhooks as they were read last.
#ifndef CRIER_SERVICES_DELIVERY_STORAGE_WEBHOOK_CACHE_H_
#define CRIER_SERVICES_DELIVERY_STORAGE_WEBHOOK_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "services/delivery/domain/queue/shard.h"
#include "services/delivery/domain/webhooks/webhook.h"

namespace crier::delivery::storage {

// Saves reading and unsealing what has not changed: who wants a webhook asks the database for the
// version of its row (the transaction that wrote it), which every change of the webhook and of its
// keys makes another, and here for what belongs to that version. Thread-safe.
class WebhookCache {
 public:
  // About the bytes that are kept; when they would be more, everything is forgotten.
  static constexpr size_t kCapacityBytes = 16 * 1024 * 1024;

  // How long something is kept at most. A ring of keys that has lost one takes effect within this.
  static constexpr absl::Duration kLongest = absl::Minutes(1);

  // The webhook at this version of its row; null when that is not known, or one of its keys has
  // expired.
  std::shared_ptr<const Webhook> Find(const WebhookId& id, int64_t row_version,
                                      absl::Time now) const;

  // `row_version` must have been read before the webhook was. One whose secrets could not be read
  // is not kept.
  void Keep(std::shared_ptr<const Webhook> webhook, int64_t row_version, absl::Time now);

 private:
  struct Entry {
    std::shared_ptr<const Webhook> webhook;
    int64_t row_version;
    absl::Time good_until;
    size_t bytes;
  };

  mutable absl::Mutex mutex_;
  absl::flat_hash_map<WebhookId, Entry, WebhookIdHash> entries_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace crier::delivery::storage

#endif  // CRIER_SERVICES_DELIVERY_STORAGE_WEBHOOK_CACHE_H_
