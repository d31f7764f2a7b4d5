#include "services/evaluator/domain/management/workflows.h"

#include <atomic>
#include <thread>

#include "common/status/errors.h"
#include "gtest/gtest.h"
#include "services/evaluator/domain/errors.h"
#include "services/evaluator/domain/fakes/fake_delivery_sink.h"
#include "services/evaluator/domain/fakes/fake_event_source.h"
#include "services/evaluator/domain/fakes/fake_workflow_store.h"

namespace crier::evaluator {
namespace {

constexpr int64_t kCommunity = 1;
constexpr int64_t kWebhook = 5;

// Head() and the delivery service can be taken away.
class WorkflowsTest : public testing::Test {
 protected:
  WorkflowsTest() { deliveries_.AddWebhook({kCommunity, kWebhook}); }

  static Faults FaultsOf(const std::atomic<bool>& away) {
    return [&away] { return away ? Fault::kBefore : Fault::kNone; };
  }

  static NewWorkflow MakeNew(const std::string& request_id = "") {
    return {kCommunity, "name", Template::kNewMember, kWebhook, "", request_id};
  }

  Workflow Create() { return *workflows_.Create(MakeNew(), deadline_); }

  // Appends an event of the community, and tells whether the workflow fires for it.
  bool FiresForTheNextEvent() {
    entity::v1::Event event;
    event.set_community_id(kCommunity);
    const int64_t position = events_.Append(event);
    return Fires(position);
  }

  bool Fires(int64_t position) {
    const Catalog catalog = *store_.Load(0, 0, deadline_);
    for (const Revision& revision : catalog.Find(kCommunity, Template::kNewMember)) {
      if (revision.Covers(position)) return true;
    }
    return false;
  }

