#include "services/delivery/domain/errors.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "services/delivery/domain/webhooks/webhook_state.h"

namespace crier::delivery {

absl::Status WebhookNotFoundError(const WebhookId& id) {
  return NamedError(absl::StatusCode::kNotFound, "WEBHOOK_NOT_FOUND",
                    absl::StrCat(api::ResourceName(api::kWebhooks, id), " does not exist"));
}

absl::Status EtagMismatchError() {
  return NamedError(absl::StatusCode::kAborted, "ETAG_MISMATCH",
                    "the webhook has changed since the etag was read; get it and try again");
}

absl::Status SecretsUnreadableError() {
  return NamedError(absl::StatusCode::kFailedPrecondition, "SECRETS_UNREADABLE",
                    "the secrets of the webhook cannot be read; the operator must restore the key "
                    "that they were stored under");
}

absl::Status TooManySigningKeysError() {
  return NamedError(absl::StatusCode::kFailedPrecondition, "TOO_MANY_SIGNING_KEYS",
                    "the webhook has 10 signing keys; revoke one, or wait until one expires");
}

absl::Status SigningKeyNotFoundError(int number) {
  return NamedError(absl::StatusCode::kNotFound, "SIGNING_KEY_NOT_FOUND",
                    absl::StrCat("the webhook has no signing key ", number));
}

absl::Status LastSigningKeyError() {
  return NamedError(absl::StatusCode::kFailedPrecondition, "LAST_SIGNING_KEY",
                    "this is the last key of the webhook that does not expire; rotate it, with an "
                    "`overlap` of 0s to end it at once");
}

absl::Status WebhookStateError(const Webhook& webhook, absl::string_view remedy) {
  const std::string state(StateName(webhook.state));
  return NamedError(
      absl::StatusCode::kFailedPrecondition, "WEBHOOK_STATE",
      absl::StrCat(api::ResourceName(api::kWebhooks, webhook.id), " is ", state, "; ", remedy),
      {{"state", state}});
}

absl::Status RequestIdSpentError() {
  return NamedError(absl::StatusCode::kAlreadyExists, "REQUEST_ID_SPENT",
                    "request_id belongs to a webhook that was deleted; use a new one");
}

absl::Status DeliveryNotFoundError(absl::string_view name) {
  return NamedError(absl::StatusCode::kNotFound, "DELIVERY_NOT_FOUND",
                    absl::StrCat(name, " does not exist"));
}

absl::Status DeliveryErasedError() {
  return NamedError(absl::StatusCode::kFailedPrecondition, "DELIVERY_ERASED",
                    "the data of the contact in the delivery was erased; there is nothing to send");
}

absl::Status DeliveryNotPendingError() {
  return NamedError(absl::StatusCode::kFailedPrecondition, "DELIVERY_NOT_PENDING",
                    "the delivery is over; only one that waits for an attempt can be cancelled");
}

absl::Status RecoveryNotFoundError(int64_t community, int64_t id) {
  return NamedError(
      absl::StatusCode::kNotFound, "RECOVERY_NOT_FOUND",
      absl::StrCat(api::ResourceName(api::kRecoveries, {community, id}), " does not exist"));
}

absl::Status RecoveryFinishedError(int64_t community, int64_t id) {
  return NamedError(absl::StatusCode::kFailedPrecondition, "RECOVERY_FINISHED",
                    absl::StrCat(api::ResourceName(api::kRecoveries, {community, id}),
                                 " has ended already; there is nothing to cancel"));
}

absl::Status PositionMismatchError(int64_t actual_position) {
  return NamedError(
      absl::StatusCode::kAborted, "POSITION_MISMATCH",
      absl::StrCat("the producer stands at position ", actual_position, "; go on from there"),
      {{"actual_position", std::to_string(actual_position)}});
}

absl::Status ExpiredInQueueError() {
  return NamedError(absl::StatusCode::kDeadlineExceeded, "EXPIRED_IN_QUEUE",
                    "the deadline passed in the queue; nothing was stored");
}

}  // namespace crier::delivery
