// Holds an enable, or new criteria of what is enabled, that would flood a receiver until somebody
// has confirmed it.
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

  // Whether the criteria of the workflow may become `filter` with this confirmation token, which a
  // preview of the new ones has given. Counts the members that meet these and not the present ones,
  // as the next run would release them. Errors as from Check(). OK for a workflow that has no runs
  // or is not enabled, and for criteria that do not compile: to refuse those is for others.
  absl::Status CheckUpdate(const Workflow& workflow, const std::string& filter,
                           const std::string& token, absl::Time deadline);

 private:
  ContactSource& contacts_;
  ReleaseStatuses& statuses_;
  const int64_t limit_;
  const Clock& clock_;
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_MANAGEMENT_ENABLE_GUARD_H_
