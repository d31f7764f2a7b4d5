// Where accepted deliveries are stored.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_INTAKE_STORE_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_INTAKE_STORE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/message_id.h"
#include "services/delivery/domain/delivery.h"

namespace crier::delivery {

// A message with its deliveries, which share one stored snapshot of the event.
struct NewMessage {
  struct Target {
    DeliveryId id;
    WorkflowRef workflow;
    // When the first attempt is due, if later than those of the intake.
    std::optional<absl::Time> due_time = std::nullopt;
  };

  MessageId snapshot_id;
  std::shared_ptr<const entity::v1::Event> event;
  std::vector<Target> targets;  // at least one
};

// A person, or a whole community, whose data must go.
struct Erasure {
  int64_t community = 0;
  int64_t contact = 0;  // 0: the whole community

  friend bool operator==(const Erasure& a, const Erasure& b) {
    return a.community == b.community && a.contact == b.contact;
  }
};

// What one call adds to the queue.
struct Intake {
  std::string producer;
  int64_t expected_position = 0;
  int64_t next_position = 0;
  absl::Time due_time;  // of the first attempts, unless a target says otherwise
  std::vector<NewMessage> messages;
  // To be carried out by an Eraser once this is stored.
  std::vector<Erasure> erasures;
  // Webhooks whose shards other replicas work on: they are told by the same commit.
  std::vector<WebhookId> announce;
};

// Implementations are thread-safe. Every method waits until its deadline at most, and answers
// UNAVAILABLE when the database is away.
class IntakeStore {
 public:
  virtual ~IntakeStore() = default;

  // Moves the producer from `expected_position` to `next_position` and stores the messages and the
  // erasures, all or nothing. PositionMismatchError when the producer stands elsewhere: of several
  // callers with the same expected position exactly one wins. Any other error leaves open whether
  // it was stored.
  virtual absl::Status Enqueue(const Intake& intake, absl::Time deadline) = 0;

  // Tells the other replicas that there are deliveries of these webhooks.
  virtual absl::Status Announce(const std::vector<WebhookId>& webhooks, absl::Time deadline) = 0;

  // 0 for a producer that never enqueued.
  virtual absl::StatusOr<int64_t> ProducerPosition(absl::string_view producer,
                                                   absl::Time deadline) = 0;
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_INTAKE_STORE_H_
