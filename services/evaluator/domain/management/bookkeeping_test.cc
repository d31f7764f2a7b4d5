#include "services/evaluator/domain/management/bookkeeping.h"

#include <atomic>

#include "common/api/time.h"
#include "gtest/gtest.h"
#include "services/evaluator/domain/errors.h"
#include "services/evaluator/domain/fakes/fake_delivery_sink.h"
#include "services/evaluator/domain/fakes/fake_event_source.h"
#include "services/evaluator/domain/fakes/fake_statistics_store.h"
#include "services/evaluator/domain/fakes/fake_target_directory.h"
#include "services/evaluator/domain/fakes/fake_workflow_store.h"

namespace crier::evaluator {
namespace {

constexpr int64_t kCommunity = 1;
constexpr int64_t kWebhook = 5;

class BookkeepingTest : public testing::Test {
 protected:
  BookkeepingTest() {
    deliveries_.AddWebhook({kCommunity, kWebhook});
    deliveries_.AddWebhook({kCommunity, kWebhook + 1});
  }

  // Enabled.
  WorkflowId Create(int64_t webhook) {
    NewWorkflow workflow;
    workflow.community = kCommunity;
    workflow.display_name = "name";
    workflow.webhook = webhook;
    const WorkflowId id = workflows_.Create(workflow, deadline_)->id;
    EXPECT_TRUE(workflows_.Enable(id, "", deadline_).ok());
    return id;
  }

  Workflow Get(const WorkflowId& id) { return *workflows_.Get(id, deadline_); }

  const absl::Time deadline_ = absl::InfiniteFuture();
  std::atomic<bool> delivery_away_ = false;
  std::atomic<bool> statistics_away_ = false;
  FakeWorkflowStore store_;
  FakeEventSource events_;
  FakeDeliverySink deliveries_{[this] { return delivery_away_ ? Fault::kBefore : Fault::kNone; }};
  FakeTargetDirectory targets_{deliveries_};
  FakeStatisticsStore statistics_{
      [this] { return statistics_away_ ? Fault::kBefore : Fault::kNone; }};
  FakeClock clock_{absl::FromUnixSeconds(1'700'000'000)};
  Workflows workflows_{store_, events_, deliveries_, clock_};
  FireRecord record_;
  Bookkeeping bookkeeping_{record_, statistics_, store_, workflows_, targets_, clock_};
};

TEST_F(BookkeepingTest, StopsTheWorkflowsOfADeletedWebhookAndNoOther) {
  const WorkflowId first = Create(kWebhook);
  const WorkflowId second = Create(kWebhook);
  const WorkflowId other = Create(kWebhook + 1);
  deliveries_.RemoveWebhook({kCommunity, kWebhook});

  bookkeeping_.Run();

  for (const WorkflowId& id : {first, second}) {
    EXPECT_EQ(Get(id).state, State::kDisabled);
    EXPECT_EQ(Get(id).stop_reason, StopReason::kWebhookDeleted);
  }
  EXPECT_EQ(Get(other).state, State::kEnabled);
  EXPECT_EQ(Get(other).stop_reason, StopReason::kNone);
}

TEST_F(BookkeepingTest, LooksAtAllWebhooksNowAndThen) {
  const WorkflowId id = Create(kWebhook);
  bookkeeping_.Run();
  deliveries_.RemoveWebhook({kCommunity, kWebhook});

  clock_.Advance(Bookkeeping::kCheckEvery - absl::Seconds(1));
  bookkeeping_.Run();
  EXPECT_EQ(Get(id).state, State::kEnabled) << "nobody looked";
  clock_.Advance(absl::Seconds(1));
  bookkeeping_.Run();
  EXPECT_EQ(Get(id).state, State::kDisabled);
}

TEST_F(BookkeepingTest, AHandOverThatFoundAWebhookMissingStopsItsWorkflowsWithoutWaiting) {
  const WorkflowId id = Create(kWebhook);
  bookkeeping_.Run();
  record_.HandedOver({}, {{kCommunity, kWebhook}});

  bookkeeping_.Run();

  EXPECT_EQ(Get(id).stop_reason, StopReason::kWebhookDeleted);
}

TEST_F(BookkeepingTest, AWorkflowThatSendsElsewhereByNowGoesOn) {
  const WorkflowId id = Create(kWebhook);
  ASSERT_TRUE(workflows_.Update(id, {.webhook = kWebhook + 1}, deadline_).ok());

  ASSERT_TRUE(workflows_.StopWithoutWebhook(id, kWebhook, deadline_).ok());

  EXPECT_EQ(Get(id).state, State::kEnabled);
  EXPECT_TRUE(workflows_.StopWithoutWebhook({kCommunity, 99}, kWebhook, deadline_).ok());
}

TEST_F(BookkeepingTest, EnablingNeedsAWebhookAndClearsTheReason) {
  const WorkflowId id = Create(kWebhook);
  deliveries_.RemoveWebhook({kCommunity, kWebhook});
  bookkeeping_.Run();

  EXPECT_EQ(workflows_.Enable(id, "", deadline_).status(),
            WebhookNotFoundError({kCommunity, kWebhook}));
  ASSERT_TRUE(workflows_.Update(id, {.webhook = kWebhook + 1}, deadline_).ok());
  EXPECT_EQ(Get(id).stop_reason, StopReason::kWebhookDeleted);
  ASSERT_TRUE(workflows_.Enable(id, "", deadline_).ok());

  EXPECT_EQ(Get(id).stop_reason, StopReason::kNone);
}

TEST_F(BookkeepingTest, WhenTheDeliveryServiceIsAwayNothingStopsAndTheNextLookIsSoon) {
  const WorkflowId id = Create(kWebhook);
  deliveries_.RemoveWebhook({kCommunity, kWebhook});
  delivery_away_ = true;
  EXPECT_EQ(bookkeeping_.Run(), Bookkeeping::kFlushEvery);
  EXPECT_EQ(Get(id).state, State::kEnabled);

  delivery_away_ = false;
  bookkeeping_.Run();

  EXPECT_EQ(Get(id).state, State::kDisabled);
}

TEST_F(BookkeepingTest, StoresCountsAndNeverTwice) {
  const WorkflowId id = {kCommunity, 1};
  Messages messages;
  auto& target = *messages.Add()->add_targets();
  target.set_workflow("communities/1/workflows/1");
  target.set_webhook("communities/1/webhooks/5");
  record_.HandedOver(messages, {});

  bookkeeping_.Run();
  bookkeeping_.Run();
  EXPECT_EQ(statistics_.Get({id}, deadline_)->front().matched, 1);

  statistics_away_ = true;
  record_.HandedOver(messages, {});
  bookkeeping_.Flush();
  statistics_away_ = false;
  bookkeeping_.Flush();
  EXPECT_EQ(statistics_.Get({id}, deadline_)->front().matched, 1) << "missing rather than twice";
}

}  // namespace
}  // namespace crier::evaluator
