// Deliveries: messages on their way to webhooks.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_DELIVERY_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_DELIVERY_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/base/message_id.h"
#include "crier/entity/v1/event.pb.h"
#include "services/delivery/domain/attempts/sender.h"
#include "services/delivery/domain/payloads/payload.h"
#include "services/delivery/domain/webhooks/webhook.h"

namespace crier::delivery {

// Which message, to which webhook. `message` alone is unique; it is the `webhook-id` that the
// receiver sees.
struct DeliveryId {
  WebhookId webhook;
  MessageId message;

  friend bool operator==(const DeliveryId& a, const DeliveryId& b) {
    return a.webhook == b.webhook && a.message == b.message;
  }
};

// What the payload is made from. It never changes, so every attempt sends the same bytes unless the
// webhook's settings have changed.
struct DeliveryContent {
  // The bytes of crier.entity.v1.Event; of a notice, the finished payload. Shared by all targets of
  // a message.
  std::shared_ptr<const std::string> snapshot;
  WorkflowRef workflow;
  bool is_notice = false;
};

// A delivery that waits for its next attempt.
struct QueuedDelivery {
  DeliveryId id;
  int attempt_count = 0;  // attempts made so far
  // Of these, how many were made before the schedule of retries began anew.
  int attempts_before = 0;
  // Greater whenever somebody wants it to be sent again while it is queued, or was until it was
  // cancelled; 0 when nobody did.
  int redeliveries = 0;
  absl::Time due_time;
  // Unset when it was left in the database to save memory.
  std::optional<DeliveryContent> content;
};

// Where a delivery stands. The numbers are stored.
enum class DeliveryState {
  kPending = 1,    // it waits for an attempt
  kSucceeded = 2,  // the receiver has accepted it
  kExhausted = 3,  // every attempt of the schedule has failed
  kCancelled = 4,  // it was given up before
};

// One try to deliver.
struct Attempt {
  int number = 0;  // from 1
  Exchange exchange;
};

// All that is known of a delivery, for people.
struct DeliveryRecord {
  DeliveryId id;
  int64_t workflow_id = 0;
  entity::v1::Event::Kind event_kind = entity::v1::Event::KIND_UNSPECIFIED;
  DeliveryState state = DeliveryState::kPending;
  std::vector<Attempt> attempts;                // in order
  std::optional<absl::Time> next_attempt_time;  // while pending
  absl::Time event_accept_time;
  bool erased = false;  // the contact's data is gone: nothing is left to send
  absl::Time create_time() const { return id.message.time(); }
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_DELIVERY_H_
