// Takes over what producers want delivered.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_INTAKE_ENQUEUER_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_INTAKE_ENQUEUER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/message_id.h"
#include "common/metrics/metrics.h"
#include "services/delivery/domain/queue/intake_store.h"
#include "services/delivery/domain/queue/shard.h"
#include "services/delivery/domain/queue/shard_scheduler.h"
#include "services/delivery/domain/webhooks/webhook_store.h"

namespace crier::delivery {

// A run of a producer's messages; valid by the rules of EnqueueDeliveries.
struct EnqueueRequest {
  struct Target {
    WebhookId webhook;
    WorkflowRef workflow;
    // When the first attempt is due, unless that is past.
    absl::Time not_before = absl::InfinitePast();
  };
  struct Message {
    EventSnapshot event;
    std::vector<Target> targets;
  };

  std::string producer;
  int64_t expected_position = 0;
  int64_t next_position = 0;
  std::vector<Message> messages;
  std::vector<Erasure> erasures;
};

struct EnqueueResult {
  int enqueued = 0;
  int dropped = 0;                          // their webhook is deleted or unknown
  std::vector<WebhookId> dropped_webhooks;  // each once
};

// Thread-safe. Deliveries to a webhook that is paused or disabled are stored like others, but are
// not brought into memory: whoever enables it again tells the scheduler to look for them.
//
// What it has stored it hands to the scheduler of this replica where that holds the shard, so that
// a fresh delivery is sent without being read back; other replicas are told by the commit itself.
class Enqueuer {
 public:
  // Bytes of the events that may be held in memory; beyond that only their ids are, and the events
  // are read from the database when their turn comes.
  static constexpr size_t kEventBytesInMemory = 64 * 1024 * 1024;

  // All of it must outlive the enqueuer.
  Enqueuer(IntakeStore& store, WebhookStore& webhooks, ShardScheduler& scheduler,
           const Clock& clock, metrics::Registry& metrics);

  // Takes requests, no two of one producer, in one commit. Of each it stores everything and moves
  // the producer's position, or does neither: PositionMismatchError when the producer stands
  // elsewhere. After UNAVAILABLE or DEADLINE_EXCEEDED it may have been stored: a repetition finds
  // out. Returns what became of each, in order; one that cannot be stored fails alone.
  std::vector<absl::StatusOr<EnqueueResult>> Enqueue(std::vector<EnqueueRequest> requests,
                                                     absl::Time deadline);

 private:
  using WebhookSet = absl::flat_hash_set<WebhookId, WebhookIdHash>;
  // Of the webhooks that exist.
  using WebhookStates = absl::flat_hash_map<WebhookId, WebhookState, WebhookIdHash>;

  // What the scheduler of this replica is told once it is stored.
  struct LocalShare {
    std::vector<QueuedDelivery> expected;
    // Of shards held here, but to be read from the database, and when the first of them are due.
    absl::flat_hash_map<WebhookId, absl::Time, WebhookIdHash> stored;
    std::vector<WebhookId> held;  // paused or disabled
  };

  absl::StatusOr<WebhookStates> LookUp(const WebhookSet& webhooks, absl::Time deadline);
  Intake MakeIntake(EnqueueRequest request, const WebhookStates& webhooks, EnqueueResult& result);
  // The same bytes, counted for as long as somebody holds them.
  std::shared_ptr<const std::string> Count(std::shared_ptr<const std::string> event);
  // Also fills in `intake.announce`.
  LocalShare TakeLocalShare(const WebhookStates& webhooks, Intake& intake);
  std::vector<absl::Status> Store(const std::vector<Intake>& intakes, absl::Time deadline);
  // Of what is stored, or may be after a failure.
  void TellScheduler(const LocalShare& share, const absl::Status& stored);
  // Tells the holders of shards what they may not know of: what was stored for shards that were
  // held here before the commit and are not now, and for webhooks that were enabled meanwhile.
  // Whoever looked for it may have looked too early to see it.
  void AnnounceLate(const LocalShare& share, absl::Time deadline);

  IntakeStore& store_;
  WebhookStore& webhooks_;
  ShardScheduler& scheduler_;
  const Clock& clock_;
  MessageIdGenerator ids_;
  // Shared with the bytes themselves, which may outlive this.
  const std::shared_ptr<std::atomic<size_t>> event_bytes_ =
      std::make_shared<std::atomic<size_t>>(0);
  prometheus::Counter& enqueued_;
  prometheus::Counter& dropped_;
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_INTAKE_ENQUEUER_H_
