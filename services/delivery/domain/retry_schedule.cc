#include "services/delivery/domain/retry_schedule.h"

#include <array>

#include "absl/random/uniform_real_distribution.h"

namespace crier::delivery {
namespace {

constexpr double kJitter = 0.2;

const std::array<absl::Duration, RetrySchedule::kAttempts - 1>& Delays() {
  static const std::array<absl::Duration, RetrySchedule::kAttempts - 1> delays = {
      absl::Seconds(5), absl::Minutes(5), absl::Minutes(30), absl::Hours(2),  absl::Hours(5),
      absl::Hours(10),  absl::Hours(14),  absl::Hours(20),   absl::Hours(24),
  };
  return delays;
}

}  // namespace

std::optional<absl::Duration> RetrySchedule::DelayAfter(int attempt_number) {
  if (attempt_number >= kAttempts) return std::nullopt;
  absl::MutexLock lock(&mutex_);
  absl::uniform_real_distribution<double> factor(1 - kJitter, 1 + kJitter);
  return Delays()[attempt_number - 1] * factor(random_);
}

}  // namespace crier::delivery
