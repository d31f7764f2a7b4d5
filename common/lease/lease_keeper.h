// Keeps the leases of one replica alive, and tells its owner when slots come and go.
#ifndef CRIER_COMMON_LEASE_LEASE_KEEPER_H_
#define CRIER_COMMON_LEASE_LEASE_KEEPER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/lease/lease_store.h"

namespace crier::lease {

struct LeaseOptions {
  // Unique among replicas and restarts, for example host name + random.
  std::string owner;
  // How long a slot stays with an owner that has gone silent.
  absl::Duration duration = absl::Seconds(5);
  // How often to renew; well below `duration`.
  absl::Duration heartbeat = absl::Seconds(1);
};

// Runs a thread. Callbacks run on it, one at a time, and must not block for longer than a heartbeat.
// When the store cannot be reached until a lease has run out by the local monotonic clock, the slot
// counts as lost and `on_lost` is called: a replica that cannot renew stops by itself. What it still
// has in flight is fenced by the epoch.
class LeaseKeeper {
 public:
  struct Callbacks {
    std::function<void(const Lease&)> on_gained;
    std::function<void(const Lease&)> on_lost;
  };

  // `store` and `clock` must outlive the keeper.
  LeaseKeeper(LeaseStore& store, const Clock& clock, LeaseOptions options, Callbacks callbacks);

  // As Stop().
  ~LeaseKeeper();

  // Begins the first heartbeat. Called once.
  void Start();

  // Stops renewing, calls `on_lost` for every held slot, then gives the leases back so that others
  // may take them at once. Waits until all that is done. Safe to call twice.
  void Stop();

  // Whether the lease is still held with the same epoch, by the local monotonic clock. Cheap;
  // thread-safe.
  bool Holds(const Lease& lease) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace crier::lease

#endif  // CRIER_COMMON_LEASE_LEASE_KEEPER_H_
