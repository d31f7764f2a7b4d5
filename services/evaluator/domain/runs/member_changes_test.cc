#include "services/evaluator/domain/runs/member_changes.h"

#include <string>
#include <vector>

#include "common/base/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/evaluator/domain/fakes/fake_delivery_sink.h"
#include "services/evaluator/domain/fakes/fake_member_ledger.h"
#include "services/evaluator/domain/workflows/run.h"

namespace crier::evaluator {
namespace {

using entity::v1::Event;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr char kFirst[] = "communities/1/contacts/7";
constexpr char kSecond[] = "communities/1/contacts/8";

class MemberChangesTest : public testing::Test {
 protected:
  Event& Add(Event::Kind kind) {
    Event& event = *frame_.Add();
    event.set_community_id(1);
    event.set_kind(kind);
    return event;
  }

  absl::StatusOr<Erasures> Apply() {
    return changes_.Apply(frame_, absl::UnixEpoch(), [] { return absl::InfiniteFuture(); });
  }

  Frame frame_;
  FakeMemberLedger ledger_;
  const WorkflowId workflow_ = {1, 5};
  FakeDeliverySink deliveries_;
  MemberChanges changes_{ledger_, deliveries_};
};

TEST_F(MemberChangesTest, MergesAreCarriedOver) {
  Add(Event::CONTACT_UPDATED);
  ledger_.Decide(workflow_, {{8, {}}, {9, {}}});
  Event& merged = Add(Event::CONTACT_MERGED);
  merged.mutable_contact()->set_name(kFirst);
  merged.add_merged_contacts(kSecond);
  merged.add_merged_contacts("communities/1/contacts/9");

  const auto erasures = Apply();

  ASSERT_TRUE(erasures.ok()) << erasures.status();
  EXPECT_THAT(*erasures, IsEmpty());
  EXPECT_THAT(ledger_.Sent(workflow_), UnorderedElementsAre(7));
}

TEST_F(MemberChangesTest, DeletionsAreHandedOn) {
  ledger_.Decide(workflow_, {{6, {}}, {7, {}}, {8, {}}});
  Event& deleted = Add(Event::CONTACT_DELETED);
  deleted.set_deleted_contact(kFirst);
  deleted.add_merged_contacts(kSecond);

  const auto erasures = Apply();

  ASSERT_TRUE(erasures.ok()) << erasures.status();
  EXPECT_THAT(ledger_.Sent(workflow_), UnorderedElementsAre(6));
  ASSERT_EQ(erasures->size(), 2);
  EXPECT_EQ((*erasures)[0].contact(), kFirst);
  EXPECT_EQ((*erasures)[1].contact(), kSecond);
}

TEST_F(MemberChangesTest, WhatWasToldOfAnActivityUnderSomebodyElseIsErasedAndNoMore) {
  ledger_.Decide(workflow_, {{7, {}}});
  Add(Event::KIND_UNSPECIFIED);  // what was erased itself
  Event& moved = Add(Event::ACTIVITY_ERASED);
  moved.mutable_activity()->set_name("communities/1/activities/4");
  moved.mutable_activity()->mutable_contact()->set_name(kFirst);

  const auto erasures = Apply();

  ASSERT_TRUE(erasures.ok()) << erasures.status();
  ASSERT_EQ(erasures->size(), 1);
  EXPECT_EQ((*erasures)[0].community_id(), 1);
  EXPECT_EQ((*erasures)[0].contact(), absl::StrCat(kFirst, "/activities/4"));
  EXPECT_THAT(ledger_.Sent(workflow_), UnorderedElementsAre(7));
}

TEST_F(MemberChangesTest, TheDeletionOfACommunityIsHandedOn) {
  ledger_.Decide(workflow_, {{6, {}}});
  Add(Event::COMMUNITY_DELETED);

  const auto erasures = Apply();

  ASSERT_TRUE(erasures.ok()) << erasures.status();
  EXPECT_THAT(ledger_.Sent(workflow_), IsEmpty());
  ASSERT_EQ(erasures->size(), 1);
  EXPECT_EQ((*erasures)[0].community_id(), 1);
  EXPECT_EQ((*erasures)[0].contact(), "");
}

TEST_F(MemberChangesTest, AChangedPageCannotArriveAsItWas) {
  ledger_.Settle(workflow_, 3);
  ledger_.Decide(workflow_, {{7, {}}});
  deliveries_.MoveProducer(RunProducer(workflow_), 3);
  Add(Event::CONTACT_DELETED).set_deleted_contact(kFirst);

  ASSERT_TRUE(Apply().ok());
  EXPECT_EQ(*deliveries_.Position(RunProducer(workflow_), absl::InfiniteFuture()), 5);

  deliveries_.MoveProducer(RunProducer(workflow_), 4);  // it has arrived before
  ASSERT_TRUE(Apply().ok());
  EXPECT_EQ(*deliveries_.Position(RunProducer(workflow_), absl::InfiniteFuture()), 4);
}

TEST_F(MemberChangesTest, AChangedPageCannotArriveAsItWasAlsoWhenTheFirstAttemptEndedInTheMiddle) {
  ledger_.Decide(workflow_, {{7, {}}, {8, {}}});
  Add(Event::CONTACT_DELETED).set_deleted_contact(kFirst);
  ASSERT_TRUE(ledger_.Erase(1, {7}, absl::UnixEpoch(), absl::InfiniteFuture()).ok());

  ASSERT_TRUE(Apply().ok());

  EXPECT_EQ(*deliveries_.Position(RunProducer(workflow_), absl::InfiniteFuture()), 2);
}

// A ledger in a database that takes its time.
class SlowLedger : public FakeMemberLedger {
 public:
  explicit SlowLedger(FakeClock& clock) : clock_(clock) {}

