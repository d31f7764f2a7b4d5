// Leases: which replica works on which of a fixed number of slots (log partitions, shards).
#ifndef CRIER_COMMON_LEASE_LEASE_STORE_H_
#define CRIER_COMMON_LEASE_LEASE_STORE_H_

#include <cstdint>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace crier::lease {

// A held slot. `epoch` grows each time a slot changes hands: writes that must be fenced carry it.
struct Lease {
  int32_t slot = 0;
  int64_t epoch = 0;

  friend bool operator==(const Lease& a, const Lease& b) {
    return a.slot == b.slot && a.epoch == b.epoch;
  }
  template <typename H>
  friend H AbslHashValue(H state, const Lease& lease) {
    return H::combine(std::move(state), lease.slot, lease.epoch);
  }
  friend std::ostream& operator<<(std::ostream& out, const Lease& lease) {
    return out << "slot " << lease.slot << " epoch " << lease.epoch;
  }
};

// What the store says after a heartbeat.
struct HeartbeatResult {
  // The slots that the owner holds now, sorted.
  std::vector<Lease> held;
  // Owners with at least one heartbeat within the lease duration, this one included.
  int live_owners = 1;
};

// Where leases are kept. Time is the store's own, so the clocks of replicas do not matter.
// Implementations are thread-safe, pass lease_store_conformance and answer UNAVAILABLE when their
// database is away.
class LeaseStore {
 public:
  virtual ~LeaseStore() = default;

  // Says that `owner` lives, extends all its leases by `duration`, and takes free or expired slots
  // (with a new epoch) until it holds its fair share: slots / live owners, the remainder going one
  // each to the first owners in the order of their names (fair_share.h).
  //
  // Gives slots back beyond that share, so that a new owner finds some free. This takes two
  // heartbeats: after the first the slots are no longer among `held`, but nobody else gets them
  // before one that names them, with their epochs, as `finished`. What was in flight can be
  // finished under the old epoch in between, for as long as the lease would have lasted anyway:
  // it is not extended any more. Leases that `owner` has not given back are never `finished`.
  //
  // A lease that has expired is not renewed, even when nobody has taken it: it is taken anew.
  virtual absl::StatusOr<HeartbeatResult> Heartbeat(absl::string_view owner,
                                                    absl::Duration duration,
                                                    const std::vector<Lease>& finished) = 0;

  // Gives everything back at once and forgets the owner.
  virtual absl::Status Release(absl::string_view owner) = 0;
};

}  // namespace crier::lease

#endif  // CRIER_COMMON_LEASE_LEASE_STORE_H_
