#include "services/evaluator/domain/event_caps.h"

#include <set>

#include "common/api/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/evaluator/domain/fake_cap_store.h"

namespace crier::evaluator {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const absl::Time kNoon = absl::FromUnixSeconds(1'767'268'800);  // 2026-01-01T12:00:00Z

CappedMatches Matches(std::vector<int64_t> positions, int64_t cap = 3) {
  return {{1, 2}, kNoon, cap, std::move(positions)};
}

TEST(CountMatchesTest, LetsTheFirstOfTheDayThrough) {
  CappedDay day;

  EXPECT_THAT(CountMatches(Matches({4, 6}), 0, day), IsEmpty());
  EXPECT_THAT(CountMatches(Matches({7, 9, 12}), 6, day), ElementsAre(9, 12));

  EXPECT_EQ(day.released, 3);
  EXPECT_EQ(day.suppressed, 2);
}

TEST(CountMatchesTest, DecidesOnAnEventThatComesAgainAsBefore) {
  CappedDay day;
  CountMatches(Matches({1, 2, 3, 4, 5}), 0, day);
  const CappedDay after = day;

  EXPECT_THAT(CountMatches(Matches({1, 2}), 0, day), IsEmpty());
  EXPECT_THAT(CountMatches(Matches({3, 4, 5}), 0, day), ElementsAre(4, 5));
  EXPECT_EQ(day.released, after.released);
  EXPECT_EQ(day.suppressed, after.suppressed);

  // Also when the cap has been raised since, for which only later events count.
  EXPECT_THAT(CountMatches(Matches({4, 5, 6}, 4), 0, day), ElementsAre(4, 5));
  EXPECT_EQ(day.released, 4);
}

TEST(CountMatchesTest, ForgetsWhatDoesNotComeAgain) {
  CappedDay day;
  CountMatches(Matches({1, 2, 3, 4, 5}, 1), 0, day);

  CountMatches(Matches({6}, 1), 4, day);

  EXPECT_THAT(day.suppressed_positions, ElementsAre(5, 6));
}

class ApplyCapsTest : public testing::Test {
 protected:
  static Revision MakeRevision(int64_t workflow, int64_t cap) {
    Revision revision;
    revision.workflow = {1, workflow};
    revision.display_name = "name";
    revision.webhook = 5;
    revision.max_deliveries_per_day = cap;
    revision.time_zone = "Europe/Berlin";
    return revision;
  }

  // A message for the workflows 2 and 3.
  static void AddMessage(int64_t position, absl::Time time, Messages& messages) {
    auto& message = *messages.Add();
    message.mutable_event()->set_community_id(1);
    message.mutable_event()->set_position(position);
    message.mutable_event()->set_kind(entity::v1::Event::CONTACT_FOUND);
    *message.mutable_event()->mutable_accept_time() = api::ToProto(time);
    message.add_targets()->set_workflow("communities/1/workflows/2");
    message.add_targets()->set_workflow("communities/1/workflows/3");
  }

  FakeCapStore store_;
};

TEST_F(ApplyCapsTest, TakesOutTargetsAndMessagesWithNone) {
  const Catalog catalog(1, {MakeRevision(2, 1), MakeRevision(3, 2)});
  Messages messages;
  for (int64_t position = 1; position <= 3; ++position) AddMessage(position, kNoon, messages);

  ASSERT_TRUE(ApplyCaps(catalog, 0, store_, messages, absl::InfiniteFuture()).ok());

  ASSERT_EQ(messages.size(), 2);
  EXPECT_EQ(messages[0].targets_size(), 2);
  ASSERT_EQ(messages[1].targets_size(), 1);
  EXPECT_EQ(messages[1].targets(0).workflow(), "communities/1/workflows/3");
}

TEST_F(ApplyCapsTest, ADayIsThatOfTheTimeZone) {
  const Catalog catalog(1, {MakeRevision(2, 1), MakeRevision(3, 1)});
  Messages messages;
  AddMessage(1, kNoon + absl::Hours(10), messages);  // 23:00 in Berlin
  AddMessage(2, kNoon + absl::Hours(11), messages);  // the next day

  ASSERT_TRUE(ApplyCaps(catalog, 0, store_, messages, absl::InfiniteFuture()).ok());

  EXPECT_EQ(messages.size(), 2);
}

TEST_F(ApplyCapsTest, WithoutACapNothingIsAsked) {
  const Catalog without(1, {MakeRevision(2, 0), MakeRevision(3, 0)});
  const Catalog of_others(1, {MakeRevision(9, 1)});
  Messages messages;
  AddMessage(1, kNoon, messages);

  ASSERT_TRUE(ApplyCaps(without, 0, store_, messages, absl::InfiniteFuture()).ok());
  ASSERT_TRUE(ApplyCaps(of_others, 0, store_, messages, absl::InfiniteFuture()).ok());

  EXPECT_EQ(messages.size(), 1);
  EXPECT_EQ(store_.counts(), 0);
}

}  // namespace
}  // namespace crier::evaluator