  const absl::Time deadline_ = absl::InfiniteFuture();
  std::atomic<bool> ingest_away_ = false;
  std::atomic<bool> delivery_away_ = false;
  FakeWorkflowStore store_;
  FakeEventSource events_{1, FaultsOf(ingest_away_)};
  FakeDeliverySink deliveries_{FaultsOf(delivery_away_)};
  FakeClock clock_{absl::FromUnixNanos(1'681'726'886'978'123'456)};
  Workflows workflows_{store_, events_, deliveries_, clock_};
};

TEST_F(WorkflowsTest, CreatesDisabledAtATimeThatCanBeStored) {
  const Workflow created = Create();

  EXPECT_EQ(created.state, State::kDisabled);
  EXPECT_EQ(created.create_time, absl::FromUnixMicros(1'681'726'886'978'123));
  EXPECT_FALSE(FiresForTheNextEvent());
}

TEST_F(WorkflowsTest, RefusesAWebhookThatDoesNotExist) {
  NewWorkflow workflow = MakeNew();
  workflow.webhook = 6;

  const absl::Status expected = WebhookNotFoundError({kCommunity, 6});
  EXPECT_EQ(workflows_.Create(workflow, deadline_).status(), expected);
  EXPECT_EQ(workflows_.Preview(workflow, deadline_).status(), expected);
  EXPECT_EQ(workflows_.Update(Create().id, {.webhook = 6}, deadline_).status(), expected);
  EXPECT_EQ(workflows_.List(kCommunity, 0, 10, deadline_)->size(), 1u);
}

TEST_F(WorkflowsTest, APreviewStoresNothing) {
  const absl::StatusOr<Workflow> preview = workflows_.Preview(MakeNew("request"), deadline_);

  ASSERT_TRUE(preview.ok()) << preview.status();
  EXPECT_EQ(preview->display_name, "name");
  EXPECT_EQ(preview->version, 0);
  EXPECT_TRUE(workflows_.List(kCommunity, 0, 10, deadline_)->empty());
}

TEST_F(WorkflowsTest, APreviewKnowsSpentRequestIds) {
  const Workflow created = *workflows_.Create(MakeNew("request"), deadline_);
  EXPECT_TRUE(workflows_.Preview(MakeNew("request"), deadline_).ok());

  ASSERT_TRUE(workflows_.Delete(created.id, "", deadline_).ok());

  EXPECT_EQ(workflows_.Preview(MakeNew("request"), deadline_).status(), RequestIdSpentError());
}

TEST_F(WorkflowsTest, ARepeatedCreationSucceedsWithoutTheWebhook) {
  const Workflow created = *workflows_.Create(MakeNew("request"), deadline_);
  deliveries_.RemoveWebhook({kCommunity, kWebhook});

  EXPECT_EQ(*workflows_.Create(MakeNew("request"), deadline_), created);
}

TEST_F(WorkflowsTest, FiresForEventsWhileEnabledAlone) {
  const Workflow created = Create();
  EXPECT_FALSE(FiresForTheNextEvent());  // position 1

  ASSERT_TRUE(workflows_.Enable(created.id, "", deadline_).ok());
  EXPECT_FALSE(Fires(1));
  EXPECT_TRUE(FiresForTheNextEvent());  // position 2

  ASSERT_TRUE(workflows_.Disable(created.id, "", deadline_).ok());
  EXPECT_TRUE(Fires(2)) << "what was accepted before still fires";
  EXPECT_FALSE(FiresForTheNextEvent());
}

TEST_F(WorkflowsTest, EnablingAndDisablingTwiceChangesNothing) {
  const Workflow created = Create();
  const Workflow enabled = *workflows_.Enable(created.id, "", deadline_);
  EXPECT_TRUE(FiresForTheNextEvent());
  clock_.Advance(absl::Hours(1));

  EXPECT_EQ(*workflows_.Enable(created.id, "", deadline_), enabled);
  EXPECT_TRUE(Fires(1)) << "the first call's interval still holds";

  const Workflow disabled = *workflows_.Disable(created.id, "", deadline_);
  EXPECT_EQ(*workflows_.Disable(created.id, "", deadline_), disabled);
}

TEST_F(WorkflowsTest, ADeletedWorkflowFiresForWhatWasAcceptedBefore) {
  const Workflow created = Create();
  ASSERT_TRUE(workflows_.Enable(created.id, "", deadline_).ok());
  EXPECT_TRUE(FiresForTheNextEvent());  // position 1

  ASSERT_TRUE(workflows_.Delete(created.id, "", deadline_).ok());

  EXPECT_TRUE(Fires(1));
  EXPECT_FALSE(FiresForTheNextEvent());
  EXPECT_EQ(workflows_.Get(created.id, deadline_).status(), WorkflowNotFoundError(created.id));
  EXPECT_EQ(workflows_.Delete(created.id, "", deadline_), WorkflowNotFoundError(created.id));
}

TEST_F(WorkflowsTest, AnUpdateSetsWhatItNamesAndDatesIt) {
  const Workflow created = Create();
  clock_.Advance(absl::Hours(1));

  const auto updated = workflows_.Update(created.id, {.display_name = "new name"}, deadline_);

  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_EQ(updated->display_name, "new name");
  EXPECT_EQ(updated->webhook, kWebhook);
  EXPECT_EQ(updated->update_time, created.update_time + absl::Hours(1));
  EXPECT_EQ(*workflows_.Get(created.id, deadline_), *updated);
}

TEST_F(WorkflowsTest, AnUpdateOfTheCriteriaIsInForceForLaterEvents) {
  const Workflow created = Create();
  ASSERT_TRUE(workflows_.Enable(created.id, "", deadline_).ok());
  EXPECT_TRUE(FiresForTheNextEvent());  // position 1

  ASSERT_TRUE(workflows_.Update(created.id, {.filter = "title = CEO"}, deadline_).ok());

  const Catalog catalog = *store_.Load(0, 0, deadline_);
  const auto revisions = catalog.Find(kCommunity, Template::kNewMember);
  ASSERT_EQ(revisions.size(), 2u);
  EXPECT_EQ(revisions[0].filter, "");
  EXPECT_EQ(revisions[0].until_position, 1);
  EXPECT_EQ(revisions[1].filter, "title = CEO");
}

TEST_F(WorkflowsTest, AnUpdateRefusesCriteriaThatDoNotFitTheTemplate) {
  const Workflow created = Create();

  const auto updated = workflows_.Update(created.id, {.filter = "activity_type = a"}, deadline_);

  EXPECT_TRUE(absl::IsInvalidArgument(updated.status()));
  EXPECT_EQ(updated.status().message(),
            "workflow.filter is wrong at byte 0: there is no field `activity_type`");
  EXPECT_EQ(*workflows_.Get(created.id, deadline_), created);
}

TEST_F(WorkflowsTest, APreviewNeedsRoomToo) {
  for (int i = 0; i < kMaxWorkflowsPerCommunity; ++i) Create();

  EXPECT_EQ(workflows_.Preview(MakeNew(), deadline_).status(), TooManyWorkflowsError());
}

TEST_F(WorkflowsTest, AnUpdateWithoutChangeKeepsTheEtag) {
  const Workflow created = Create();
  clock_.Advance(absl::Hours(1));

  EXPECT_EQ(*workflows_.Update(created.id, {.display_name = "name"}, deadline_), created);
}

TEST_F(WorkflowsTest, TheTimeOfAnUpdateDoesNotGoBackWithTheClock) {
  const Workflow created = Create();
  clock_.Step(-absl::Hours(1));

  const auto updated = workflows_.Update(created.id, {.display_name = "new name"}, deadline_);

  EXPECT_EQ(updated->update_time, created.update_time);
}

TEST_F(WorkflowsTest, AnOldEtagStopsEveryChange) {
  const Workflow created = Create();
  const Workflow updated =
      *workflows_.Update(created.id, {.display_name = "a", .etag = created.etag()}, deadline_);

  EXPECT_EQ(workflows_.Update(created.id, {.display_name = "b", .etag = created.etag()}, deadline_)
                .status(),
            EtagMismatchError());
  EXPECT_EQ(workflows_.Enable(created.id, created.etag(), deadline_).status(), EtagMismatchError());
  EXPECT_EQ(workflows_.Disable(created.id, created.etag(), deadline_).status(), EtagMismatchError())
      << "also where nothing is to be done";
  EXPECT_EQ(workflows_.Delete(created.id, created.etag(), deadline_), EtagMismatchError());
  EXPECT_EQ(*workflows_.Get(created.id, deadline_), updated);
  const auto enabled = workflows_.Enable(created.id, updated.etag(), deadline_);
  ASSERT_TRUE(enabled.ok()) << enabled.status();
  EXPECT_TRUE(workflows_.Delete(created.id, enabled->etag(), deadline_).ok());
}

TEST_F(WorkflowsTest, UnknownWorkflowsAreNotFoundBeforeAnyServiceIsAsked) {
  ingest_away_ = true;
  delivery_away_ = true;
  const WorkflowId unknown = {kCommunity, 99};
  const absl::Status expected = WorkflowNotFoundError(unknown);

  EXPECT_EQ(workflows_.Enable(unknown, "", deadline_).status(), expected);
  EXPECT_EQ(workflows_.Disable(unknown, "", deadline_).status(), expected);
  EXPECT_EQ(workflows_.Delete(unknown, "", deadline_), expected);
  EXPECT_EQ(workflows_.Update(unknown, {.webhook = 6}, deadline_).status(), expected);
}

TEST_F(WorkflowsTest, WithoutTheOtherServicesNothingChanges) {
  const Workflow created = Create();
  ingest_away_ = true;
  delivery_away_ = true;

  EXPECT_TRUE(absl::IsUnavailable(workflows_.Create(MakeNew(), deadline_).status()));
  EXPECT_TRUE(absl::IsUnavailable(workflows_.Enable(created.id, "", deadline_).status()));
  EXPECT_TRUE(absl::IsUnavailable(workflows_.Delete(created.id, "", deadline_)));
  EXPECT_TRUE(absl::IsUnavailable(
      workflows_.Update(created.id, {.webhook = kWebhook}, deadline_).status()));

  EXPECT_EQ(*workflows_.Get(created.id, deadline_), created);
  EXPECT_EQ(*workflows_.Disable(created.id, "", deadline_), created) << "needs nobody";
}

// Calls race with each other and with the acceptance of events. Whatever their order, an event that
// was accepted while no call was running fires exactly if the workflow was enabled at that time.
TEST_F(WorkflowsTest, RacingCallsTakeEffectBetweenTheEventsAroundThem) {
  constexpr int kRounds = 50;
  const Workflow created = Create();
  for (int round = 0; round < kRounds; ++round) {
    std::thread enabling([&] { EXPECT_TRUE(workflows_.Enable(created.id, "", deadline_).ok()); });
    std::thread disabling([&] { EXPECT_TRUE(workflows_.Disable(created.id, "", deadline_).ok()); });
    std::thread renaming([&] {
      const std::string name = "name " + std::to_string(round);
      EXPECT_TRUE(workflows_.Update(created.id, {.display_name = name}, deadline_).ok());
    });
    FiresForTheNextEvent();  // accepted meanwhile: either way is right
    enabling.join();
    disabling.join();
    renaming.join();

    const bool enabled = workflows_.Get(created.id, deadline_)->state == State::kEnabled;
    EXPECT_EQ(FiresForTheNextEvent(), enabled) << "round " << round;
    const int64_t position = 2 * (round + 1);
    ASSERT_TRUE(workflows_.Disable(created.id, "", deadline_).ok());
    EXPECT_EQ(Fires(position), enabled) << "round " << round;
  }
}

}  // namespace
}  // namespace crier::evaluator
