// Holds an enable that would flood a receiver until somebody has confirmed it.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_MANAGEMENT_ENABLE_GUARD_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_MANAGEMENT_ENABLE_GUARD_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "services/evaluator/domain/limits/release_status.h"
#include "services/evaluator/domain/runs/contact_source.h"
#include "services/evaluator/domain/workflows/workflow.h"

namespace crier::evaluator {

// Thread-safe.
class EnableGuard {
 public:
  // All must outlive the guard. `limit` deliveries need no confirmation; 0: none ever does.
  EnableGuard(ContactSource& contacts, ReleaseStatuses& statuses, int64_t limit, const Clock& clock)
      : contacts_(contacts), statuses_(statuses), limit_(limit), clock_(clock) {}

  // Whether an enable of the workflow needs confirmation when its run looks at so many members.
  bool IsNeeded(const Workflow& workflow, int64_t count) const;

  // Whether the workflow may be enabled with this confirmation token. Counts the members that the
  // run of the enable would look at, which are those who meet the criteria and, where the workflow
  // had runs by them before, have changed since. ConfirmationRequiredError, INVALID_ARGUMENT
  // (confirmation.h), UNAVAILABLE. OK for a workflow that has no runs or is enabled already.
  absl::Status Check(const Workflow& workflow, const std::string& token, absl::Time deadline);

 private:
  ContactSource& contacts_;
  ReleaseStatuses& statuses_;
  const int64_t limit_;
  const Clock& clock_;
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_MANAGEMENT_ENABLE_GUARD_H_
