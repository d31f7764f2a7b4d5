// A delivery service in memory.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_FAKES_FAKE_DELIVERY_SINK_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_FAKES_FAKE_DELIVERY_SINK_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/base/cond_var.h"
#include "services/evaluator/domain/fakes/fault.h"
#include "services/evaluator/domain/peers/delivery_sink.h"

namespace crier::evaluator {

// Thread-safe. Has no webhooks at first.
class FakeDeliverySink : public DeliverySink {
 public:
  explicit FakeDeliverySink(Faults faults = nullptr) : faults_(std::move(faults)) {}

  void AddWebhook(const WebhookId& id);
  void RemoveWebhook(const WebhookId& id);

  // Puts a producer somewhere, as another evaluator would.
  void MoveProducer(const std::string& producer, int64_t position);

  // Waits until the producer stands at `position` or later, up to a minute; false then.
  [[nodiscard]] bool WaitForPosition(const std::string& producer, int64_t position) const;

  // Everything stored, in the order of storing.
  std::vector<delivery::v1::EnqueueMessage> messages() const;

  // Everything to be erased, in the order of arrival.
  std::vector<delivery::v1::Erasure> erasures() const;

  // How many calls of Enqueue stored something or moved a producer.
  int enqueues() const;

  absl::StatusOr<int64_t> Enqueue(absl::string_view producer, int64_t expected_position,
                                  Batch batch, absl::Time deadline) override;
  absl::StatusOr<int64_t> Position(absl::string_view producer, absl::Time deadline) override;
  absl::StatusOr<bool> WebhookExists(const WebhookId& id, absl::Time deadline) override;

 private:
  int64_t PositionOf(const std::string& producer) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Faults faults_;
  mutable absl::Mutex mutex_;
  mutable CondVar changed_;
  std::set<std::pair<int64_t, int64_t>> webhooks_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, int64_t> positions_ ABSL_GUARDED_BY(mutex_);
  std::vector<delivery::v1::EnqueueMessage> messages_ ABSL_GUARDED_BY(mutex_);
  std::vector<delivery::v1::Erasure> erasures_ ABSL_GUARDED_BY(mutex_);
  int enqueues_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_FAKES_FAKE_DELIVERY_SINK_H_
