// The stored queue, as the replica that leases its shards sees it.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_QUEUE_STORE_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_QUEUE_STORE_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/lease/lease_store.h"
#include "services/delivery/domain/attempts/webhook_health.h"
#include "services/delivery/domain/queue/delivery.h"

namespace crier::delivery {

// A webhook with stored deliveries, and when the earliest of them is due.
struct StoredWebhook {
  WebhookId webhook;
  absl::Time earliest_due_time;
};

// What is to be written after an attempt, or in its place.
struct AttemptOutcome {
  // The lease under which the delivery was taken; nothing is written unless it is still current.
  lease::Lease lease;
  DeliveryId id;
  // What becomes of the delivery: kPending queues it again for `due_time`; every other state takes
  // it off the queue.
  DeliveryState state = DeliveryState::kPending;
  absl::Time due_time;
  // The attempt that was made; none when a delivery is cancelled before its first or next one.
  std::optional<Attempt> attempt;
  // Of the delivery as it was taken. If there have been more since, only success ends it: it stays
  // due when it was wanted again, with a schedule of retries that begins anew.
  int redeliveries = 0;
  // What the attempt may change of the webhook, if anything.
  std::optional<Finding> finding;
  // Whether the delivery is one of a notice. None is made about it.
  bool notice = false;
};

// What the store has made of an outcome.
enum class Recorded {
  kFenced,   // nothing: the shard's lease has another epoch by now
  kWritten,  // what it says
  // The attempt, if there was one; but its delivery had been taken off the queue meanwhile, by
  // somebody who has counted that.
  kCancelled,
  // The attempt; but its delivery was wanted again meanwhile, and stays due although this was the
  // last attempt.
  kWantedAgain,
};

// Implementations are thread-safe. Every method waits until its deadline at most, and answers
// UNAVAILABLE when the database is away.
class QueueStore {
 public:
  virtual ~QueueStore() = default;

  // The webhooks of a shard with deliveries due before `before`, the earliest first, at most
  // `limit`, less those that are paused or disabled.
  virtual absl::StatusOr<std::vector<StoredWebhook>> FindWebhooks(int32_t shard, absl::Time before,
                                                                  int limit,
                                                                  absl::Time deadline) = 0;

  // The first queued deliveries of each webhook, by due time, without content: up to `limit` of
  // those due before `before`, and the one that comes after them. One list for each webhook, in the
  // order asked for.
  virtual absl::StatusOr<std::vector<std::vector<QueuedDelivery>>> LoadQueue(
      const std::vector<WebhookId>& webhooks, absl::Time before, int limit,
      absl::Time deadline) = 0;

  // What to send, in the order asked for; nothing where a delivery is unknown.
  virtual absl::StatusOr<std::vector<std::optional<DeliveryContent>>> LoadContents(
      const std::vector<DeliveryId>& ids, absl::Time deadline) = 0;

  // Which of the deliveries are still queued, in the order asked for.
  virtual absl::StatusOr<std::vector<bool>> FindQueued(const std::vector<DeliveryId>& ids,
                                                       absl::Time deadline) = 0;

  // Writes all outcomes in one transaction, and says what became of each. Leases are checked in the
  // same transaction.
  // The attempt of a delivery that was taken off the queue meanwhile is stored without what the
  // receiver answered. What is found of webhooks is applied to them, and the operational webhooks
  // of their communities get notices of that and of exhausted deliveries, all in that transaction.
  // Repeating a commit that may have happened changes nothing, and tells nobody again.
  virtual absl::StatusOr<std::vector<Recorded>> Commit(const std::vector<AttemptOutcome>& outcomes,
                                                       absl::Time deadline) = 0;
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_QUEUE_STORE_H_
