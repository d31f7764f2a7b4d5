// Where accepted deliveries are stored.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_INTAKE_STORE_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_INTAKE_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/base/message_id.h"
#include "common/status/macros.h"
#include "services/delivery/domain/payloads/event_snapshot.h"
#include "services/delivery/domain/queue/delivery.h"

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
  EventSnapshot event;
  std::vector<Target> targets;  // at least one, of the community of the event
};

// A person, or a whole community, whose data must go.
struct Erasure {
  int64_t community = 0;
  int64_t contact = 0;   // 0: the whole community
  int64_t activity = 0;  // only what tells of it, unless 0

  friend bool operator==(const Erasure& a, const Erasure& b) {
    return a.community == b.community && a.contact == b.contact && a.activity == b.activity;
  }
  friend bool operator<(const Erasure& a, const Erasure& b) {
    return std::tie(a.community, a.contact, a.activity) <
           std::tie(b.community, b.contact, b.activity);
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

  // Takes several intakes, no two of one producer, in one transaction. Each moves its producer from
  // `expected_position` to `next_position` and stores its messages and erasures, all or nothing; or
  // gets PositionMismatchError, because the producer stands elsewhere, which is nothing to the
  // others. Of several callers with the same expected position exactly one wins. Returns what
  // became of each, in order. An error in place of that leaves open whether they were stored.
  virtual absl::StatusOr<std::vector<absl::Status>> Enqueue(absl::Span<const Intake> intakes,
                                                            absl::Time deadline) = 0;

  // As above, of one.
  absl::Status Enqueue(const Intake& intake, absl::Time deadline);

  // Tells the other replicas that there are deliveries of these webhooks.
  virtual absl::Status Announce(const std::vector<WebhookId>& webhooks, absl::Time deadline) = 0;

  // 0 for a producer that never enqueued.
  virtual absl::StatusOr<int64_t> ProducerPosition(absl::string_view producer,
                                                   absl::Time deadline) = 0;
};

inline absl::Status IntakeStore::Enqueue(const Intake& intake, absl::Time deadline) {
  ASSIGN_OR_RETURN(const std::vector<absl::Status> stored,
                   Enqueue(absl::MakeConstSpan(&intake, 1), deadline));
  return stored.front();
}

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_INTAKE_STORE_H_
