// What becomes of the ledgers when members are merged or deleted.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_RUNS_MEMBER_LEDGER_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_RUNS_MEMBER_LEDGER_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/evaluator/domain/workflows/workflow.h"

namespace crier::evaluator {

// A pending page that was changed, by this call or an earlier one, and has not been settled since
// (PageStore::Settle). As it was it must not be handed over any more: move the workflow's producer
// from `position` to `position + 2`, unless it has moved already.
struct ChangedPage {
  WorkflowId workflow;
  int64_t position = 0;
};

// Implementations are thread-safe and pass member_ledger_conformance. Every method may be repeated
// with the same arguments, and must be until the producers of the pages that it returned have
// moved. It waits until its deadline at most, and answers UNAVAILABLE when the database is away.
class MemberLedger {
 public:
  virtual ~MemberLedger() = default;

  // The losers are part of the winner from now on: what was sent to one of them was sent to the
  // winner.
  virtual absl::StatusOr<std::vector<ChangedPage>> Merge(int64_t community, int64_t winner,
                                                         const std::vector<int64_t>& losers,
                                                         absl::Time now, absl::Time deadline) = 0;

  // Forgets contacts. They are not decided on any more, even by who has read them before.
  virtual absl::StatusOr<std::vector<ChangedPage>> Erase(int64_t community,
                                                         const std::vector<int64_t>& contacts,
                                                         absl::Time now, absl::Time deadline) = 0;

  // Forgets every contact of a community, and what caps have put off; in as many steps as it takes.
  virtual absl::StatusOr<std::vector<ChangedPage>> EraseCommunity(int64_t community,
                                                                  absl::Time deadline) = 0;
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_RUNS_MEMBER_LEDGER_H_
