// An event log in memory.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_FAKES_FAKE_EVENT_SOURCE_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_FAKES_FAKE_EVENT_SOURCE_H_

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/base/cond_var.h"
#include "services/evaluator/domain/fakes/fault.h"
#include "services/evaluator/domain/peers/event_source.h"

namespace crier::evaluator {

// Thread-safe. A community belongs to the log partition `community % partitions`.
class FakeEventSource : public EventSource {
 public:
  explicit FakeEventSource(int partitions = 1, Faults faults = nullptr);

  // Appends an event, whose partition and position are assigned here. Returns the position.
  int64_t Append(entity::v1::Event event);

  // Drops every event before `earliest_position`.
  void Trim(int32_t log_partition, int64_t earliest_position);

  // Makes every waiting Next() time out once.
  void Tick();

  // Ends every subscription with UNAVAILABLE.
  void Disconnect();

  // Frames have at most this many events.
  void SetFrameSize(int events);

  // How many subscriptions are open.
  int subscriptions() const;

  // How many frames were handed out.
  int frames() const;

  std::unique_ptr<EventSubscription> Subscribe(int32_t log_partition,
                                               int64_t after_position) override;
  absl::StatusOr<LogHead> Head(int64_t community, absl::Time deadline) override;
  absl::StatusOr<std::vector<LogHead>> Heads(absl::Time deadline) override;
  absl::StatusOr<std::vector<LogHead>> Register(absl::Time deadline) override;
  absl::Status Confirm(const std::vector<LogHead>& positions, absl::Time deadline) override;

  // Where the reader stands in a log partition, as Register() tells.
  void SetRegistered(int32_t log_partition, int64_t position);
  int64_t registered(int32_t log_partition) const;

 private:
  class Subscription;
  struct Partition {
    std::vector<entity::v1::Event> events;  // of position i + 1
    int64_t earliest_position = 1;
    int64_t registered = 0;
  };

  LogHead HeadOf(int32_t log_partition) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Faults faults_;
  mutable absl::Mutex mutex_;
  CondVar changed_;
  std::vector<Partition> partitions_ ABSL_GUARDED_BY(mutex_);
  int ticks_ ABSL_GUARDED_BY(mutex_) = 0;
  int disconnects_ ABSL_GUARDED_BY(mutex_) = 0;
  int frame_size_ ABSL_GUARDED_BY(mutex_) = 500;
  int subscriptions_ ABSL_GUARDED_BY(mutex_) = 0;
  int frames_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_FAKES_FAKE_EVENT_SOURCE_H_
