// Pages that are decided on, and what may happen to them before they are handed over.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/evaluator/runs_fixture.h"

namespace crier::evaluator {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// The hand-over of a page is interrupted after its decision; what happens then is the test's.
class PendingPageTest : public RunsTest {
 protected:
  // Decides on all members, and does no more.
  void DecideAndDie() {
    Enable();
    RunTask task = *pages_.Load(workflow_, Deadline());
    const RunScope scope =
        MakeRunScope(task.filter, std::nullopt, true, std::nullopt, clock_.Now());
    ASSERT_TRUE(*pages_.Start(fence_, task, scope, 0, clock_.Now(), Deadline()));
    std::vector<Candidate> candidates;
    auto stream = contacts_.Stream(kCommunity, task.filter, clock_.Now(), 0, Deadline());
    const std::vector<FoundContact> all = *stream->Next();
    for (const FoundContact& found : all) candidates.push_back(found.candidate);
    const auto decided = pages_.Decide(fence_, task, candidates, 100, clock_.Now(), Deadline());
    ASSERT_TRUE(decided.ok()) << decided.status();
    ASSERT_EQ(decided->decision.send.size(), candidates.size());
  }

  // The page as it was decided on arrives at the delivery service late.
  int64_t ArriveLate() {
    Batch batch;
    batch.next_position = 1;
    auto& message = *batch.messages.Add();
    message.mutable_event()->mutable_contact()->set_name("communities/7/contacts/999");
    return *deliveries_.Enqueue(RunProducer(workflow_), 0, std::move(batch), Deadline());
  }
};

TEST_F(PendingPageTest, IsHandedOverByWhoeverComesNext) {
  Put(1, 90);
  Put(2, 90);
  DecideAndDie();
  Put(1, 10);  // decided is decided; what is sent is what the member is by now

  Work();

  EXPECT_THAT(Sent(), ElementsAre(1, 2));
  EXPECT_EQ(deliveries_.messages()[0].event().contact().lead_score(), 10);
  EXPECT_EQ(LastRun().sent_count, 2);
}

TEST_F(PendingPageTest, ThatHasArrivedIsNotHandedOverAgain) {
  Put(1, 90);
  DecideAndDie();
  ASSERT_EQ(ArriveLate(), 1);

  Work();

  EXPECT_THAT(Sent(), ElementsAre(999));
  EXPECT_EQ(LastRun().state, RunState::kSucceeded);
}

// The contacts of the page have grown since it was decided on.
class LargePageTest : public PendingPageTest {
 protected:
  LargePageTest() {
    options_.max_page_bytes = 1'000;
    for (int64_t id = 1; id <= 7; ++id) Put(id, 90);
    DecideAndDie();
    for (int64_t id = 1; id <= 7; ++id) {
      entity::v1::Contact contact;
      contact.set_lead_score(90);
      contact.set_title(std::string(400, 'x'));
      contacts_.Put(kCommunity, id, contact);
    }
  }
};

TEST_F(LargePageTest, IsHandedOverInParts) {
  Work();

  EXPECT_THAT(Sent(), ElementsAre(1, 2, 3, 4, 5, 6, 7));
  EXPECT_GT(deliveries_.enqueues(), 2);
  EXPECT_EQ(LastRun().state, RunState::kSucceeded);
  EXPECT_EQ(LastRun().sent_count, 7);
}

TEST_F(LargePageTest, ThatHasArrivedIsNotHandedOverAgain) {
  ASSERT_EQ(ArriveLate(), 1);

  Work();

  EXPECT_THAT(Sent(), ElementsAre(999));
  EXPECT_EQ(LastRun().sent_count, 7);
}

TEST_F(LargePageTest, CannotArriveOnceItIsHandedOverInParts) {
  deliveries_.MoveProducer(RunProducer(workflow_), 2);  // who did so has ended then
  ASSERT_EQ(ArriveLate(), 2);

  Work();

  EXPECT_THAT(Sent(), ElementsAre(1, 2, 3, 4, 5, 6, 7));
}

TEST_F(LargePageTest, OfACancelledRunLeavesTheRestToTheNext) {
  ASSERT_TRUE(runs_.Cancel(LastRun().id, clock_.Now(), Deadline()).ok());
  Work();
  EXPECT_THAT(Sent(), ElementsAre(1, 2));

  BeginRun();
  Work();

  EXPECT_THAT(Sent(), ElementsAre(1, 2, 3, 4, 5, 6, 7));
}

TEST_F(PendingPageTest, OfACancelledRunIsStillHandedOver) {
  Put(1, 90);
  DecideAndDie();
  ASSERT_TRUE(runs_.Cancel(LastRun().id, clock_.Now(), Deadline()).ok());

  Work();

  EXPECT_THAT(Sent(), ElementsAre(1));
  EXPECT_EQ(LastRun().state, RunState::kCancelled);
  EXPECT_EQ(LastRun().sent_count, 1);
}

TEST_F(PendingPageTest, DoesNotBringBackWhoWasDeleted) {
  Put(1, 90);
  Put(2, 90);
  DecideAndDie();

  contacts_.Delete(kCommunity, 1);
  Apply(Append(Event::CONTACT_DELETED, 1));
  EXPECT_NE(ArriveLate(), 1) << "a call that was under way changes nothing";
  Work();

  EXPECT_THAT(Sent(), ElementsAre(2));
}

TEST_F(PendingPageTest, DoesNotBringBackACommunityThatWasDeleted) {
  Put(1, 90);
  DecideAndDie();

  contacts_.Delete(kCommunity, 1);
  Event deleted;
  deleted.set_community_id(kCommunity);
  deleted.set_kind(Event::COMMUNITY_DELETED);
  Apply(deleted);
  EXPECT_NE(ArriveLate(), 1);
  Work();

  EXPECT_THAT(Sent(), IsEmpty());
}

TEST_F(PendingPageTest, DoesNotBringBackWhoWasDeletedWhenTheFirstAttemptEndedInTheMiddle) {
  Put(1, 90);
  Put(2, 90);
  DecideAndDie();

  contacts_.Delete(kCommunity, 1);
  ASSERT_TRUE(ledger_.Erase(kCommunity, {1}, clock_.Now(), Deadline()).ok());
  Apply(Append(Event::CONTACT_DELETED, 1));  // the frame comes again
  EXPECT_NE(ArriveLate(), 1) << "a call that was under way changes nothing";
  Work();

  EXPECT_THAT(Sent(), ElementsAre(2));
}

TEST_F(PendingPageTest, SendsWhoWasMergedOnce) {
  Put(1, 90);
  Put(2, 90);
  DecideAndDie();

  const Event merged = Merge(/*winner=*/1, /*loser=*/2);
  Apply(merged);
  EXPECT_NE(ArriveLate(), 1);
  Apply(merged);
  Work();

  EXPECT_THAT(Sent(), ElementsAre(1));
}

TEST_F(PendingPageTest, SendsWhoWasMergedOnceBeforeTheEventIsSeen) {
  Put(1, 90);
  Put(2, 90);
  DecideAndDie();

  const Event merged = Merge(/*winner=*/1, /*loser=*/2);
  Work();
  Apply(merged);
  BeginRun(/*full_scan=*/true);
  Work();

  EXPECT_THAT(Sent(), ElementsAre(1));
}

// 1 was sent before 2 was decided on.
class SecondPageTest : public PendingPageTest {
 protected:
  SecondPageTest() {
    Put(1, 90);
    DecideAndDie();
    Work();
    EXPECT_THAT(Sent(), ElementsAre(1));
    Put(2, 90);
    BeginRun(/*full_scan=*/true);
    RunTask task = *pages_.Load(workflow_, Deadline());
    const RunScope scope =
        MakeRunScope(task.filter, std::nullopt, true, std::nullopt, clock_.Now());
    EXPECT_TRUE(*pages_.Start(fence_, task, scope, 0, clock_.Now(), Deadline()));
    EXPECT_TRUE(
        pages_.Decide(fence_, task, {{1, {}}, {2, {}}}, 100, clock_.Now(), Deadline()).ok());
  }
};

TEST_F(SecondPageTest, LeavesOutWhoWasMergedIntoSomebodyWhoWasSent) {
  Apply(Merge(/*winner=*/1, /*loser=*/2));
  Work();

  EXPECT_THAT(Sent(), ElementsAre(1));
}

TEST_F(SecondPageTest, LeavesThemOutBeforeTheEventIsSeen) {
  const Event merged = Merge(/*winner=*/1, /*loser=*/2);
  Work();
  Apply(merged);

  EXPECT_THAT(Sent(), ElementsAre(1));
}

}  // namespace
}  // namespace crier::evaluator
