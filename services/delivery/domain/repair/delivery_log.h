// What became of deliveries, for people to read.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_REPAIR_DELIVERY_LOG_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_REPAIR_DELIVERY_LOG_H_

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/delivery/domain/queue/delivery.h"

namespace crier::delivery {

// How the receiver answered, as people ask for it.
enum class StatusClass {
  kNoResponse = 0,
  kSuccess = 2,
  kRedirect = 3,
  kClientError = 4,
  kServerError = 5,
};

// Which deliveries of a community to list.
struct DeliveryFilter {
  int64_t community = 0;
  std::optional<int64_t> webhook;
  std::optional<int64_t> workflow;
  std::optional<DeliveryState> state;
  std::optional<StatusClass> status_class;  // of the last attempt
  absl::Time created_from = absl::InfinitePast();
  absl::Time created_before = absl::InfiniteFuture();
};

// Deliveries, newest first.
struct DeliveryPage {
  std::vector<DeliveryRecord> records;
  // Where to go on; nothing when there are no more.
  std::optional<MessageId> next;
};

// How a webhook does, by its newest attempts.
struct WebhookHealth {
  int attempts = 0;
  int successes = 0;
  // Unset without attempts.
  std::optional<absl::Time> oldest_create_time;
  absl::Duration median_duration;
  absl::Duration p99_duration;
  std::optional<Exchange> last_failure;  // without the response
  int pending = 0;                       // kMaxPendingCounted + 1 for more
  std::optional<absl::Time> next_attempt_time;
  std::optional<absl::Time> failing_since;  // see FailingSpell
};

inline constexpr int kHealthAttempts = 1000;
inline constexpr int kMaxPendingCounted = 10'000;

// Implementations are thread-safe. Every method waits until its deadline at most, and answers
// UNAVAILABLE when the database is away.
class DeliveryLog {
 public:
  virtual ~DeliveryLog() = default;

  // Nothing when there is no such delivery.
  virtual absl::StatusOr<std::optional<DeliveryRecord>> Get(const DeliveryId& id,
                                                            absl::Time deadline) = 0;

  // Up to `limit` deliveries, newest first, beginning after `before` (with the newest when unset).
  // Looks at a few thousand at most, whatever the filter leaves of them, so the page may have
  // fewer, and yet tell where to go on.
  virtual absl::StatusOr<DeliveryPage> List(const DeliveryFilter& filter,
                                            const std::optional<MessageId>& before, int limit,
                                            absl::Time deadline) = 0;

  // Looks at kHealthAttempts at most. NOT_FOUND when there is no such webhook.
  virtual absl::StatusOr<WebhookHealth> Health(const WebhookId& webhook, absl::Time deadline) = 0;
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_REPAIR_DELIVERY_LOG_H_
