// Time as a dependency, so that tests own it.
#ifndef CRIER_COMMON_BASE_CLOCK_H_
#define CRIER_COMMON_BASE_CLOCK_H_

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace crier {

// Thread-safe. Wall-clock time may step in either direction; whoever measures a span uses
// Monotonic().
class Clock {
 public:
  virtual ~Clock() = default;

  // Wall-clock time: what is stored, shown and signed.
  virtual absl::Time Now() const = 0;

  // Time since an arbitrary start; never goes back, unaffected by clock steps.
  virtual absl::Duration Monotonic() const = 0;
};

// The machine's clock. Lives for ever.
const Clock& SystemClock();

// What SystemClock().Monotonic() will be at `time`, if its wall clock does not step before. For who
// waits until a deadline that a caller gave.
absl::Duration MonotonicAt(absl::Time time);

// A clock that stands still until it is moved. Thread-safe.
class FakeClock : public Clock {
 public:
  explicit FakeClock(absl::Time now) : now_(now) {}

  absl::Time Now() const override;
  absl::Duration Monotonic() const override;

  // Moves both clocks forward.
  void Advance(absl::Duration by);

  // Moves wall-clock time alone, as an operator or NTP would.
  void Step(absl::Duration by);

 private:
  mutable absl::Mutex mutex_;
  absl::Time now_ ABSL_GUARDED_BY(mutex_);
  absl::Duration monotonic_ ABSL_GUARDED_BY(mutex_) = absl::ZeroDuration();
};

}  // namespace crier

#endif  // CRIER_COMMON_BASE_CLOCK_H_
