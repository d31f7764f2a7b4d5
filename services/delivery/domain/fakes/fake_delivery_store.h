// Deliveries in memory, for tests.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_FAKES_FAKE_DELIVERY_STORE_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_FAKES_FAKE_DELIVERY_STORE_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "services/delivery/domain/queue/intake_store.h"
#include "services/delivery/domain/queue/queue_store.h"

namespace crier::delivery {

// The queue and its intake as one replica sees them, without webhooks: findings and notices are
// kept with their outcomes and change nothing. Passes delivery_store_conformance. Thread-safe.
class FakeDeliveryStore : public QueueStore, public IntakeStore {
 public:
  using IntakeStore::Enqueue;
  absl::StatusOr<std::vector<absl::Status>> Enqueue(absl::Span<const Intake> intakes,
                                                    absl::Time deadline) override;
  absl::Status Announce(const std::vector<WebhookId>& webhooks, absl::Time deadline) override;
  absl::StatusOr<int64_t> ProducerPosition(absl::string_view producer,
                                           absl::Time deadline) override;

  absl::StatusOr<std::vector<StoredWebhook>> FindWebhooks(int32_t shard, absl::Time before,
                                                          int limit, absl::Time deadline) override;
  absl::StatusOr<std::vector<std::vector<QueuedDelivery>>> LoadQueue(
      const std::vector<WebhookId>& webhooks, absl::Time before, int limit,
      absl::Time deadline) override;
  absl::StatusOr<std::vector<std::optional<DeliveryContent>>> LoadContents(
      const std::vector<DeliveryId>& ids, absl::Time deadline) override;
  absl::StatusOr<std::vector<bool>> FindQueued(const std::vector<DeliveryId>& ids,
                                               absl::Time deadline) override;
  absl::StatusOr<std::vector<Recorded>> Commit(const std::vector<AttemptOutcome>& outcomes,
                                               absl::Time deadline) override;

  // Every method fails with `status` so many times, before it does anything.
  void FailTimes(int times, absl::Status status);
  // Commit() refuses outcomes of this delivery.
  void RefuseOutcomesOf(const MessageId& id);
  // Every method calls this first, without locks.
  void BeforeEach(std::function<void()> hook);
  // From now on outcomes under this lease, and under those that the shard had before, are fenced.
  void Fence(const lease::Lease& lease);

  // Adds a delivery that is due at `due_time`.
  void Add(const DeliveryId& id, const DeliveryContent& content, absl::Time due_time);
  // Takes a delivery off the queue, as an erasure does.
  void Cancel(const MessageId& id);
  // Somebody wants a delivery of the queue to be sent again, at once.
  void WantAgain(const MessageId& id, absl::Time now);
  // Whether the delivery is in the queue, and what it looks like there.
  std::optional<QueuedDelivery> Queued(const MessageId& id) const;
  // What was written of the delivery.
  std::vector<AttemptOutcome> Outcomes(const MessageId& id) const;
  std::vector<WebhookId> announced() const;
  std::vector<Erasure> erasures() const;

 private:
  absl::Status Begin();
  absl::Status EnqueueOne(const Intake& intake) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Recorded Record(const AttemptOutcome& outcome) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  std::function<void()> hook_ ABSL_GUARDED_BY(mutex_);
  int failures_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  std::optional<MessageId> refused_ ABSL_GUARDED_BY(mutex_);
  std::map<int32_t, int64_t> fenced_ ABSL_GUARDED_BY(mutex_);  // epochs by shard, and those before
  std::map<std::string, int64_t> positions_ ABSL_GUARDED_BY(mutex_);
  std::map<MessageId, QueuedDelivery> queue_ ABSL_GUARDED_BY(mutex_);
  std::map<MessageId, DeliveryContent> contents_ ABSL_GUARDED_BY(mutex_);
  std::map<MessageId, std::vector<AttemptOutcome>> outcomes_ ABSL_GUARDED_BY(mutex_);
  std::vector<WebhookId> announced_ ABSL_GUARDED_BY(mutex_);
  std::vector<Erasure> erasures_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_FAKES_FAKE_DELIVERY_STORE_H_