  absl::StatusOr<std::vector<ChangedPage>> Erase(int64_t community,
                                                 const std::vector<int64_t>& contacts,
                                                 absl::Time now, absl::Time deadline) override {
    clock_.Advance(absl::Seconds(3));
    if (clock_.Now() > deadline) return absl::DeadlineExceededError("too slow");
    return FakeMemberLedger::Erase(community, contacts, now, deadline);
  }

 private:
  FakeClock& clock_;
};

TEST_F(MemberChangesTest, EachDeletionOfAFrameHasTimeOfItsOwn) {
  FakeClock clock(absl::UnixEpoch());
  SlowLedger ledger(clock);
  MemberChanges changes(ledger, deliveries_);
  for (const char* name : {kFirst, kSecond, "communities/1/contacts/9"}) {
    Add(Event::CONTACT_DELETED).set_deleted_contact(name);
  }

  const auto erasures =
      changes.Apply(frame_, clock.Now(), [&] { return clock.Now() + absl::Seconds(5); });

  ASSERT_TRUE(erasures.ok()) << erasures.status();
  EXPECT_EQ(erasures->size(), 3);
}

TEST_F(MemberChangesTest, MoreErasuresThanACallTakesAreHandedOverInParts) {
  Event& deleted = Add(Event::CONTACT_DELETED);
  deleted.set_deleted_contact(kFirst);
  for (int i = 0; i < 2'500; ++i) {
    deleted.add_merged_contacts("communities/1/contacts/" + std::to_string(100 + i));
  }

  const auto first = Apply();
  const auto again = Apply();

  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->size(), 501);
  EXPECT_EQ(again->size(), 501);
  EXPECT_EQ(deliveries_.erasures().size(), 2'000u) << "and not again";
}

TEST_F(MemberChangesTest, AMergeWhoseWinnerWasErasedSinceIsPassedOver) {
  ledger_.Decide(workflow_, {{8, {}}});
  Add(Event::CONTACT_MERGED).add_merged_contacts(kSecond);

  EXPECT_TRUE(Apply().ok());
  EXPECT_THAT(ledger_.Sent(workflow_), UnorderedElementsAre(8));
}

}  // namespace
}  // namespace crier::evaluator
