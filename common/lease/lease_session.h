// The logic of LeaseKeeper without its thread.
#ifndef CRIER_COMMON_LEASE_LEASE_SESSION_H_
#define CRIER_COMMON_LEASE_LEASE_SESSION_H_

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/lease/lease_store.h"
#include "common/metrics/metrics.h"

namespace crier::lease {

struct LeaseOptions {
  // Unique among replicas and restarts, for example host name + random.
  std::string owner;
  // How long a slot stays with an owner that has gone silent.
  absl::Duration duration = absl::Seconds(5);
  // How often to renew; well below `duration`.
  absl::Duration heartbeat = absl::Seconds(1);
  // Where changes are counted, as `crier_lease_changes_total` with the label `kind`; must outlive
  // the session. Null counts nothing.
  metrics::Registry* metrics = nullptr;
  std::string kind = {};
};

struct LeaseCallbacks {
  std::function<void(const Lease&)> on_gained;
  std::function<void(const Lease&)> on_lost;
  // Whether something is still under way that was begun under a lease, which has been lost since
  // because others shall share the work. While it is, nobody else gets the slot, unless it lasts
  // for longer than the lease would have. Null: never.
  std::function<bool(const Lease&)> in_use = nullptr;
};

// Heartbeats when told, compares what the store says with what is held, and tells of the
// difference. Callbacks run in the call of Tick() or Stop(); of a slot that comes back with a new
// epoch the loss is told first. Not thread-safe.
class LeaseSession {
 public:
  // `store` and `clock` must outlive the session.
  LeaseSession(LeaseStore& store, const Clock& clock, LeaseOptions options,
               LeaseCallbacks callbacks);

  // One heartbeat. Returns how long to wait before the next: the heartbeat interval, or less when
  // the leases run out before, or others wait for slots that are being given back.
  absl::Duration Tick();

  // Loses everything, then gives it back to the store.
  void Stop();

 private:
  // Whether the leases have run out at `now`. None of them can be renewed any more.
  bool RanOut(absl::Duration now) const;

  // What is being given back and not in use any more at `now`. What is, for longer than its lease
  // lasts in the store, is given back no more.
  std::vector<Lease> Finished(absl::Duration now);

  // Takes over what the store says is held; `valid_until` by the monotonic clock. Returns what has
  // been lost.
  std::vector<Lease> Adopt(const std::vector<Lease>& held, absl::Duration valid_until);
  void LoseAll();

  LeaseStore& store_;
  const Clock& clock_;
  const LeaseOptions options_;
  const LeaseCallbacks callbacks_;
  prometheus::Counter* const gained_;  // null when nothing is counted
  prometheus::Counter* const lost_;

  // Leases that were lost here may live on in the store. They must not come back under the epoch
  // that has been declared lost, so they are given back before the next heartbeat.
  bool must_release_ = false;

  std::map<int32_t, int64_t> held_;  // slot → epoch
  // Lost, and not yet told the store as finished → when the lease runs out there, or earlier.
  std::vector<std::pair<Lease, absl::Duration>> giving_back_;
  absl::Duration valid_until_ = -absl::InfiniteDuration();
};

}  // namespace crier::lease

#endif  // CRIER_COMMON_LEASE_LEASE_SESSION_H_
