// What attempts and their owners change of stored webhooks: state and failing spell.
#ifndef CRIER_SERVICES_DELIVERY_STORAGE_WEBHOOK_STATE_H_
#define CRIER_SERVICES_DELIVERY_STORAGE_WEBHOOK_STATE_H_

#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/pg/transaction.h"
#include "services/delivery/domain/webhooks/webhook.h"

namespace crier::delivery::storage {

// The columns `failing_since`, `failing_counted_time`, `failing_counted_us` and `failing_told`,
// from the column `first` on.
std::optional<FailingSpell> ReadFailing(const pg::Rows::Row& row, int first);

// The same as parameters.
void AddFailing(const Webhook& webhook, pg::Params& params);

// Stores state, version and failing spell of a webhook that the transaction has locked.
absl::Status StoreState(pg::Transaction& transaction, const Webhook& webhook);

// Locks webhooks until the transaction ends, in an order of its own, and returns what there is of
// them: only what Apply() of webhook_health.h reads and StoreState() stores. Those that are deleted
// are left out. Who changes both webhooks and rows of the queue locks the webhooks first: so nobody
// has one and waits for the other the wrong way round.
absl::StatusOr<std::vector<Webhook>> LockStates(pg::Transaction& transaction,
                                                const std::vector<WebhookId>& ids);

}  // namespace crier::delivery::storage

#endif  // CRIER_SERVICES_DELIVERY_STORAGE_WEBHOOK_STATE_H_
