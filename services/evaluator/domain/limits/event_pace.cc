#include "services/evaluator/domain/limits/event_pace.h"

#include <algorithm>
#include <set>

#include "common/api/time.h"
#include "common/status/macros.h"

namespace crier::evaluator {

absl::Status EventPace::Begin(int64_t confirmed, absl::Time deadline) {
  if (rate_.is_unlimited()) return absl::OkStatus();
  const absl::Duration monotonic = clock_.Monotonic();
  for (const auto& [community, count] : taken_) rate_.Take(community, -count, monotonic);
  taken_.clear();
  const absl::Time now = clock_.Now();
  ASSIGN_OR_RETURN(const std::vector<PaceBooking> bookings,
                   store_.Load(log_partition_, now, deadline));
  for (const PaceBooking& booking : bookings) {
    const bool handed_over = confirmed > booking.from_position;
    const absl::Time full = handed_over ? booking.full_time : booking.full_before;
    rate_.Owe(booking.community, full - std::max(now, booking.book_time), monotonic);
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> EventPace::Apply(int64_t confirmed, Messages& messages,
                                         absl::Time deadline) {
  if (rate_.is_unlimited()) return 0;
  const absl::Duration monotonic = clock_.Monotonic();
  const absl::Time now = clock_.Now();
  const auto full_time = [&](int64_t community) {
    return now + rate_.UntilFull(community, monotonic);
  };
  std::map<int64_t, absl::Time> full_before;
  std::set<int64_t> held_up;  // communities
  int64_t held = 0;
  for (auto& message : messages) {
    const int64_t community = message.event().community_id();
    for (auto& target : *message.mutable_targets()) {
      if (target.has_not_before()) continue;
      full_before.try_emplace(community, full_time(community));
      ++taken_[community];
      const absl::Duration wait = rate_.Book(community, monotonic);
      if (wait == absl::ZeroDuration()) continue;
      *target.mutable_not_before() = api::ToProto(now + wait);
      held_up.insert(community);
      ++held;
    }
  }
  if (held_up.empty()) return 0;
  std::vector<PaceBooking> bookings;
  for (const int64_t community : held_up) {
    bookings.push_back({community, confirmed, now, full_before[community], full_time(community)});
  }
  RETURN_IF_ERROR(store_.Store(log_partition_, bookings, deadline));
  return held;
}

}  // namespace crier::evaluator
