// What is read of deliveries after they were taken, and before their attempts begin.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_DISPATCH_CLAIM_READER_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_DISPATCH_CLAIM_READER_H_

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "services/delivery/domain/queue/queue_store.h"
#include "services/delivery/domain/queue/shard_scheduler.h"
#include "services/delivery/domain/webhooks/webhook_store.h"

namespace crier::delivery {

// What was read of one claim.
struct ClaimReading {
  std::shared_ptr<const Webhook> webhook;  // shared by the claims of one; null where there is none
  bool cancelled = false;                  // off the queue by now, though it was in memory
};

// Thread-safe. Webhooks are asked for anew for every handful of deliveries, and are kept for no
// longer: so an attempt that begins after UpdateWebhook returned cannot use older settings,
// whichever replica took the call and whatever was notified. It costs one statement by primary key
// for up to a hundred attempts; what belongs to the versions of the rows the store remembers.
class ClaimReader {
 public:
  // All of it must outlive the reader.
  ClaimReader(QueueStore& queue, WebhookStore& webhooks, const Clock& clock)
      : queue_(queue), webhooks_(webhooks), clock_(clock) {}

  // One reading for each claim, in their order; also gives the claims the contents that they lack.
  // UNAVAILABLE and the like when the database did not answer.
  absl::StatusOr<std::vector<ClaimReading>> Read(std::vector<Claim>& claims);

 private:
  absl::Status LoadContents(std::vector<Claim>& claims);
  absl::Status LoadWebhooks(const std::vector<Claim>& claims, std::vector<ClaimReading>& readings);
  // Asks for those claims only that a webhook gives reason to: usually none.
  absl::Status FindCancelled(const std::vector<Claim>& claims, std::vector<ClaimReading>& readings);

  QueueStore& queue_;
  WebhookStore& webhooks_;
  const Clock& clock_;
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_DISPATCH_CLAIM_READER_H_
