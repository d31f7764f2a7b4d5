// Daily caps in memory.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_FAKES_FAKE_CAP_STORE_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_FAKES_FAKE_CAP_STORE_H_

#include <map>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "services/evaluator/domain/limits/event_caps.h"
#include "services/evaluator/domain/limits/release_status.h"

namespace crier::evaluator {

// Thread-safe.
class FakeCapStore : public CapStore, public ReleaseStatuses {
 public:
  // What Get() says of a workflow.
  void SetStatus(int64_t workflow, const ReleaseStatus& status) {
    absl::MutexLock lock(&mutex_);
    statuses_[workflow] = status;
  }

  // How many calls of Count() there were.
  int counts() const {
    absl::MutexLock lock(&mutex_);
    return counts_;
  }

  absl::StatusOr<std::vector<std::vector<absl::Time>>> Count(
      const std::vector<CappedMatches>& matches, int64_t confirmed, absl::Duration spacing,
      absl::Time) override {
    absl::MutexLock lock(&mutex_);
    ++counts_;
    std::vector<std::vector<absl::Time>> due_times;
    for (const CappedMatches& one : matches) {
      CapLedger& ledger = ledgers_[{one.workflow.community, one.workflow.id}];
      due_times.push_back(BookMatches(one, confirmed, spacing, ledger));
    }
    return due_times;
  }

  absl::StatusOr<std::map<int64_t, ReleaseStatus>> Get(int64_t, const std::vector<int64_t>&,
                                                       absl::Time, absl::Time) override {
    absl::MutexLock lock(&mutex_);
    return statuses_;
  }

 private:
  mutable absl::Mutex mutex_;
  int counts_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::pair<int64_t, int64_t>, CapLedger> ledgers_ ABSL_GUARDED_BY(mutex_);
  std::map<int64_t, ReleaseStatus> statuses_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_FAKES_FAKE_CAP_STORE_H_
