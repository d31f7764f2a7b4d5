// Keeps the leases of one replica alive, and tells its owner when slots come and go.
#ifndef CRIER_COMMON_LEASE_LEASE_KEEPER_H_
#define CRIER_COMMON_LEASE_LEASE_KEEPER_H_

#include <memory>

#include "common/base/clock.h"
#include "common/lease/lease_session.h"
#include "common/lease/lease_store.h"

namespace crier::lease {

// Runs a thread. Callbacks run on it, one at a time, and must not block for longer than a
// heartbeat. When the store cannot be reached until a lease has run out by the local monotonic
// clock, the slot counts as lost and `on_lost` is called: a replica that cannot renew stops by
// itself. What it still has in flight is fenced by the epoch. A slot that was lost comes back with
// a new epoch only.
//
// A slot that moves to another replica because more of them share the work stays with the old epoch
// in the store after `on_lost` for as long as it is `in_use`, up to the lease duration: what is in
// flight can still be finished.
class LeaseKeeper {
 public:
  // `store` and `clock` must outlive the keeper.
  LeaseKeeper(LeaseStore& store, const Clock& clock, LeaseOptions options,
              LeaseCallbacks callbacks);

  // As Stop().
  ~LeaseKeeper();

  LeaseKeeper(const LeaseKeeper&) = delete;
  LeaseKeeper& operator=(const LeaseKeeper&) = delete;

  // Begins the first heartbeat. Called once.
  void Start();

  // Heartbeats without waiting for its time, as when another replica has given slots back.
  // Thread-safe, also from within callbacks.
  void HeartbeatSoon();

  // Stops renewing, calls `on_lost` for every held slot, then gives the leases back so that others
  // may take them at once. Waits until all that is done. Safe to call twice. Not from a callback.
  void Stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace crier::lease

#endif  // CRIER_COMMON_LEASE_LEASE_KEEPER_H_
