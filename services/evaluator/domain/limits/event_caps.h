// The daily caps of workflows that events fire.
//
// Events of other workflows cannot wait for a workflow that has released what it may. So what finds
// the cap reached is handed over all the same, to be delivered on the first local day that has
// room: the days fill up one after the other, in the order of positions. Only when a month of days
// is full is nothing sent; that is counted, and shown on the workflow. Which events these are
// follows from the log alone, and an event that is evaluated again, after a crash or by another
// replica, is decided on as it was the first time.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_LIMITS_EVENT_CAPS_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_LIMITS_EVENT_CAPS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/evaluator/domain/matching/catalog.h"
#include "services/evaluator/domain/matching/matcher.h"
#include "services/evaluator/domain/workflows/workflow.h"

namespace crier::evaluator {

// Events that fire one workflow with a cap.
struct CappedMatches {
  struct Match {
    int64_t position = 0;
    absl::Time day;  // when the local day began in which the event was accepted
  };

  WorkflowId workflow;
  std::string time_zone;
  int64_t cap = 0;
  std::vector<Match> matches;  // by ascending position
};

// What is known of a workflow.
struct CapLedger {
  struct Day {
    int64_t released = 0;    // to be delivered in it
    int64_t suppressed = 0;  // events of it for which nothing is sent

    friend bool operator==(const Day& a, const Day& b) = default;
  };

  // The day that is being filled: the latest one that something is to be delivered in.
  absl::Time day = absl::InfinitePast();
  // By when they began. Of those before the first match only what is to be added.
  std::map<absl::Time, Day> days;
  // Events up to this position are counted.
  int64_t through_position = 0;
  // Of these, those that were not let through at once and may come again, and what BookMatches()
  // said of them.
  std::map<int64_t, absl::Time> recent;
};

// How far ahead of an event a delivery for it may be put off.
inline constexpr absl::Duration kMaxCapHold = absl::Hours(24 * 31);

// Books matches in the ledger, and returns when each is to be delivered: the infinite past for
// at once, the infinite future for never. Those that are put off to the same day are `spacing`
// apart. Events up to `confirmed` are handed over and do not come again.
//
// Days fill up one after the other. So one that is being filled behind a day that nothing is to be
// delivered in was reached by a clock that was ahead, and counts for nothing: what is filled is the
// day before the first such.
std::vector<absl::Time> BookMatches(const CappedMatches& matches, int64_t confirmed,
                                    absl::Duration spacing, CapLedger& ledger);

// Implementations are thread-safe and pass cap_store_conformance.
class CapStore {
 public:
  virtual ~CapStore() = default;

  // BookMatches() of each, durably, all or none. UNAVAILABLE when the database is away.
  virtual absl::StatusOr<std::vector<std::vector<absl::Time>>> Count(
      const std::vector<CappedMatches>& matches, int64_t confirmed, absl::Duration spacing,
      absl::Time deadline) = 0;
};

// What the caps have done to messages.
struct CapEffect {
  int64_t held = 0;        // targets put off to a later day
  int64_t suppressed = 0;  // targets taken out
};

// Tells the targets in `messages` that are beyond their workflows' caps when they are due; takes
// out those that never are, and messages that have no target left. Asks the store only if the
// catalog has a cap at all and one of its workflows is among the targets.
absl::StatusOr<CapEffect> ApplyCaps(const Catalog& catalog, int64_t confirmed,
                                    absl::Duration spacing, CapStore& store, Messages& messages,
                                    absl::Time deadline);

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_LIMITS_EVENT_CAPS_H_
