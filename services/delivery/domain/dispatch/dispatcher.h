// Takes what is due from the queue, round by round.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_DISPATCH_DISPATCHER_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_DISPATCH_DISPATCHER_H_

#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/stop_signal.h"
#include "common/metrics/metrics.h"
#include "services/delivery/domain/attempts/sender.h"
#include "services/delivery/domain/dispatch/attempt_maker.h"
#include "services/delivery/domain/dispatch/claim_reader.h"
#include "services/delivery/domain/dispatch/outcome_writer.h"
#include "services/delivery/domain/dispatch/scheduler_metrics.h"
#include "services/delivery/domain/queue/shard_scheduler.h"

namespace crier::delivery {

// Runs a thread that takes due deliveries from the scheduler, has read what their attempts need,
// and begins these.
class Dispatcher {
 public:
  // All of it must outlive the dispatcher.
  Dispatcher(ShardScheduler& scheduler, ClaimReader& reader, AttemptMaker& attempts,
             const OutcomeWriter& outcomes, metrics::Registry& metrics);

  // Stop() must have been called if Start() was.
  ~Dispatcher();

  // `sender` must live until Stop() has returned.
  void Start(Sender& sender);

  // Begins no more attempts, then waits until those under way are over and their outcomes stored,
  // for `grace` at most. Safe to call twice.
  void Stop(absl::Duration grace);

  // One round, as the thread does them. UNAVAILABLE and the like when the database did not answer;
  // then nothing was begun, and the deliveries are still to be taken.
  absl::Status DispatchOnce(Sender& sender);

 private:
  void Run(Sender& sender);
  // Which of the claims their webhooks' limits allow; the others are put back.
  std::vector<bool> KeepToLimits(std::vector<Claim>& claims,
                                 const std::vector<ClaimReading>& readings);

  ShardScheduler& scheduler_;
  ClaimReader& reader_;
  AttemptMaker& attempts_;
  const OutcomeWriter& outcomes_;
  SchedulerMetrics metrics_;

  StopSignal stop_;
  std::thread thread_;
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_DISPATCH_DISPATCHER_H_
