// The ledger of members in Postgres.
#include <memory>
#include <optional>
#include <vector>

#include "gtest/gtest.h"
#include "services/evaluator/domain/runs/member_ledger_conformance.h"
#include "services/evaluator/runs_fixture.h"

namespace crier::evaluator {
namespace {

// What it holds comes there as it does in runs.
class PgUnderTest : public MemberLedgerUnderTest {
 public:
  PgUnderTest() {
    pg::PgLeaseStore leases(pool_);
    EXPECT_TRUE(leases.InitializeSlots(1, Deadline()).ok());
    const auto leased = leases.Heartbeat(fence_.owner, absl::Minutes(10), {});
    EXPECT_TRUE(leased.ok() && leased->held.size() == 1) << leased.status();
    if (leased.ok()) fence_.lease = leased->held.at(0);
  }

  MemberLedger& ledger() override { return ledger_; }

  WorkflowId Make(int64_t community) override {
    NewWorkflow workflow;
    workflow.community = community;
    workflow.workflow_template = Template::kMembersThatMeetCriteria;
    workflow.webhook = 5;
    const auto created = workflows_.Create(workflow, kStart, Deadline());
    EXPECT_TRUE(created.ok()) << created.status();
    const auto enabled = workflows_.Change(
        created->id, {0, 1},
        [](Workflow& changing) {
          changing.state = State::kEnabled;
          return absl::OkStatus();
        },
        Deadline());
    EXPECT_TRUE(enabled.ok()) << enabled.status();
    return created->id;
  }

  std::vector<int64_t> Decide(const WorkflowId& id,
                              const std::vector<Candidate>& candidates) override {
    const auto decided = pages_.Decide(fence_, Load(id), candidates,
                                       static_cast<int64_t>(candidates.size()), kStart, Deadline());
    EXPECT_TRUE(decided.ok()) << decided.status();
    return decided.ok() ? decided->decision.send : std::vector<int64_t>();
  }

  void Settle(const WorkflowId& id, int64_t standing) override {
    const absl::Status settled = pages_.Settle(fence_, Load(id), standing, Deadline());
    EXPECT_TRUE(settled.ok()) << settled;
  }

  ContactSet Sent(const WorkflowId& id, const std::vector<int64_t>& contacts) override {
    const auto sent = pages_.Sent(id, contacts, Deadline());
    EXPECT_TRUE(sent.ok()) << sent.status();
    return sent.value_or(ContactSet());
  }

  std::optional<std::vector<int64_t>> PendingPage(const WorkflowId& id) override {
    const RunTask task = Load(id);
    if (!task.pending) return std::nullopt;
    return task.pending->contacts;
  }

 private:
  RunTask Load(const WorkflowId& id) {
    const auto task = pages_.Load(id, Deadline());
    EXPECT_TRUE(task.ok()) << task.status();
    return task.value_or(RunTask());
  }

  pg::Pool pool_{runs_database->EmptySchema(), {.size = 2}};
  storage::PgWorkflowStore workflows_{pool_};
  storage::PgPageStore pages_{pool_};
  storage::PgMemberLedger ledger_{pool_};
  Fence fence_{"replica", {}};
};

std::unique_ptr<MemberLedgerUnderTest> MakePg() { return std::make_unique<PgUnderTest>(); }

INSTANTIATE_TEST_SUITE_P(Postgres, MemberLedgerConformance, testing::Values(&MakePg));

}  // namespace
}  // namespace crier::evaluator
