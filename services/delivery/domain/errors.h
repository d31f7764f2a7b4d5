// The named failures of the delivery service; reasons and metadata are part of the API.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_ERRORS_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_ERRORS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "services/delivery/domain/webhooks/webhook.h"

namespace crier::delivery {

// NOT_FOUND, reason WEBHOOK_NOT_FOUND.
absl::Status WebhookNotFoundError(const WebhookId& id);

// ABORTED, reason ETAG_MISMATCH: the webhook changed since the caller read it.
absl::Status EtagMismatchError();

// FAILED_PRECONDITION, reason SECRETS_UNREADABLE: the key ring lacks the key that a webhook's
// secrets are under; the operator knows more.
absl::Status SecretsUnreadableError();

// FAILED_PRECONDITION, reason TOO_MANY_SIGNING_KEYS.
absl::Status TooManySigningKeysError();

// NOT_FOUND, reason SIGNING_KEY_NOT_FOUND.
absl::Status SigningKeyNotFoundError(int number);

// FAILED_PRECONDITION, reason LAST_SIGNING_KEY: without the key nothing would be signed any more,
// now or later.
absl::Status LastSigningKeyError();

// FAILED_PRECONDITION, reason WEBHOOK_STATE, metadata `state`: what the caller wants cannot be done
// in the state that the webhook is in. `remedy` completes "… is PAUSED; ".
absl::Status WebhookStateError(const Webhook& webhook, absl::string_view remedy);

// ALREADY_EXISTS, reason REQUEST_ID_SPENT: the webhook made with this request id was deleted.
absl::Status RequestIdSpentError();

// NOT_FOUND, reason DELIVERY_NOT_FOUND. `name` is the resource name that was asked for.
absl::Status DeliveryNotFoundError(absl::string_view name);

// FAILED_PRECONDITION, reason DELIVERY_ERASED: the data in the payload was erased.
absl::Status DeliveryErasedError();

// FAILED_PRECONDITION, reason DELIVERY_NOT_PENDING.
absl::Status DeliveryNotPendingError();

// NOT_FOUND, reason RECOVERY_NOT_FOUND.
absl::Status RecoveryNotFoundError(int64_t community, int64_t id);

// FAILED_PRECONDITION, reason RECOVERY_FINISHED: it cannot be cancelled any more.
absl::Status RecoveryFinishedError(int64_t community, int64_t id);

// ABORTED, reason POSITION_MISMATCH, metadata `actual_position`: the producer stands elsewhere.
absl::Status PositionMismatchError(int64_t actual_position);

// DEADLINE_EXCEEDED, reason EXPIRED_IN_QUEUE: the caller's time was up before its call was begun.
absl::Status ExpiredInQueueError();

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_ERRORS_H_
