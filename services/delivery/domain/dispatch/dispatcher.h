// Makes the attempts: from a due delivery to the outcome of its request.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_DISPATCH_DISPATCHER_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_DISPATCH_DISPATCHER_H_

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/stop_signal.h"
#include "common/metrics/metrics.h"
#include "crier/entity/v1/event.pb.h"
#include "services/delivery/domain/attempts/retry_schedule.h"
#include "services/delivery/domain/attempts/sender.h"
#include "services/delivery/domain/dispatch/attempt_log.h"
#include "services/delivery/domain/dispatch/attempt_metrics.h"
#include "services/delivery/domain/dispatch/outcome_writer.h"
#include "services/delivery/domain/queue/queue_store.h"
#include "services/delivery/domain/queue/shard_scheduler.h"
#include "services/delivery/domain/webhooks/webhook_store.h"

namespace crier::delivery {

// Runs a thread that takes due deliveries from the scheduler and sends them. Results come back on
// the sender's thread and go on to the outcome writer, whose answer goes back to the scheduler.
//
// Webhooks are asked for anew for every handful of deliveries, after these were taken and before
// their attempts begin, and are kept for no longer: so an attempt that begins after UpdateWebhook
// returned cannot use older settings, whichever replica took the call and whatever was notified. It
// costs one statement by primary key for up to a hundred attempts; what belongs to the versions of
// the rows the store remembers.
class Dispatcher {
 public:
  // All of it must outlive the dispatcher. `app_base_url` as for RenderPayload. With
  // `send_traceparent` receivers are sent the trace context of the attempt.
  Dispatcher(ShardScheduler& scheduler, QueueStore& queue, WebhookStore& webhooks,
             OutcomeWriter& outcomes, RetrySchedule& schedule, const Clock& clock,
             metrics::Registry& metrics, std::string app_base_url, bool send_traceparent = false);

  // Stop() must have been called if Start() was, and the sender must be gone: until then its
  // callbacks come here.
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
  // One for each claim, shared by those of a webhook; null where there is none.
  using WebhookPointers = std::vector<std::shared_ptr<const Webhook>>;
  // An attempt from its begin until its outcome is stored; shared by who calls back.
  struct OpenAttempt;
  using SharedAttempt = std::shared_ptr<OpenAttempt>;

  // What is read of claims before their attempts begin.
  struct Readings {
    WebhookPointers webhooks;
    std::vector<bool> cancelled;
  };

  void Run(Sender& sender);
  // Also gives the claims their contents.
  absl::StatusOr<Readings> Read(std::vector<Claim>& claims);
  absl::Status LoadContents(std::vector<Claim>& claims);
  absl::StatusOr<WebhookPointers> LoadWebhooks(const std::vector<Claim>& claims);
  // Which of the claims are off the queue by now, though they were in memory. Asks for those only
  // that a webhook gives reason to: usually none.
  absl::StatusOr<std::vector<bool>> FindCancelled(const std::vector<Claim>& claims,
                                                  const WebhookPointers& webhooks);
  // Which of the claims their webhooks' limits allow; the others are put back.
  std::vector<bool> KeepToLimits(std::vector<Claim>& claims, const WebhookPointers& webhooks);
  // The delivery is no affair of this replica any more.
  void Drop(const Claim& claim);
  void Begin(Claim taken, const std::shared_ptr<const Webhook>& webhook, Sender& sender);
  void Cancel(const SharedAttempt& attempt);
  // The body of the request, or what to tell the customer in its place.
  absl::StatusOr<std::string> MakeBody(const OpenAttempt& attempt,
                                       const entity::v1::Event& event) const;
  void Send(const SharedAttempt& attempt, std::string body, Sender& sender);
  // Takes what came of the attempt from it; its end is the scheduler's already.
  void Record(const SharedAttempt& attempt);
  void Write(const SharedAttempt& attempt, AttemptOutcome outcome);

  ShardScheduler& scheduler_;
  QueueStore& queue_;
  WebhookStore& webhooks_;
  OutcomeWriter& outcomes_;
  RetrySchedule& schedule_;
  const Clock& clock_;
  const std::string app_base_url_;
  const bool send_traceparent_;
  AttemptMetrics metrics_;
  AttemptLog log_;

  StopSignal stop_;
  std::thread thread_;
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_DISPATCH_DISPATCHER_H_
