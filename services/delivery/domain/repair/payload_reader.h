// What was sent to receivers, for people to read.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_REPAIR_PAYLOAD_READER_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_REPAIR_PAYLOAD_READER_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/delivery/domain/queue/queue_store.h"
#include "services/delivery/domain/webhooks/webhook_store.h"

namespace crier::delivery {

// Thread-safe.
class PayloadReader {
 public:
  // The stores must outlive the reader. `app_base_url` is as RenderPayload takes it.
  PayloadReader(QueueStore& contents, WebhookStore& webhooks, std::string app_base_url)
      : contents_(contents), webhooks_(webhooks), app_base_url_(std::move(app_base_url)) {}

  // The payload of a delivery as its webhook would get it now. Empty when there is none any more:
  // its content was erased or dropped, or its webhook deleted.
  absl::StatusOr<std::string> Read(const DeliveryId& id, absl::Time deadline) const;

 private:
  QueueStore& contents_;
  WebhookStore& webhooks_;
  const std::string app_base_url_;
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_REPAIR_PAYLOAD_READER_H_
