// What came of the hand-overs of this process, until it is stored.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_MATCHING_FIRE_RECORD_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_MATCHING_FIRE_RECORD_H_

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "services/evaluator/domain/matching/hand_over_observer.h"
#include "services/evaluator/domain/matching/statistics_store.h"

namespace crier::evaluator {

// Collects counts, one entry a workflow however often it fires, so that they are stored by the
// batch and not by the event. Thread-safe.
class FireRecord : public HandOverObserver {
 public:
  // `on_missing` is called, without a lock held, when a missing webhook is seen; may be empty.
  explicit FireRecord(std::function<void()> on_missing = nullptr)
      : on_missing_(std::move(on_missing)) {}

  void HandedOver(const Messages& messages,
                  const std::vector<WebhookId>& missing_webhooks) override;

  // What was counted since the last call, in the order of workflows.
  std::vector<FireCount> TakeCounts();

  // The missing webhooks that were seen since the last call.
  std::vector<WebhookId> TakeMissing();

 private:
  using Key = std::pair<int64_t, int64_t>;  // community, id

  const std::function<void()> on_missing_;
  absl::Mutex mutex_;
  std::map<Key, Statistics> counts_ ABSL_GUARDED_BY(mutex_);
  std::set<Key> missing_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_MATCHING_FIRE_RECORD_H_
