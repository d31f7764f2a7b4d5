// Statistics in memory.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_FAKES_FAKE_STATISTICS_STORE_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_FAKES_FAKE_STATISTICS_STORE_H_

#include <map>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "services/evaluator/domain/fakes/fault.h"
#include "services/evaluator/domain/matching/statistics_store.h"

namespace crier::evaluator {

// Thread-safe; passes the conformance suite of the real store.
class FakeStatisticsStore : public StatisticsStore {
 public:
  explicit FakeStatisticsStore(Faults faults = nullptr) : faults_(std::move(faults)) {}

  absl::Status Add(const std::vector<FireCount>& counts, absl::Time) override {
    if (NextFault(faults_) != Fault::kNone) return FaultStatus();
    absl::MutexLock lock(&mutex_);
    for (const FireCount& count : counts) {
      AddTo(statistics_[{count.workflow.community, count.workflow.id}], count.statistics);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<Statistics>> Get(const std::vector<WorkflowId>& ids,
                                              absl::Time) override {
    absl::MutexLock lock(&mutex_);
    std::vector<Statistics> found;
    for (const WorkflowId& id : ids) found.push_back(statistics_[{id.community, id.id}]);
    return found;
  }

 private:
  const Faults faults_;
  absl::Mutex mutex_;
  std::map<std::pair<int64_t, int64_t>, Statistics> statistics_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_FAKES_FAKE_STATISTICS_STORE_H_
