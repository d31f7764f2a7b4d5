// How fast one webhook may be sent to.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_PACE_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_PACE_H_

#include <optional>

#include "absl/time/time.h"
#include "services/delivery/domain/attempts/sender.h"
#include "services/delivery/domain/webhooks/webhook.h"

namespace crier::delivery {

struct PaceOptions {
  // Attempts under way at once to a receiver that has not answered yet.
  int first = 1;
  // Attempts under way at once to a receiver that answers.
  int usual = 10;
  // To one that goes on answering fast.
  int most = 100;
};

// Whether a receiver is tried.
enum class Circuit {
  kClosed,    // it is
  kOpen,      // it is left alone for a while, or until there is something to probe it with
  kHalfOpen,  // one attempt probes it
};

// What an attempt says of its receiver.
struct Answer {
  enum class Kind {
    kGood,      // it works: a success, or a refusal of this message (another 4xx)
    kBusy,      // it asks for less: 429, 502, 503, 504
    kBroken,    // any other 5xx, no connection, no TLS
    kTimedOut,  // no answer in time
    kGone,      // 410: it wants nothing any more
  };

  Kind kind = Kind::kGood;
  absl::Duration took;
  std::optional<absl::Duration> retry_after;  // if busy and it says so
};

// `now`: when the attempt ended.
Answer AnswerOf(const AttemptResult& result, absl::Time now);

// The policy. A receiver begins with few attempts at once, and gets one more for every answer, up
// to the usual number; beyond that one more a round while it answers fast and the number is what
// holds it up. Busy and timed out halve the number. Five failures in a row, or a time-out of a
// receiver that has not proved itself, open the circuit: no attempts for 5 s, or for as long as the
// attempt took, doubling up to 5 min; then one attempt probes, and its success closes the circuit.
// A receiver that is busy is left alone for as long as it asks for, within 5 min; one that is gone
// for 5 s, in which its webhook is disabled. A limit of the webhook's own holds in any case, and
// attempts a minute are a token bucket of a second's worth.
//
// A webhook is a suspect unless it has proved itself, answers within a second on average, and, if
// anything is under way, has answered something in the last second, or sooner if it usually does.
//
// Not thread-safe; times are of a monotonic clock.
class Pace {
 public:
  explicit Pace(const PaceOptions& options) : options_(options) {}

  // The limits of the webhook's own; 0 for none. Until they are known the first attempts begin as
  // if there were none. True when that changes something.
  bool SetLimits(int max_concurrency, int attempts_per_minute);
  // Whether more is under way than the limits allow, as it may be when they were not known: an
  // attempt that is not on the wire yet should be undone.
  bool Exceeds(absl::Duration now) const;

  // Somebody wants to see an attempt, and may have set other limits or mended the receiver: nothing
  // is waited for but room, until the limits are set again.
  void TryNow();

  bool MayBegin(absl::Duration now) const;
  // When it may begin, if by time alone; otherwise never.
  absl::Duration NextBegin(absl::Duration now) const;

  void Begin(absl::Duration now);
  // An attempt was not made in the end.
  void Undo(absl::Duration now);
  void End(const Answer& answer, absl::Duration now);
  // An attempt was made, and shows nothing of the receiver.
  void EndUnjudged(absl::Duration now);

  bool IsSuspect(absl::Duration now) const;
  // When it becomes one, if by time alone; otherwise never.
  absl::Duration NextSuspicion() const;

  // What an attempt costs in turns: 1, or more the longer it occupies a place, up to 16.
  int Cost() const;

  int in_flight() const { return in_flight_; }
  // Attempts under way at most.
  int limit() const;
  Circuit circuit(absl::Duration now) const;
  // Until when it is worth remembering, once nothing is under way.
  absl::Duration memorable_until() const;

 private:
  bool IsOpen(absl::Duration now) const { return now < closed_until_; }
  void Trip(absl::Duration took, absl::Duration now);
  void Grow(absl::Duration took, bool was_full);
  double Tokens(absl::Duration now) const;
  double Burst() const;

  PaceOptions options_;
  int max_concurrency_ = 0;
  int attempts_per_minute_ = 0;
  bool limits_known_ = false;

  int in_flight_ = 0;
  double limit_ = options_.first;
  bool proven_ = false;
  int failures_ = 0;                                         // in a row
  absl::Duration open_for_ = absl::ZeroDuration();           // the last time; zero after a success
  absl::Duration closed_until_ = -absl::InfiniteDuration();  // no attempts before
  absl::Duration latency_ = absl::ZeroDuration();            // moving average
  absl::Duration quiet_since_ =
      -absl::InfiniteDuration();  // last answer, or first begin after none
  absl::Duration used_ = -absl::InfiniteDuration();

  double tokens_ = 0;
  absl::Duration tokens_time_ = -absl::InfiniteDuration();  // when there were so many
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_PACE_H_
