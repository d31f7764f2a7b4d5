// How a webhook gets from one state to another.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOKS_WEBHOOK_STATE_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOKS_WEBHOOK_STATE_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/delivery/domain/webhooks/webhook.h"

namespace crier::delivery {

// What a caller may ask for.
enum class StateAction {
  kPause,       // from enabled to paused
  kResume,      // and back, with its failures forgotten
  kDisable,     // from enabled or paused to disabled
  kEnable,      // and back to enabled, with its failures forgotten
  kEnableAnew,  // likewise, and what is pending for it is cancelled
};

// Takes the webhook to the state that the action leads to. False, and nothing changes, when it is
// in that state already; WebhookStateError when no such step leads there from the state that it is
// in.
absl::StatusOr<bool> ApplyAction(StateAction action, absl::Time now, Webhook& webhook);

// Disables an enabled or paused webhook.
void Disable(DisableReason reason, absl::Time now, Webhook& webhook);

// The name that a reason has in the API; empty for kNone.
absl::string_view DisableReasonName(DisableReason reason);

// The name that a state has in the API.
absl::string_view StateName(WebhookState state);

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOKS_WEBHOOK_STATE_H_
