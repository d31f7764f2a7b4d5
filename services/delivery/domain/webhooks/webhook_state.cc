#include "services/delivery/domain/webhooks/webhook_state.h"

#include "services/delivery/domain/errors.h"

namespace crier::delivery {
namespace {

void Enter(WebhookState state, DisableReason reason, absl::Time now, Webhook& webhook) {
  webhook.state = state;
  webhook.disable_reason = reason;
  webhook.state_change_time = now;
  webhook.update_time = now;
  if (state == WebhookState::kEnabled) webhook.failing.reset();
}

}  // namespace

absl::StatusOr<bool> ApplyAction(StateAction action, absl::Time now, Webhook& webhook) {
  const WebhookState from = webhook.state;
  switch (action) {
    case StateAction::kPause:
      if (from == WebhookState::kPaused) return false;
      if (from == WebhookState::kDisabled) return WebhookStateError(webhook, "enable it instead");
      Enter(WebhookState::kPaused, DisableReason::kNone, now, webhook);
      return true;
    case StateAction::kResume:
      if (from == WebhookState::kEnabled) return false;
      if (from == WebhookState::kDisabled) return WebhookStateError(webhook, "enable it instead");
      Enter(WebhookState::kEnabled, DisableReason::kNone, now, webhook);
      return true;
    case StateAction::kDisable:
      if (from == WebhookState::kDisabled) return false;
      Disable(DisableReason::kManual, now, webhook);
      return true;
    case StateAction::kEnable:
    case StateAction::kEnableAnew:
      if (from == WebhookState::kEnabled) return false;
      if (from == WebhookState::kPaused) return WebhookStateError(webhook, "resume it instead");
      Enter(WebhookState::kEnabled, DisableReason::kNone, now, webhook);
      return true;
  }
}

void Disable(DisableReason reason, absl::Time now, Webhook& webhook) {
  Enter(WebhookState::kDisabled, reason, now, webhook);
}

absl::string_view DisableReasonName(DisableReason reason) {
  switch (reason) {
    case DisableReason::kNone:
      return "";
    case DisableReason::kManual:
      return "MANUAL";
    case DisableReason::kGone:
      return "GONE";
    case DisableReason::kFailing:
      return "FAILING";
  }
}

absl::string_view StateName(WebhookState state) {
  switch (state) {
    case WebhookState::kEnabled:
      return "ENABLED";
    case WebhookState::kPaused:
      return "PAUSED";
    case WebhookState::kDisabled:
      return "DISABLED";
  }
}

}  // namespace crier::delivery
