// Leases in memory, for tests of those who use a LeaseStore.
#ifndef CRIER_COMMON_LEASE_FAKE_LEASE_STORE_H_
#define CRIER_COMMON_LEASE_FAKE_LEASE_STORE_H_

#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "common/base/clock.h"
#include "common/lease/lease_store.h"

namespace crier::lease {

// Passes the conformance suite of LeaseStore; can be made to fail. Thread-safe.
class FakeLeaseStore : public LeaseStore {
 public:
  // `clock` is the store's time; it must outlive the store.
  FakeLeaseStore(int slots, const Clock& clock) : clock_(clock), slots_(slots) {}

  absl::StatusOr<HeartbeatResult> Heartbeat(absl::string_view owner, absl::Duration duration,
                                            const std::vector<Lease>& finished) override;
  absl::Status Release(absl::string_view owner) override;

  // From now on every call answers with `failure`; OK ends that.
  void FailWith(absl::Status failure);

  // How many heartbeats were begun, the failed ones included.
  int heartbeats() const;

 private:
  struct Slot {
    std::string owner;  // empty: free
    int64_t epoch = 0;
    bool releasing = false;
    absl::Duration expires = -absl::InfiniteDuration();  // by the monotonic clock
  };

  int ShareOf(const std::string& owner) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Clock& clock_;
  mutable absl::Mutex mutex_;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  int heartbeats_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<Slot> slots_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, absl::Duration> owners_ ABSL_GUARDED_BY(mutex_);  // name → expiry
};

}  // namespace crier::lease

#endif  // CRIER_COMMON_LEASE_FAKE_LEASE_STORE_H_
