#include "services/delivery/domain/queue/turns.h"

#include <map>
#include <utility>

#include "gtest/gtest.h"

namespace crier::delivery {
namespace {

using Counts = std::map<std::pair<int64_t, int64_t>, int>;

// How often each webhook has its turn of so many, if all of them go on wanting one.
Counts Share(Turns& turns, const std::map<std::pair<int64_t, int64_t>, int>& costs, int count) {
  for (const auto& [webhook, cost] : costs) turns.Add({webhook.first, webhook.second}, cost, 0);
  Counts counts;
  for (int i = 0; i < count; ++i) {
    const WebhookId webhook = turns.Next()->webhook;
    const std::pair<int64_t, int64_t> key(webhook.community, webhook.id);
    ++counts[key];
    turns.Add(webhook, costs.at(key), 0);
  }
  return counts;
}

TEST(TurnsTest, NobodyHasATurnWhenThereIsNobody) {
  Turns turns;
  EXPECT_TRUE(turns.empty());
  EXPECT_FALSE(turns.Next().has_value());
}

TEST(TurnsTest, WebhooksOfACommunityTakeTurns) {
  Turns turns;
  EXPECT_EQ(Share(turns, {{{1, 1}, 1}, {{1, 2}, 1}, {{1, 3}, 1}}, 30),
            (Counts{{{1, 1}, 10}, {{1, 2}, 10}, {{1, 3}, 10}}));
}

TEST(TurnsTest, CommunitiesGetTheSameHoweverManyWebhooksTheyHave) {
  Turns turns;
  EXPECT_EQ(Share(turns, {{{1, 1}, 1}, {{1, 2}, 1}, {{1, 3}, 1}, {{2, 1}, 1}}, 60),
            (Counts{{{1, 1}, 10}, {{1, 2}, 10}, {{1, 3}, 10}, {{2, 1}, 30}}));
}

TEST(TurnsTest, WhoCostsMoreHasFewerTurns) {
  Turns turns;
  const Counts within = Share(turns, {{{1, 1}, 1}, {{1, 2}, 4}}, 500);
  EXPECT_NEAR((within.at({1, 1})) / (within.at({1, 2})), 4, 1);

  Turns across;
  const Counts counts = Share(across, {{{1, 1}, 1}, {{2, 1}, 4}}, 500);
  EXPECT_GE((counts.at({1, 1})) / (counts.at({2, 1})), 3);

  Turns of_several;
  const Counts shares = Share(of_several, {{{1, 1}, 1}, {{2, 1}, 4}, {{2, 2}, 4}}, 500);
  EXPECT_NEAR((shares.at({1, 1})) / (shares.at({2, 1}) + shares.at({2, 2})), 4, 1);
}

TEST(TurnsTest, WhoIsAloneHasEveryTurnWhateverItCosts) {
  Turns turns;
  EXPECT_EQ(Share(turns, {{{1, 1}, 16}}, 5), (Counts{{{1, 1}, 5}}));
}

TEST(TurnsTest, ATicketComesBackWithTheTurn) {
  Turns turns;
  turns.Add({1, 1}, 1, 42);
  EXPECT_EQ(turns.Next()->ticket, 42u);
  EXPECT_TRUE(turns.empty());
}

}  // namespace
}  // namespace crier::delivery
