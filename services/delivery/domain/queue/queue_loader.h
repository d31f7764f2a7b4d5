// Brings what is due from the database into memory.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_QUEUE_LOADER_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_QUEUE_LOADER_H_

#include <thread>

#include "common/base/clock.h"
#include "services/delivery/domain/queue/queue_store.h"
#include "services/delivery/domain/queue/shard_scheduler.h"

namespace crier::delivery {

// Runs a thread that answers the scheduler's wishes for stored deliveries. Start and Stop are
// called from one thread.
class QueueLoader {
 public:
  // All three must outlive the loader.
  QueueLoader(ShardScheduler& scheduler, QueueStore& store, const Clock& clock)
      : scheduler_(scheduler), store_(store), clock_(clock) {}

  // The scheduler must have been interrupted by then.
  ~QueueLoader() { Stop(); }

  void Start();

  // Waits for the thread, which ends once the scheduler is interrupted.
  void Stop();

  // One round, as the thread does them.
  void LoadOnce();

 private:
  void Search(const lease::Lease& lease, const ShardScheduler::Loads& loads);
  void Fetch(const ShardScheduler::Loads& loads);

  ShardScheduler& scheduler_;
  QueueStore& store_;
  const Clock& clock_;
  std::thread thread_;
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_QUEUE_LOADER_H_
