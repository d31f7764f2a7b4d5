// How slots are divided.
#ifndef CRIER_COMMON_LEASE_FAIR_SHARE_H_
#define CRIER_COMMON_LEASE_FAIR_SHARE_H_

namespace crier::lease {

// How many of `slots` the owner with `rank` (0 … live_owners-1) among `live_owners` may hold. The
// shares of all owners add up to `slots` and differ by one at most.
inline int FairShare(int slots, int live_owners, int rank) {
  return slots / live_owners + (rank < slots % live_owners ? 1 : 0);
}

}  // namespace crier::lease

#endif  // CRIER_COMMON_LEASE_FAIR_SHARE_H_
