// Makes an attempt: from a delivery that was taken to the outcome of its request.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_DISPATCH_ATTEMPT_MAKER_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_DISPATCH_ATTEMPT_MAKER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/metrics/metrics.h"
#include "crier/entity/v1/event.pb.h"
#include "services/delivery/domain/attempts/retry_schedule.h"
#include "services/delivery/domain/attempts/sender.h"
#include "services/delivery/domain/dispatch/attempt_log.h"
#include "services/delivery/domain/dispatch/attempt_metrics.h"
#include "services/delivery/domain/dispatch/claim_reader.h"
#include "services/delivery/domain/dispatch/outcome_writer.h"
#include "services/delivery/domain/queue/queue_store.h"
#include "services/delivery/domain/queue/shard_scheduler.h"

namespace crier::delivery {

struct AttemptOptions {
  std::string app_base_url;  // as for RenderPayload
  // Whether receivers are sent the trace context of the attempt.
  bool send_traceparent = false;
};

// Results come back on the sender's thread and go on to the outcome writer, whose answer goes back
// to the scheduler. Begin() is called by one thread at a time.
class AttemptMaker {
 public:
  // All of it must outlive the object, and that the senders: their callbacks come here.
  AttemptMaker(ShardScheduler& scheduler, OutcomeWriter& outcomes, RetrySchedule& schedule,
               const Clock& clock, metrics::Registry& metrics, AttemptOptions options);

  // Sends the delivery, or does in place of that what the reading calls for. In any case the
  // scheduler hears what has become of the claim, now or later.
  void Begin(Claim taken, const ClaimReading& reading, Sender& sender);

 private:
  // An attempt from its begin until its outcome is stored; shared by who calls back.
  struct OpenAttempt;
  using SharedAttempt = std::shared_ptr<OpenAttempt>;

  // The delivery is no affair of this replica any more.
  void Drop(const Claim& claim);
  void Cancel(const SharedAttempt& attempt);
  // The body of the request, or what to tell the customer in its place.
  absl::StatusOr<std::string> MakeBody(const OpenAttempt& attempt,
                                       const entity::v1::Event& event) const;
  void Send(const SharedAttempt& attempt, std::string body, Sender& sender);
  // Takes what came of the attempt from it; its end is the scheduler's already.
  void Record(const SharedAttempt& attempt);
  // What the result, at `now`, means for the delivery and its webhook.
  AttemptOutcome Conclude(const OpenAttempt& attempt, absl::Time now) const;
  void Write(const SharedAttempt& attempt, AttemptOutcome outcome);

  ShardScheduler& scheduler_;
  OutcomeWriter& outcomes_;
  RetrySchedule& schedule_;
  const Clock& clock_;
  const AttemptOptions options_;
  AttemptMetrics metrics_;
  AttemptLog log_;
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_DISPATCH_ATTEMPT_MAKER_H_
