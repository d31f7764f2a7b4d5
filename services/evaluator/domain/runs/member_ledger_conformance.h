// What every MemberLedger must do.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_RUNS_MEMBER_LEDGER_CONFORMANCE_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_RUNS_MEMBER_LEDGER_CONFORMANCE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "gtest/gtest.h"
#include "services/evaluator/domain/runs/member_ledger.h"
#include "services/evaluator/domain/runs/page_decision.h"

namespace crier::evaluator {

// A ledger, and how members come into it and are seen in it.
class MemberLedgerUnderTest {
 public:
  virtual ~MemberLedgerUnderTest() = default;

  virtual MemberLedger& ledger() = 0;
  // Makes a workflow whose ledger is empty and stands at position 0.
  virtual WorkflowId Make(int64_t community) = 0;
  // Decides on candidates, without a cap. Returns the members to be sent: the pending page.
  virtual std::vector<int64_t> Decide(const WorkflowId& id,
                                      const std::vector<Candidate>& candidates) = 0;
  // The workflow's producer stands there (PageStore::Settle).
  virtual void Settle(const WorkflowId& id, int64_t standing) = 0;
  // Those of the contacts that are in the workflow's ledger.
  virtual ContactSet Sent(const WorkflowId& id, const std::vector<int64_t>& contacts) = 0;
  // Nothing when no page is pending.
  virtual std::optional<std::vector<int64_t>> PendingPage(const WorkflowId& id) = 0;
};

// Instantiated with a function that makes an empty ledger.
class MemberLedgerConformance
    : public testing::TestWithParam<std::unique_ptr<MemberLedgerUnderTest> (*)()> {
 protected:
  // Decides on contacts that nobody was merged into.
  std::vector<int64_t> Decide(const WorkflowId& id, const std::vector<int64_t>& contacts);
  // The same, and hands the page over; the workflow must have been at position 0.
  void Send(const WorkflowId& id, const std::vector<int64_t>& contacts);

  std::vector<ChangedPage> Merge(int64_t winner, const std::vector<int64_t>& losers);
  std::vector<ChangedPage> Erase(const std::vector<int64_t>& contacts);
  std::vector<ChangedPage> EraseCommunity();

  const std::unique_ptr<MemberLedgerUnderTest> ledgers_ = GetParam()();
  const WorkflowId workflow_ = ledgers_->Make(1);
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_RUNS_MEMBER_LEDGER_CONFORMANCE_H_
