#include "services/evaluator/domain/matching/matcher.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/evaluator/domain/peers/event_source.h"

namespace crier::evaluator {
namespace {

using entity::v1::Event;
using testing::ElementsAre;

constexpr int64_t kCommunity = 7;

Event MakeEvent(Event::Kind kind, int64_t position, int64_t community = kCommunity) {
  Event event;
  event.set_kind(kind);
  event.mutable_contact();
  event.set_position(position);
  event.set_community_id(community);
  return event;
}

Revision MakeRevision(int64_t workflow, Template workflow_template, int64_t from_position,
                      std::optional<int64_t> until_position = std::nullopt) {
  return {{kCommunity, workflow},
          workflow_template,
          /*webhook=*/workflow * 10,
          "w" + std::to_string(workflow),
          "",
          from_position,
          until_position};
}

MatchIndex IndexOf(std::vector<Revision> revisions) {
  auto index = MatchIndex::Build(Catalog(1, std::move(revisions)), MatchIndex());
  EXPECT_TRUE(index.ok()) << index.status();
  return index.value_or(MatchIndex());
}

// The positions of the events that fired, once for each target.
std::vector<int64_t> FiredPositions(const MatchIndex& index, Frame events) {
  std::vector<int64_t> positions;
  for (const auto& message : Match(index, events)) {
    positions.insert(positions.end(), message.targets_size(), message.event().position());
  }
  return positions;
}

Frame FrameOf(const std::vector<Event>& events) { return Frame(events.begin(), events.end()); }

Messages MessagesWithTargets(const std::vector<int>& target_counts) {
  Messages messages;
  int64_t position = 0;
  for (const int count : target_counts) {
    auto* const message = messages.Add();
    message->mutable_event()->set_position(++position);
    for (int i = 0; i < count; ++i) message->add_targets();
  }
  return messages;
}

TEST(MatcherTest, TheIntervalIsOpenAtItsBeginAndClosedAtItsEnd) {
  const MatchIndex index = IndexOf({MakeRevision(1, Template::kNewMember, 2, 4)});
  std::vector<Event> events;
  for (int64_t position = 1; position <= 6; ++position) {
    events.push_back(MakeEvent(Event::CONTACT_FOUND, position));
  }

  EXPECT_THAT(FiredPositions(index, FrameOf(events)), ElementsAre(3, 4));
}

TEST(MatcherTest, AnOpenRevisionHasNoEnd) {
  const MatchIndex index = IndexOf({MakeRevision(1, Template::kNewMember, 2)});

  EXPECT_THAT(FiredPositions(index, FrameOf({MakeEvent(Event::CONTACT_FOUND, 1'000'000)})),
              ElementsAre(1'000'000));
}

TEST(MatcherTest, AnUpdatedWorkflowFiresOnceForEachEventByTheValuesOfItsTime) {
  Revision before = MakeRevision(1, Template::kNewMember, 0, 1);
  Revision after = MakeRevision(1, Template::kNewMember, 1);
  after.webhook = 99;
  after.display_name = "renamed";
  const MatchIndex index = IndexOf({after, before});
  Frame frame = FrameOf({MakeEvent(Event::CONTACT_FOUND, 1), MakeEvent(Event::CONTACT_FOUND, 2)});

  const Messages messages = Match(index, frame);

  ASSERT_EQ(messages.size(), 2);
  ASSERT_EQ(messages[0].targets_size(), 1);
  EXPECT_EQ(messages[0].targets(0).webhook(), "communities/7/webhooks/10");
  EXPECT_EQ(messages[0].targets(0).workflow_display_name(), "w1");
  ASSERT_EQ(messages[1].targets_size(), 1);
  EXPECT_EQ(messages[1].targets(0).webhook(), "communities/7/webhooks/99");
  EXPECT_EQ(messages[1].targets(0).workflow(), "communities/7/workflows/1");
  EXPECT_EQ(messages[1].targets(0).workflow_display_name(), "renamed");
}

TEST(MatcherTest, OtherCommunitiesAndTemplatesStayOut) {
  const MatchIndex index = IndexOf({MakeRevision(1, Template::kNewMember, 0)});

  EXPECT_THAT(FiredPositions(index, FrameOf({
                                        MakeEvent(Event::CONTACT_FOUND, 1, kCommunity + 1),
                                        MakeEvent(Event::ORGANIZATION_FOUND, 2),
                                        MakeEvent(Event::CONTACT_UPDATED, 3),
                                    })),
              ElementsAre());
}

TEST(MatcherTest, EveryWorkflowOfATemplateIsATargetInTheOrderOfIds) {
  const MatchIndex index = IndexOf({MakeRevision(3, Template::kNewActivity, 0),
                                    MakeRevision(1, Template::kNewActivity, 0),
                                    MakeRevision(2, Template::kNewMember, 0)});
  Event event = MakeEvent(Event::ACTIVITY_FOUND, 1);
  event.mutable_activity()->set_title("a title");
  Frame frame = FrameOf({event});

  const Messages messages = Match(index, frame);

  ASSERT_EQ(messages.size(), 1);
  ASSERT_EQ(messages[0].targets_size(), 2);
  EXPECT_EQ(messages[0].targets(0).workflow(), "communities/7/workflows/1");
  EXPECT_EQ(messages[0].targets(1).workflow(), "communities/7/workflows/3");
  EXPECT_EQ(messages[0].event().SerializeAsString(), event.SerializeAsString());
}

TEST(SplitIntoBatchesTest, WithoutMessagesThereIsNoBatch) {
  EXPECT_TRUE(SplitIntoBatches({}, 9, {}).empty());
}

TEST(SplitIntoBatchesTest, WhatFitsIsOneBatchUpToTheEndOfTheFrame) {
  const std::vector<Batch> batches = SplitIntoBatches(MessagesWithTargets({1, 2}), 9, {2, 3});

  ASSERT_EQ(batches.size(), 1u);
  EXPECT_EQ(batches[0].messages.size(), 2);
  EXPECT_EQ(batches[0].next_position, 9);
}

TEST(SplitIntoBatchesTest, ABatchIsFullByMessages) {
  const std::vector<Batch> batches = SplitIntoBatches(MessagesWithTargets({1, 1, 1}), 9, {2, 100});

  ASSERT_EQ(batches.size(), 2u);
  EXPECT_EQ(batches[0].messages.size(), 2);
  EXPECT_EQ(batches[0].next_position, 2);
  EXPECT_EQ(batches[1].messages.size(), 1);
  EXPECT_EQ(batches[1].next_position, 9);
}

TEST(SplitIntoBatchesTest, ABatchIsFullByTargetsAndAnEventStaysWhole) {
  const std::vector<Batch> batches =
      SplitIntoBatches(MessagesWithTargets({4, 5, 2, 10}), 4, {100, 10});

  ASSERT_EQ(batches.size(), 3u);
  EXPECT_EQ(batches[0].next_position, 2);
  EXPECT_EQ(batches[1].next_position, 3);
  EXPECT_EQ(batches[2].next_position, 4);
  EXPECT_EQ(batches[2].messages[0].targets_size(), 10);
}

}  // namespace
}  // namespace crier::evaluator
