// Repairing what went wrong with deliveries.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_REPAIR_REPAIR_STORE_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_REPAIR_REPAIR_STORE_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/delivery/domain/queue/delivery.h"

namespace crier::delivery {

// The numbers are stored.
enum class RecoveryState {
  kRunning = 1,
  kSucceeded = 2,
  kCancelled = 3,
};

// The sending again of what was enqueued in a time and exhausted its attempts.
struct Recovery {
  int64_t community = 0;
  int64_t id = 0;
  std::optional<int64_t> webhook;  // unset: all of the community
  absl::Time created_from;
  absl::Time created_before;
  RecoveryState state = RecoveryState::kRunning;
  int64_t recovered = 0;
  absl::Time progress_time;  // what was enqueued up to then has been looked at
  absl::Time create_time;
  std::optional<absl::Time> end_time;
};

// What one step of a recovery has done.
struct RecoveryStep {
  bool found = false;  // a recovery is running; otherwise nothing was done
  int recovered = 0;
  bool over = false;
};

// Implementations are thread-safe. Every method waits until its deadline at most, and answers
// UNAVAILABLE when the database is away; the named failures are those of errors.h. Whatever is put
// on the queue, the replica that has its shard is told of.
class RepairStore {
 public:
  virtual ~RepairStore() = default;

  // Puts the delivery on the queue for `due_time`, or moves it there, with a schedule of retries
  // that begins anew. DeliveryNotFoundError, WebhookNotFoundError, DeliveryErasedError.
  virtual absl::Status Redeliver(const DeliveryId& id, absl::Time due_time,
                                 absl::Time deadline) = 0;

  // Takes the delivery off the queue. DeliveryNotFoundError; DeliveryNotPendingError when it is not
  // there.
  virtual absl::Status Cancel(const DeliveryId& id, absl::Time deadline) = 0;

  // Stores a recovery, whose id, state and progress are assigned here. A `request_id` that is not
  // empty is used once in a community: a later call with it returns what the first one began.
  // WebhookNotFoundError.
  virtual absl::StatusOr<Recovery> StartRecovery(const Recovery& recovery,
                                                 absl::string_view request_id,
                                                 absl::Time deadline) = 0;

  // RecoveryNotFoundError.
  virtual absl::StatusOr<Recovery> GetRecovery(int64_t community, int64_t id,
                                               absl::Time deadline) = 0;

  // Up to `limit` of the community whose id is below `before`, newest first.
  virtual absl::StatusOr<std::vector<Recovery>> ListRecoveries(int64_t community, int64_t before,
                                                               int limit, absl::Time deadline) = 0;

  // Ends it if it is running; cancelling a cancelled one changes nothing. RecoveryNotFoundError;
  // RecoveryFinishedError when it has succeeded.
  virtual absl::StatusOr<Recovery> CancelRecovery(int64_t community, int64_t id,
                                                  absl::Time deadline) = 0;

  // Goes on with the running recovery whose turn it is, by `max_deliveries` at most, which become
  // due at `due_time`. Several replicas may do so at once, each with one of its own.
  virtual absl::StatusOr<RecoveryStep> StepRecovery(int max_deliveries, absl::Time due_time,
                                                    absl::Time deadline) = 0;
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_REPAIR_REPAIR_STORE_H_
