// What an evaluator does beside evaluating: it stores statistics, and stops workflows whose webhook
// was deleted.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_MANAGEMENT_BOOKKEEPING_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_MANAGEMENT_BOOKKEEPING_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "services/evaluator/domain/management/workflows.h"
#include "services/evaluator/domain/matching/fire_record.h"
#include "services/evaluator/domain/matching/statistics_store.h"
#include "services/evaluator/domain/peers/target_directory.h"
#include "services/evaluator/domain/workflows/workflow_store.h"

namespace crier::evaluator {

// The delivery service is asked about all webhooks of enabled workflows now and then, never about
// one for an event. A webhook that a hand-over found missing is looked at without waiting for that.
// Every replica does this for all workflows; to stop one twice changes nothing.
//
// For one thread, such as that of a PeriodicTask.
class Bookkeeping {
 public:
  static constexpr absl::Duration kFlushEvery = absl::Seconds(5);
  static constexpr absl::Duration kCheckEvery = absl::Minutes(1);

  // All must outlive the object.
  Bookkeeping(FireRecord& record, StatisticsStore& statistics, WorkflowStore& store,
              Workflows& workflows, TargetDirectory& targets, const Clock& clock)
      : record_(record),
        statistics_(statistics),
        store_(store),
        workflows_(workflows),
        targets_(targets),
        clock_(clock) {}

  // Does what is due. Returns the time until there is more to do; what failed is tried again then.
  absl::Duration Run();

  // Stores what was counted; for the end, when nothing is handed over any more.
  void Flush();

 private:
  absl::Status StopWorkflowsOf(const std::vector<WebhookId>& missing);
  absl::Status CheckAllWebhooks();

  FireRecord& record_;
  StatisticsStore& statistics_;
  WorkflowStore& store_;
  Workflows& workflows_;
  TargetDirectory& targets_;
  const Clock& clock_;
  absl::Duration next_check_ = -absl::InfiniteDuration();
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_MANAGEMENT_BOOKKEEPING_H_
