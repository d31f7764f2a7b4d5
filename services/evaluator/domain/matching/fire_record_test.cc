#include "services/evaluator/domain/matching/fire_record.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/api/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::evaluator {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const absl::Time kTime = absl::FromUnixSeconds(1'700'000'000);

// An event at a time, with a target for each pair of workflow and webhook.
void AddMessage(absl::Time time, const std::vector<std::pair<int, int>>& targets,
                Messages& messages) {
  auto& message = *messages.Add();
  *message.mutable_event()->mutable_accept_time() = api::ToProto(time);
  for (const auto& [workflow, webhook] : targets) {
    auto& target = *message.add_targets();
    target.set_workflow(absl::StrCat("communities/1/workflows/", workflow));
    target.set_webhook(absl::StrCat("communities/1/webhooks/", webhook));
  }
}

TEST(FireRecordTest, CountsByWorkflowUntilTaken) {
  FireRecord record;
  Messages messages;
  AddMessage(kTime, {{1, 5}, {2, 5}}, messages);
  AddMessage(kTime + absl::Seconds(1), {{2, 5}}, messages);

  record.HandedOver(messages, {});

  const std::vector<FireCount> counts = record.TakeCounts();
  ASSERT_EQ(counts.size(), 2u);
  EXPECT_EQ(counts[0].workflow, (WorkflowId{1, 1}));
  EXPECT_EQ(counts[0].statistics, (Statistics{1, 1, kTime}));
  EXPECT_EQ(counts[1].workflow, (WorkflowId{1, 2}));
  EXPECT_EQ(counts[1].statistics, (Statistics{2, 2, kTime + absl::Seconds(1)}));
  EXPECT_THAT(record.TakeCounts(), IsEmpty());
}

TEST(FireRecordTest, WhatWasDroppedMatchedAndIsNotEnqueued) {
  int told = 0;
  FireRecord record([&told] { ++told; });
  Messages messages;
  AddMessage(kTime, {{1, 5}, {2, 6}}, messages);

  record.HandedOver(messages, {{1, 6}});

  const std::vector<FireCount> counts = record.TakeCounts();
  ASSERT_EQ(counts.size(), 2u);
  EXPECT_EQ(counts[0].statistics, (Statistics{1, 1, kTime}));
  EXPECT_EQ(counts[1].statistics, (Statistics{1, 0, kTime}));
  EXPECT_EQ(told, 1);
  EXPECT_THAT(record.TakeMissing(), ElementsAre(WebhookId{1, 6}));
  EXPECT_THAT(record.TakeMissing(), IsEmpty());
}

}  // namespace
}  // namespace crier::evaluator
