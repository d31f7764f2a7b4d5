// Where events come from: the event log of the ingest service.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_PEERS_EVENT_SOURCE_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_PEERS_EVENT_SOURCE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crier/entity/v1/event.pb.h"
#include "services/evaluator/domain/workflows/revision.h"

namespace crier::evaluator {

// A run of consecutive events; never empty.
using Frame = google::protobuf::RepeatedPtrField<entity::v1::Event>;

// The events of one log partition from a position on. Next() is for one thread; Cancel() may be
// called from any. Destruction ends the subscription.
class EventSubscription {
 public:
  virtual ~EventSubscription() = default;

  // Waits for the next frame, but not longer than `timeout` (no frame then). Any error ends the
  // subscription: UNAVAILABLE when a new one from the last position seen will do, OUT_OF_RANGE when
  // the position lies beyond the head or what follows it is no longer kept (EarliestKeptPosition
  // tells where the log begins then), CANCELLED after Cancel().
  virtual absl::StatusOr<std::optional<Frame>> Next(absl::Duration timeout) = 0;

  // Makes a waiting and every later Next() return at once.
  virtual void Cancel() = 0;
};

// Thread-safe. Answers UNAVAILABLE when the ingest service is away.
class EventSource {
 public:
  virtual ~EventSource() = default;

  // Begins to read after `after_position`; whether that works, Next() tells.
  virtual std::unique_ptr<EventSubscription> Subscribe(int32_t log_partition,
                                                       int64_t after_position) = 0;

  // Where the log of a community stands: at or after every event accepted before this call, before
  // every event accepted after it returned.
  virtual absl::StatusOr<LogHead> Head(int64_t community, absl::Time deadline) = 0;

  // The heads of all log partitions, in order. Their number never changes.
  virtual absl::StatusOr<std::vector<LogHead>> Heads(absl::Time deadline) = 0;

  // Registers this service as a reader, so that the log keeps what it has not confirmed. Returns
  // where it stands in each log partition, in order: at the heads of the first registration, or at
  // what it has confirmed since. Head() registers first: so nothing that a workflow waits for lies
  // before these positions.
  virtual absl::StatusOr<std::vector<LogHead>> Register(absl::Time deadline) = 0;

  // What this service needs no more. NOT_FOUND when it is not registered (any more).
  virtual absl::Status Confirm(const std::vector<LogHead>& positions, absl::Time deadline) = 0;
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_PEERS_EVENT_SOURCE_H_
