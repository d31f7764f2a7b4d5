// A WebhookStore in memory, for tests.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_FAKES_FAKE_WEBHOOK_STORE_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_FAKES_FAKE_WEBHOOK_STORE_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "services/delivery/domain/webhooks/webhook_store.h"

namespace crier::delivery {

// Thread-safe. Passes webhook_store_conformance.
class FakeWebhookStore : public WebhookStore {
 public:
  absl::StatusOr<Webhook> Create(const Webhook& webhook, absl::string_view request_id,
                                 absl::Time deadline) override;
  absl::StatusOr<Webhook> Get(const WebhookId& id, absl::Time deadline) override;
  absl::StatusOr<std::vector<std::shared_ptr<const Webhook>>> GetMany(
      const std::vector<WebhookId>& ids, absl::Time deadline) override;
  absl::StatusOr<std::vector<std::optional<WebhookState>>> States(const std::vector<WebhookId>& ids,
                                                                  absl::Time deadline) override;
  absl::StatusOr<std::vector<Webhook>> List(int64_t community, int64_t after, int limit,
                                            absl::Time deadline) override;
  absl::StatusOr<Webhook> Update(const WebhookId& id, absl::string_view etag,
                                 const std::function<void(Webhook&)>& change,
                                 absl::Time deadline) override;
  absl::StatusOr<Webhook> UpdateKeys(const WebhookId& id, absl::string_view etag,
                                     const std::function<absl::StatusOr<bool>(Webhook&)>& change,
                                     absl::Time deadline) override;
  absl::StatusOr<StateChange> ChangeState(const WebhookId& id, absl::string_view etag,
                                          StateAction action, absl::Time now,
                                          absl::Time deadline) override;
  absl::StatusOr<int> Delete(const WebhookId& id, absl::string_view etag,
                             absl::Time deadline) override;

  // From now on every method fails with `status`; OK ends it.
  void FailWith(absl::Status status);

  // How many pending deliveries the next cancellation finds; at first none.
  void SetPending(int count);

  // How many webhooks there are.
  size_t size() const;

 private:
  using Key = std::pair<int64_t, int64_t>;  // community and webhook

  // The webhook, if it is there and has the etag; the failure of the store comes first.
  absl::StatusOr<Webhook*> Find(const WebhookId& id, absl::string_view etag)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  int64_t last_id_ ABSL_GUARDED_BY(mutex_) = 0;
  int pending_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<Key, Webhook> webhooks_ ABSL_GUARDED_BY(mutex_);
  std::map<std::pair<int64_t, std::string>, int64_t> request_ids_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_FAKES_FAKE_WEBHOOK_STORE_H_
