// Bookings in memory.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_FAKES_FAKE_PACE_STORE_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_FAKES_FAKE_PACE_STORE_H_

#include <map>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "services/evaluator/domain/limits/event_pace.h"

namespace crier::evaluator {

// Thread-safe.
class FakePaceStore : public PaceStore {
 public:
  absl::Status Store(int32_t log_partition, const std::vector<PaceBooking>& bookings,
                     absl::Time) override {
    absl::MutexLock lock(&mutex_);
    for (const PaceBooking& booking : bookings) {
      const auto [last, is_first] =
          bookings_.try_emplace(booking.community, log_partition, booking);
      if (is_first || last->second.second.from_position > booking.from_position) continue;
      last->second = {log_partition, booking};
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<PaceBooking>> Load(int32_t log_partition, absl::Time now,
                                                absl::Time) override {
    absl::MutexLock lock(&mutex_);
    std::vector<PaceBooking> found;
    for (const auto& [community, last] : bookings_) {
      const PaceBooking& booking = last.second;
      if (last.first == log_partition && booking.full_time > now &&
          booking.book_time <= now + kMaxClockDifference) {
        found.push_back(booking);
      }
    }
    return found;
  }

 private:
  absl::Mutex mutex_;
  // By community, with the log partition.
  std::map<int64_t, std::pair<int32_t, PaceBooking>> bookings_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_FAKES_FAKE_PACE_STORE_H_
