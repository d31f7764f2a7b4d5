// Runs: passes over the members of a community, in search of those that a workflow has yet to send.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_WORKFLOWS_RUN_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_WORKFLOWS_RUN_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/evaluator/domain/workflows/workflow.h"

namespace crier::evaluator {

// A run's workflow and its id in it.
struct RunId {
  WorkflowId workflow;
  int64_t id = 0;

  friend bool operator==(const RunId& a, const RunId& b) = default;
};

// `communities/{community}/workflows/{workflow}/runs/{run}`.
std::string RunName(const RunId& id);

// Parses such a name; `field` is the request field that holds it. INVALID_ARGUMENT.
absl::StatusOr<RunId> ParseRun(absl::string_view field, absl::string_view name);

// Who enqueues the deliveries of a workflow's runs, as the delivery service knows it.
std::string RunProducer(const WorkflowId& id);

// Where a run stands. The numbers are stored.
enum class RunState { kPending = 1, kRunning = 2, kSucceeded = 3, kFailed = 4, kCancelled = 5 };

// What began a run. The numbers are stored.
enum class RunTrigger { kEnable = 1, kSchedule = 2, kManual = 3 };

// Why an unfinished run does not go on. The numbers are stored.
enum class RunHold { kNone = 0, kDailyCap = 1, kCommunityRate = 2, kRetry = 3 };

inline bool IsFinished(RunState state) {
  return state != RunState::kPending && state != RunState::kRunning;
}

// What a run goes through; decided when it begins, and again when the criteria change.
struct RunScope {
  std::string filter;        // the workflow's
  absl::Time evaluate_time;  // what relative times count from
  // Only members that changed at this time or later; nothing for all members.
  std::optional<absl::Time> changed_since;
  // Every change that the run may not see has this time or a later one: where the next run's
  // `changed_since` comes from. Nothing when the log was empty.
  std::optional<absl::Time> head_time;

  friend bool operator==(const RunScope& a, const RunScope& b) = default;
};

// A value.
struct Run {
  RunId id;
  RunTrigger trigger = RunTrigger::kManual;
  RunState state = RunState::kPending;
  bool full_scan_wanted = false;
  RunScope scope;      // once it is running
  int64_t cursor = 0;  // contacts up to this id are decided on
  std::optional<int64_t> expected_count;
  int64_t matched_count = 0;
  int64_t sent_count = 0;
  int64_t skipped_count = 0;
  RunHold hold = RunHold::kNone;
  absl::Time hold_until;  // unless kNone
  int failures = 0;       // in a row
  std::string error;
  absl::Time create_time;
  std::optional<absl::Time> start_time;
  std::optional<absl::Time> end_time;

  friend bool operator==(const Run& a, const Run& b) = default;
};

// What is known of the last run of a workflow that succeeded.
struct LastScan {
  std::string filter;
  std::optional<absl::Time> head_time;

  friend bool operator==(const LastScan& a, const LastScan& b) = default;
};

// What a run by `filter` must go through. All members, unless a run by the same criteria has been
// through them, and criteria do not change their mind with time alone: then those that changed
// since. `filter` must be acceptable (CheckCriteria); if it is not, everything.
RunScope MakeRunScope(const std::string& filter, const std::optional<LastScan>& last,
                      bool full_scan_wanted, std::optional<absl::Time> head_time, absl::Time now);

// The filter by which the contacts of a run are found: the criteria, and `update_time` where only
// changes are wanted. Empty for all.
std::string SearchFilter(const RunScope& scope);

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_WORKFLOWS_RUN_H_
