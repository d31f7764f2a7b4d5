#include "services/delivery/domain/queue/lanes.h"

#include <utility>

#include "gtest/gtest.h"

namespace crier::delivery {
namespace {

class LanesTest : public testing::Test {
 protected:
  QueuedDelivery NewDelivery(const WebhookId& webhook) {
    QueuedDelivery delivery;
    delivery.id = {webhook, ids_.Next()};
    delivery.due_time = clock_.Now();
    return delivery;
  }

  // The lane of the webhook, with one delivery more.
  Lanes::Entry& Offer(QueuedDelivery delivery) {
    const WebhookId webhook = delivery.id.webhook;
    Lanes::Entry& entry = *lanes_.FindOrAdd(webhook, {ShardOf(webhook), 1});
    EXPECT_TRUE(entry.lane.Expect(delivery));
    EXPECT_TRUE(entry.lane.Offer(std::move(delivery)));
    Replan(entry);
    return entry;
  }

  // Begins an attempt of the lane whose turn it is.
  Lanes::Entry& TakeNext() {
    Lanes::Entry& entry = *lanes_.NextTurn();
    taken_ = entry.lane.Take(Now());
    lanes_.Taken(entry.lane.lease());
    Replan(entry);
    return entry;
  }

  // Ends the attempt that was begun last.
  void Answer(Lanes::Entry& entry) {
    entry.lane.Answered({}, entry.lane.news(), Now());
    entry.lane.Settled(taken_.id.message, entry.lane.news());
    lanes_.Settled(entry.lane.lease());
    Replan(entry);
  }

  Lanes::News Replan(Lanes::Entry& entry) { return lanes_.Replan(entry, Now()); }

  Moment Now() const { return {clock_.Now(), clock_.Monotonic()}; }

  FakeClock clock_{absl::FromUnixSeconds(1'700'000'000)};
  MessageIdGenerator ids_{clock_};
  Lanes lanes_{
      {.lane = {.pace = {.first = 10}}, .max_in_flight = 1, .max_suspect = 1, .shard_capacity = 1}};
  QueuedDelivery taken_;
  const WebhookId a_{1, 1};
  const WebhookId b_{1, 2};
};

TEST_F(LanesTest, AnAttemptKeepsItsPlaceOnTheWireWhenItsLaneIsGone) {
  Offer(NewDelivery(b_));
  Answer(TakeNext());  // so that it is no suspect, and shares its place with orphans
  Offer(NewDelivery(a_));
  TakeNext();

  lanes_.RemoveShard(ShardOf(a_));
  Offer(NewDelivery(b_));
  EXPECT_FALSE(lanes_.HasTurn());
  EXPECT_EQ(lanes_.NextTurn(), nullptr);

  lanes_.FreeOrphan();
  EXPECT_TRUE(lanes_.HasTurn());
  Offer(NewDelivery(b_));
  TakeNext();
  EXPECT_FALSE(lanes_.HasTurn()) << "there is one place, not two";
}

TEST_F(LanesTest, WhoLeavesTheRoundAndComesBackIsTheLastOfIt) {
  Lanes::Entry& a = Offer(NewDelivery(a_));
  Offer(NewDelivery(b_));

  QueuedDelivery delivery = a.lane.Take(Now());  // has nothing that it could have a turn for
  Replan(a);
  a.lane.PutBack(std::move(delivery), Now());
  Replan(a);

  EXPECT_EQ(TakeNext().lane.webhook(), b_);
}

TEST_F(LanesTest, ALaneThatIsGoneMakesRoomForAnotherOfItsShard) {
  WebhookId other = b_;
  while (ShardOf(other) != ShardOf(a_)) ++other.id;
  const lease::Lease shard{ShardOf(a_), 1};
  Offer(NewDelivery(a_));
  ASSERT_EQ(lanes_.FindOrAdd(other, shard), nullptr);

  Answer(TakeNext());
  clock_.Advance(absl::Hours(1));
  lanes_.ReplanDue(Now());

  EXPECT_EQ(lanes_.Find(a_), nullptr);
  EXPECT_NE(lanes_.FindOrAdd(other, shard), nullptr);
}

TEST_F(LanesTest, OnlyASoonerTimerIsNews) {
  Lanes::Entry& a = *lanes_.FindOrAdd(a_, {ShardOf(a_), 1});
  Lanes::Entry& b = *lanes_.FindOrAdd(b_, {ShardOf(b_), 1});
  a.lane.NoteStored(clock_.Now() + absl::Seconds(20));
  EXPECT_TRUE(Replan(a).timer);

  b.lane.NoteStored(clock_.Now() + absl::Seconds(30));
  EXPECT_FALSE(Replan(b).timer);
  b.lane.NoteStored(clock_.Now() + absl::Seconds(10));
  EXPECT_TRUE(Replan(b).timer);
  EXPECT_FALSE(Replan(b).timer) << "as it was";
}

}  // namespace
}  // namespace crier::delivery
