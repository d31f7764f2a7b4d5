// How replicas tell each other of deliveries that they have stored.
#ifndef CRIER_SERVICES_DELIVERY_STORAGE_QUEUE_NOTICES_H_
#define CRIER_SERVICES_DELIVERY_STORAGE_QUEUE_NOTICES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/pg/transaction.h"
#include "services/delivery/domain/webhooks/webhook.h"

namespace crier::delivery::storage {

// The channel of a schema.
std::string QueueChannel(absl::string_view schema);

// Payloads that name the webhooks, each within what NOTIFY takes.
std::vector<std::string> EncodeNotices(const std::vector<WebhookId>& webhooks);

// Tells the replicas, when the transaction commits, that there are deliveries of these webhooks.
// All notifications of a transaction take the cluster-wide lock of its commit once.
absl::Status NotifyQueue(pg::Transaction& transaction, absl::string_view schema,
                         const std::vector<WebhookId>& webhooks);

// Tells them that the webhook or its queue was changed by somebody who wants to see what comes of
// it.
absl::Status NotifyTryNow(pg::Transaction& transaction, absl::string_view schema,
                          const WebhookId& webhook);

// The webhooks of a payload; what is not understood is left out.
std::vector<WebhookId> DecodeNotice(absl::string_view payload);

// Whether they are to be tried now.
bool IsTryNow(absl::string_view payload);

}  // namespace crier::delivery::storage

#endif  // CRIER_SERVICES_DELIVERY_STORAGE_QUEUE_NOTICES_H_
