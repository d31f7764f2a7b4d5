#include "services/delivery/domain/attempts/retry_schedule.h"

#include <algorithm>
#include <array>

#include "absl/random/uniform_real_distribution.h"
#include "services/delivery/domain/attempts/retry_after.h"

namespace crier::delivery {
namespace {

constexpr double kJitter = 0.2;
constexpr absl::Duration kLeastAfterTimeout = absl::Minutes(1);
constexpr absl::Duration kMostRetryAfter = absl::Hours(24);
constexpr int kTooManyRequests = 429;

constexpr std::array<absl::Duration, RetrySchedule::kAttempts - 1> kDelays = {
    absl::Seconds(5), absl::Minutes(5), absl::Minutes(30), absl::Hours(2),  absl::Hours(5),
    absl::Hours(10),  absl::Hours(14),  absl::Hours(20),   absl::Hours(24),
};

std::optional<absl::Duration> PlannedDelay(const RetryPolicy& policy, int attempt_number) {
  const size_t place = static_cast<size_t>(attempt_number) - 1;
  if (!policy.delays.empty()) {
    return place < policy.delays.size() ? std::make_optional(policy.delays[place]) : std::nullopt;
  }
  const bool last = policy.max_attempts > 0 && attempt_number >= policy.max_attempts;
  return place < kDelays.size() && !last ? std::make_optional(kDelays[place]) : std::nullopt;
}

}  // namespace

std::optional<absl::Duration> RetrySchedule::DelayAfter(const RetryPolicy& policy,
                                                        int attempt_number,
                                                        const AttemptResult& result,
                                                        absl::Time now) {
  const std::optional<absl::Duration> planned = PlannedDelay(policy, attempt_number);
  if (!planned) return std::nullopt;
  absl::Duration delay = *planned * Jitter();
  if (result.outcome == Outcome::kTimedOut || result.status == kTooManyRequests) {
    delay = std::max(delay, kLeastAfterTimeout);
  }
  if (const std::optional<absl::Duration> wished = RetryAfter(result.headers, now)) {
    delay = std::max(delay, std::min({*wished, delay * 2, kMostRetryAfter}));
  }
  return delay;
}

double RetrySchedule::Jitter() {
  absl::MutexLock lock(&mutex_);
  absl::uniform_real_distribution<double> factor(1 - kJitter, 1 + kJitter);
  return factor(random_);
}

}  // namespace crier::delivery
