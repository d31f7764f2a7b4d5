// What a workflow has released of late, and when it will again.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_LIMITS_RELEASE_STATUS_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_LIMITS_RELEASE_STATUS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/evaluator/domain/workflows/run.h"

namespace crier::evaluator {

struct ReleaseStatus {
  // The next daily run; nothing while the workflow is disabled, or has no runs.
  std::optional<absl::Time> next_run_time;
  // Of the local day that contains the time asked for; counted for workflows with runs, and for
  // others while they have a daily cap.
  int64_t released_today = 0;
  int64_t suppressed_today = 0;
  // What is to be released on later days, for workflows that events fire.
  int64_t held = 0;
  // When that day ends, if the cap is reached.
  std::optional<absl::Time> capped_until;
  // Until when deliveries that events fire are put off, if the community is over its rate.
  std::optional<absl::Time> paced_until;
  // Of the runs.
  std::optional<LastScan> last_scan;
};

// Thread-safe. Answers UNAVAILABLE when the database is away.
class ReleaseStatuses {
 public:
  virtual ~ReleaseStatuses() = default;

  // By workflow id; what does not exist is left out.
  virtual absl::StatusOr<std::map<int64_t, ReleaseStatus>> Get(
      int64_t community, const std::vector<int64_t>& workflows, absl::Time now,
      absl::Time deadline) = 0;
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_LIMITS_RELEASE_STATUS_H_
