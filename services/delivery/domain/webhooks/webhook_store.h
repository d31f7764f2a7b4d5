// Where webhooks are kept.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOKS_WEBHOOK_STORE_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOKS_WEBHOOK_STORE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/delivery/domain/webhooks/webhook.h"
#include "services/delivery/domain/webhooks/webhook_state.h"

namespace crier::delivery {

// A webhook after a change of its state, and how many of its pending deliveries that cancelled.
struct StateChange {
  Webhook webhook;
  int cancelled = 0;
};

// Implementations are thread-safe and pass webhook_store_conformance. Every method waits until its
// deadline at most, and answers UNAVAILABLE when the database is away; the named failures are those
// of errors.h. What a method returned OK for is durable.
class WebhookStore {
 public:
  virtual ~WebhookStore() = default;

  // Stores a new webhook, whose id and version are assigned here. A `request_id` that is not empty
  // is used once in a community: a later call with it, or one at the same time, stores nothing and
  // returns the webhook that the first one created, as it is now. RequestIdSpentError when that one
  // has been deleted.
  virtual absl::StatusOr<Webhook> Create(const Webhook& webhook, absl::string_view request_id,
                                         absl::Time deadline) = 0;

  // WebhookNotFoundError when there is none, or it was deleted.
  virtual absl::StatusOr<Webhook> Get(const WebhookId& id, absl::Time deadline) = 0;

  // The webhooks in the order asked for; null in place of one that is unknown or deleted. Never
  // what was before a change that had returned when this call began.
  virtual absl::StatusOr<std::vector<std::shared_ptr<const Webhook>>> GetMany(
      const std::vector<WebhookId>& ids, absl::Time deadline) = 0;

  // The current states in the order asked for; nothing for a webhook that is unknown or deleted.
  // Reads nothing but a key and a number for each.
  virtual absl::StatusOr<std::vector<std::optional<WebhookState>>> States(
      const std::vector<WebhookId>& ids, absl::Time deadline) = 0;

  // Up to `limit` webhooks of the community whose id is above `after`, in the order of ids, which
  // is that of creation.
  virtual absl::StatusOr<std::vector<Webhook>> List(int64_t community, int64_t after, int limit,
                                                    absl::Time deadline) = 0;

  // Applies `change` to the webhook as it is now and stores the result with the next version; no
  // other change comes in between. `change` may run more than once, and must not touch id, version
  // or keys. WebhookNotFoundError; EtagMismatchError when `etag` is neither empty nor current.
  // Secrets that cannot be read stay as they are stored, unless they are changed.
  virtual absl::StatusOr<Webhook> Update(const WebhookId& id, absl::string_view etag,
                                         const std::function<void(Webhook&)>& change,
                                         absl::Time deadline) = 0;

  // As Update, but for the signing keys: `change` may touch nothing else. When it returns false or
  // an error, nothing is stored, and the webhook as it is or the error returned.
  // SecretsUnreadableError when the keys cannot be read.
  virtual absl::StatusOr<Webhook> UpdateKeys(
      const WebhookId& id, absl::string_view etag,
      const std::function<absl::StatusOr<bool>(Webhook&)>& change, absl::Time deadline) = 0;

  // Applies ApplyAction to the webhook as Update does a change, at `now`; a webhook that is in the
  // wanted state already is returned as it is. When that disables it, the operational webhooks of
  // its community get a notice. When that enables it, the replica that works on its shard is told
  // to look for what is pending, which kEnableAnew cancels before. All in one transaction. Errors
  // as for Update, and those of ApplyAction.
  virtual absl::StatusOr<StateChange> ChangeState(const WebhookId& id, absl::string_view etag,
                                                  StateAction action, absl::Time now,
                                                  absl::Time deadline) = 0;

  // Removes the webhook with its secrets and cancels its pending deliveries, in one transaction.
  // Returns how many there were. Errors as for Update.
  virtual absl::StatusOr<int> Delete(const WebhookId& id, absl::string_view etag,
                                     absl::Time deadline) = 0;
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOKS_WEBHOOK_STORE_H_
