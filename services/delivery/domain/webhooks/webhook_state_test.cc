#include "services/delivery/domain/webhooks/webhook_state.h"

#include <tuple>

#include "absl/time/clock.h"
#include "common/status/errors.h"
#include "gtest/gtest.h"

namespace crier::delivery {
namespace {

Webhook InState(WebhookState state) {
  Webhook webhook;
  webhook.id = {7, 3};
  webhook.state = state;
  if (state == WebhookState::kDisabled) webhook.disable_reason = DisableReason::kManual;
  return webhook;
}

TEST(WebhookStateTest, StepsLeadToTheWantedState) {
  const absl::Time now = absl::FromUnixSeconds(1'700'000'000);
  for (const auto& [action, from, to] : {
           std::tuple(StateAction::kPause, WebhookState::kEnabled, WebhookState::kPaused),
           std::tuple(StateAction::kResume, WebhookState::kPaused, WebhookState::kEnabled),
           std::tuple(StateAction::kDisable, WebhookState::kEnabled, WebhookState::kDisabled),
           std::tuple(StateAction::kDisable, WebhookState::kPaused, WebhookState::kDisabled),
           std::tuple(StateAction::kEnable, WebhookState::kDisabled, WebhookState::kEnabled),
       }) {
    Webhook webhook = InState(from);

    const absl::StatusOr<bool> changed = ApplyAction(action, now, webhook);

    ASSERT_TRUE(changed.ok()) << changed.status();
    EXPECT_TRUE(*changed);
    EXPECT_EQ(webhook.state, to);
    EXPECT_EQ(webhook.disable_reason,
              to == WebhookState::kDisabled ? DisableReason::kManual : DisableReason::kNone);
    EXPECT_EQ(webhook.state_change_time, now);
    EXPECT_EQ(webhook.update_time, now);
  }
}

TEST(WebhookStateTest, WhereTheStepLeadsToAlreadyNothingChanges) {
  for (const auto& [action, state] : {std::pair(StateAction::kPause, WebhookState::kPaused),
                                      std::pair(StateAction::kResume, WebhookState::kEnabled),
                                      std::pair(StateAction::kDisable, WebhookState::kDisabled),
                                      std::pair(StateAction::kEnable, WebhookState::kEnabled)}) {
    Webhook webhook = InState(state);

    const absl::StatusOr<bool> changed = ApplyAction(action, absl::Now(), webhook);

    ASSERT_TRUE(changed.ok()) << changed.status();
    EXPECT_FALSE(*changed);
    EXPECT_EQ(webhook.state_change_time, std::nullopt);
    EXPECT_EQ(webhook.disable_reason, InState(state).disable_reason);
  }
}

TEST(WebhookStateTest, SendingAgainForgetsTheFailures) {
  for (const auto& [action, from] : {std::pair(StateAction::kResume, WebhookState::kPaused),
                                     std::pair(StateAction::kEnable, WebhookState::kDisabled)}) {
    Webhook webhook = InState(from);
    webhook.failing.emplace();

    ASSERT_TRUE(ApplyAction(action, absl::Now(), webhook).ok());

    EXPECT_EQ(webhook.failing, std::nullopt);
  }
}

TEST(WebhookStateTest, OtherStepsAreRefusedWithTheWayThatLeadsOn) {
  for (const auto& [action, from, message] : {
           std::tuple(StateAction::kPause, WebhookState::kDisabled,
                      "communities/7/webhooks/3 is DISABLED; enable it instead"),
           std::tuple(StateAction::kResume, WebhookState::kDisabled,
                      "communities/7/webhooks/3 is DISABLED; enable it instead"),
           std::tuple(StateAction::kEnable, WebhookState::kPaused,
                      "communities/7/webhooks/3 is PAUSED; resume it instead"),
       }) {
    Webhook webhook = InState(from);

    const absl::Status status = ApplyAction(action, absl::Now(), webhook).status();

    EXPECT_EQ(ErrorReason(status), "WEBHOOK_STATE");
    EXPECT_EQ(status.message(), message);
    EXPECT_EQ(webhook.state, from);
  }
}

}  // namespace
}  // namespace crier::delivery
