#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_SCHEDULER_OPTIONS_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_SCHEDULER_OPTIONS_H_

#include "absl/time/time.h"
#include "services/delivery/domain/queue/lane.h"

namespace crier::delivery {

struct SchedulerOptions {
  // Of each webhook.
  LaneOptions lane;
  // Attempts on the wire at once, to receivers that answer promptly.
  int max_in_flight = 200;
  // To the others: suspects, see Pace.
  int max_suspect = 800;
  // Attempts made whose outcome is not stored yet; at this number no more are begun.
  int max_unsettled = 3000;
  // Deliveries in memory, beyond which each webhook may have an eighth of its capacity.
  int capacity = 100'000;
  // Webhooks of one shard in memory, the earliest due ones; more wait in the database.
  int shard_capacity = 4096;
  // How often a shard is searched for what no notification told of. Below the lanes' horizon.
  absl::Duration reload_interval = absl::Seconds(15);
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_SCHEDULER_OPTIONS_H_
