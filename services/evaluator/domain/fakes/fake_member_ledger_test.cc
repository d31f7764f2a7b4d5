#include "services/evaluator/domain/fakes/fake_member_ledger.h"

#include <memory>

#include "gtest/gtest.h"
#include "services/evaluator/domain/runs/member_ledger_conformance.h"

namespace crier::evaluator {
namespace {

class FakeUnderTest : public MemberLedgerUnderTest {
 public:
  MemberLedger& ledger() override { return ledger_; }

  WorkflowId Make(int64_t community) override { return {community, ++last_id_}; }

  std::vector<int64_t> Decide(const WorkflowId& id,
                              const std::vector<Candidate>& candidates) override {
    return ledger_.Decide(id, candidates).send;
  }

  void Settle(const WorkflowId& id, int64_t standing) override { ledger_.Settle(id, standing); }

  ContactSet Sent(const WorkflowId& id, const std::vector<int64_t>& contacts) override {
    ContactSet sent = ledger_.Sent(id);
    const ContactSet asked(contacts.begin(), contacts.end());
    absl::erase_if(sent, [&](int64_t contact) { return !asked.contains(contact); });
    return sent;
  }

  std::optional<std::vector<int64_t>> PendingPage(const WorkflowId& id) override {
    return ledger_.PendingPage(id);
  }

 private:
  FakeMemberLedger ledger_;
  int64_t last_id_ = 0;
};

std::unique_ptr<MemberLedgerUnderTest> MakeFake() { return std::make_unique<FakeUnderTest>(); }

INSTANTIATE_TEST_SUITE_P(Fake, MemberLedgerConformance, testing::Values(&MakeFake));

}  // namespace
}  // namespace crier::evaluator
