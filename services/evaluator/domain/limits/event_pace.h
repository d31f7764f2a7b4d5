// The pace at which events release deliveries to a community.
//
// Events of other communities cannot wait for one that is over its rate. So what exceeds the rate
// is handed over at once like everything else, and says when it is due: nothing is dropped, and a
// community's deliveries stay in order. What was promised so ahead of time is stored before it is
// handed over, so that neither a crash nor another replica begins anew with a full bucket.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_LIMITS_EVENT_PACE_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_LIMITS_EVENT_PACE_H_

#include <cstdint>
#include <map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "services/evaluator/domain/limits/send_rate.h"
#include "services/evaluator/domain/matching/matcher.h"

namespace crier::evaluator {

// That deliveries of a community are put off: by one frame of a log partition, on top of what was
// put off before.
struct PaceBooking {
  int64_t community = 0;
  // Up to where the partition was handed over when the booking was made; its own deliveries come
  // after that.
  int64_t from_position = 0;
  // When the booking was made, and when the community's bucket is full again, without it and with
  // it, by the clock of who made it.
  absl::Time book_time;
  absl::Time full_before;
  absl::Time full_time;

  friend bool operator==(const PaceBooking& a, const PaceBooking& b) = default;
};

// How far the clocks of replicas may be apart. What was booked further ahead was booked by a clock
// that was wrong: it would hold a community up for as long.
inline constexpr absl::Duration kMaxClockDifference = absl::Hours(1);

// Implementations are thread-safe and pass pace_store_conformance. UNAVAILABLE when the database is
// away.
class PaceStore {
 public:
  virtual ~PaceStore() = default;

  // Keeps the last booking of each community, unless there is one with a later position: then
  // somebody else evaluates the log partition by now. All or nothing.
  virtual absl::Status Store(int32_t log_partition, const std::vector<PaceBooking>& bookings,
                             absl::Time deadline) = 0;

  // Those of a log partition whose `full_time` is after `now`, in the order of communities; not
  // those made more than kMaxClockDifference after it.
  virtual absl::StatusOr<std::vector<PaceBooking>> Load(int32_t log_partition, absl::Time now,
                                                        absl::Time deadline) = 0;
};

// For one log partition and one thread; shares its buckets with the runs of the communities.
class EventPace {
 public:
  // Everything must outlive the object.
  EventPace(int32_t log_partition, PaceStore& store, SendRate& rate, const Clock& clock)
      : log_partition_(log_partition), store_(store), rate_(rate), clock_(clock) {}

  // Takes up the log partition behind `confirmed`, up to where it is handed over. What was booked
  // and not handed over counts for nothing.
  absl::Status Begin(int64_t confirmed, absl::Time deadline);

  // Tells targets beyond the rate when they are due, and returns how many these are. Those that are
  // told already do not count.
  absl::StatusOr<int64_t> Apply(int64_t confirmed, Messages& messages, absl::Time deadline);

  // What lies between two deliveries at the rate; zero when there is no limit.
  absl::Duration spacing() const { return rate_.spacing(); }

  // The messages are handed over.
  void HandedOver() { taken_.clear(); }

 private:
  const int32_t log_partition_;
  PaceStore& store_;
  SendRate& rate_;
  const Clock& clock_;
  // What was taken from the buckets of communities for messages that are not handed over yet.
  std::map<int64_t, int64_t> taken_;
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_LIMITS_EVENT_PACE_H_
