// Ledgers in memory.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_FAKES_FAKE_MEMBER_LEDGER_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_FAKES_FAKE_MEMBER_LEDGER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "services/evaluator/domain/runs/member_ledger.h"
#include "services/evaluator/domain/runs/page_decision.h"

namespace crier::evaluator {

// Thread-safe; passes the conformance suite of the real ledger.
class FakeMemberLedger : public MemberLedger {
 public:
  // Decides on candidates as a run does (page_decision.h), without a cap: those to be sent are in
  // the ledger, and the workflow's pending page, from now on. There must be no pending page.
  PageDecision Decide(const WorkflowId& id, const std::vector<Candidate>& candidates);

  // The workflow's producer stands at `standing`, above the ledger's position: the pending page is
  // handed over, or, beyond the next position, begins there.
  void Settle(const WorkflowId& id, int64_t standing);

  // All contacts in the workflow's ledger.
  ContactSet Sent(const WorkflowId& id);

  // Nothing when no page is pending.
  std::optional<std::vector<int64_t>> PendingPage(const WorkflowId& id);

  absl::StatusOr<std::vector<ChangedPage>> Merge(int64_t community, int64_t winner,
                                                 const std::vector<int64_t>& losers, absl::Time now,
                                                 absl::Time deadline) override;
  absl::StatusOr<std::vector<ChangedPage>> Erase(int64_t community,
                                                 const std::vector<int64_t>& contacts,
                                                 absl::Time now, absl::Time deadline) override;
  absl::StatusOr<std::vector<ChangedPage>> EraseCommunity(int64_t community,
                                                          absl::Time deadline) override;

 private:
  struct Ledger {
    ContactSet sent;
    int64_t position = 0;
    std::optional<std::vector<int64_t>> pending;
    bool changed = false;  // the pending page, since it was decided on or moved
  };
  struct Community {
    std::map<int64_t, Ledger> ledgers;  // by workflow
    ContactSet gone;
  };

  absl::Mutex mutex_;
  std::map<int64_t, Community> communities_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_FAKES_FAKE_MEMBER_LEDGER_H_
