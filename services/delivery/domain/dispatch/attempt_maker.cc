#include "services/delivery/domain/dispatch/attempt_maker.h"

#include <memory>
#include <optional>
#include <utility>

#include "common/api/scratch_arena.h"
#include "common/api/time.h"
#include "common/log/log.h"
#include "common/trace/span.h"
#include "services/delivery/domain/attempts/attempt_request.h"
#include "services/delivery/domain/attempts/echo_mask.h"
#include "services/delivery/domain/payloads/payload.h"

namespace crier::delivery {
namespace {

// When the database would not take an outcome.
constexpr absl::Duration kRedoDelay = absl::Minutes(1);

// The event that the delivery is about, which notices have none of; false when it cannot be read.
bool ReadEvent(const QueuedDelivery& delivery, entity::v1::Event& event) {
  if (!delivery.content) return false;
  return delivery.content->is_notice || event.ParseFromString(*delivery.content->snapshot);
}

void EndSpan(const AttemptResult& result, trace::Span& span) {
  if (result.status != 0) span.Set("http.response.status_code", int64_t{result.status});
  if (result.outcome != Outcome::kSucceeded) span.Fail(OutcomeName(result.outcome));
}

// Whether the time of this attempt tells how quick we are: it is the first, and neither the
// workflow put it off nor the webhook, by failing, by being held or by a rate of its own.
bool ShowsFreshness(const QueuedDelivery& delivery, const Webhook& webhook) {
  const absl::Time stored = delivery.id.message.time();
  return delivery.attempt_count == 0 && delivery.due_time <= stored + absl::Seconds(1) &&
         !webhook.failing && webhook.attempts_per_minute == 0 &&
         webhook.state_change_time.value_or(absl::InfinitePast()) <= stored;
}

}  // namespace

struct AttemptMaker::OpenAttempt {
  OpenAttempt(Claim taken, std::shared_ptr<const Webhook> read)
      : claim(std::move(taken)), webhook(std::move(read)) {}

  int number() const { return claim.delivery.attempt_count + 1; }

  // Begins the span, as a part of the event's trace.
  void BeginSpan() {
    span.emplace("delivery.attempt", trace::SpanKind::kClient, trace);
    if (!span->recorded()) return;
    span->Set("crier.community", claim.delivery.id.webhook.community);
    span->Set("crier.webhook", claim.delivery.id.webhook.id);
    span->Set("crier.delivery", claim.delivery.id.message.ToString());
    span->Set("crier.attempt", int64_t{number()});
  }

  const Claim claim;
  const std::shared_ptr<const Webhook> webhook;  // as it was read for this attempt
  absl::Time event_time;                         // when the event was accepted
  trace::Context trace;                          // of the event
  std::optional<trace::Span> span;               // while the request is under way
  Exchange exchange;
  Circuit circuit = Circuit::kClosed;  // of the receiver, after its answer
};

AttemptMaker::AttemptMaker(ShardScheduler& scheduler, OutcomeWriter& outcomes,
                           RetrySchedule& schedule, const Clock& clock, metrics::Registry& metrics,
                           AttemptOptions options)
    : scheduler_(scheduler),
      outcomes_(outcomes),
      schedule_(schedule),
      clock_(clock),
      options_(std::move(options)),
      metrics_(metrics) {}

void AttemptMaker::Begin(Claim taken, const ClaimReading& reading, Sender& sender) {
  const auto attempt = std::make_shared<OpenAttempt>(std::move(taken), reading.webhook);
  const Claim& claim = attempt->claim;
  const Webhook* const webhook = attempt->webhook.get();
  // The lease may have been lost while the database was asked.
  if (reading.cancelled || !scheduler_.Holds(claim.lease)) return Drop(claim);
  // It was deleted while this was enqueued or on its way.
  if (webhook == nullptr) return Cancel(attempt);

  api::ScratchArena arena;
  auto& event = arena.Make<entity::v1::Event>();
  const bool readable = ReadEvent(claim.delivery, event);
  attempt->trace = trace::ParseTraceparent(event.traceparent()).value_or(trace::Context());
  const trace::Scope trace_scope(attempt->trace);
  if (!readable) {
    log::Error("a delivery has lost its content",
               {{"delivery", claim.delivery.id.message.ToString()}});
    return Cancel(attempt);
  }
  if (webhook->state != WebhookState::kEnabled) return scheduler_.Held(claim);

  attempt->event_time = claim.delivery.content->is_notice ? claim.delivery.id.message.time()
                                                          : api::FromProto(event.accept_time());
  attempt->exchange.start_time = clock_.Now();
  attempt->exchange.url = webhook->url;
  absl::StatusOr<std::string> body = MakeBody(*attempt, event);
  if (body.ok()) return Send(attempt, *std::move(body), sender);
  // It counts as an attempt, so that the customer sees why nothing comes, and is repeated as such
  // until the operator has helped.
  attempt->exchange.result.error = std::string(body.status().message());
  scheduler_.NotAttempted(claim);
  Record(attempt);
}

void AttemptMaker::Drop(const Claim& claim) {
  scheduler_.NotAttempted(claim);
  scheduler_.Settled(claim);
}

void AttemptMaker::Cancel(const SharedAttempt& attempt) {
  scheduler_.NotAttempted(attempt->claim);
  AttemptOutcome outcome;
  outcome.state = DeliveryState::kCancelled;
  Write(attempt, std::move(outcome));
}

absl::StatusOr<std::string> AttemptMaker::MakeBody(const OpenAttempt& attempt,
                                                   const entity::v1::Event& event) const {
  if (!attempt.webhook->secrets_error.empty()) {
    return absl::FailedPreconditionError("the secrets of the webhook cannot be read by the server");
  }
  const QueuedDelivery& delivery = attempt.claim.delivery;
  if (delivery.content->is_notice) return *delivery.content->snapshot;
  absl::StatusOr<std::string> body =
      RenderPayload(event, delivery.content->workflow, *attempt.webhook, options_.app_base_url);
  if (body.ok()) return body;
  log::Error("a payload cannot be made",
             {{"delivery", delivery.id.message.ToString()}, {"status", body.status()}});
  return absl::InternalError("the payload could not be made");
}

void AttemptMaker::Send(const SharedAttempt& attempt, std::string body, Sender& sender) {
  const Webhook& webhook = *attempt->webhook;
  const QueuedDelivery& delivery = attempt->claim.delivery;
  const absl::Time now = attempt->exchange.start_time;
  AttemptRequest request = BuildAttemptRequest(webhook, delivery.id.message, std::move(body), now);
  attempt->BeginSpan();
  if (const trace::Context& context = attempt->span->context();
      options_.send_traceparent && context.valid()) {
    request.headers.push_back({trace::kTraceparent, trace::FormatTraceparent(context)});
  }
  attempt->exchange.request_headers = MaskedHeaders(request.headers);
  if (ShowsFreshness(delivery, webhook)) metrics_.CountFirst(now - attempt->event_time);

  const int64_t connection_group = webhook.id.community;
  sender.Send(std::move(request), connection_group, [this, attempt](AttemptResult result) {
    EndSpan(result, *attempt->span);
    attempt->span.reset();
    attempt->circuit = scheduler_.Answered(attempt->claim, AnswerOf(result, clock_.Now()));
    MaskEchoes(*attempt->webhook, result);
    attempt->exchange.result = std::move(result);
    Record(attempt);
  });
}

void AttemptMaker::Record(const SharedAttempt& attempt) {
  const QueuedDelivery& delivery = attempt->claim.delivery;
  const trace::Scope trace_scope(attempt->trace);
  const absl::Time now = clock_.Now();
  AttemptOutcome outcome = Conclude(*attempt, now);
  const absl::Duration event_age = now - attempt->event_time;
  metrics_.Count(attempt->exchange.result);
  if (outcome.state == DeliveryState::kSucceeded) metrics_.CountDelivered(event_age);
  outcome.attempt = Attempt{attempt->number(), std::move(attempt->exchange)};
  log_.Write(delivery.id, delivery.content->workflow.id, *outcome.attempt, outcome.state, event_age,
             outcome.due_time - now);
  Write(attempt, std::move(outcome));
}

AttemptOutcome AttemptMaker::Conclude(const OpenAttempt& attempt, absl::Time now) const {
  const QueuedDelivery& delivery = attempt.claim.delivery;
  const Webhook& webhook = *attempt.webhook;
  const AttemptResult& result = attempt.exchange.result;
  const int number = attempt.number();
  AttemptOutcome outcome;
  if (result.outcome == Outcome::kSucceeded) {
    outcome.state = DeliveryState::kSucceeded;
  } else if (const std::optional<absl::Duration> delay = schedule_.DelayAfter(
                 webhook.retry_policy, number - delivery.attempts_before, result, now)) {
    outcome.state = DeliveryState::kPending;
    outcome.due_time = now + *delay;
  } else {
    outcome.state = DeliveryState::kExhausted;
  }
  // Those that probe an open circuit are first attempts as long as others wait behind them.
  const bool confirmed = number > 1 || outcome.state == DeliveryState::kExhausted ||
                         attempt.circuit != Circuit::kClosed;
  outcome.finding = Judge(webhook, result, confirmed, now);
  outcome.notice = delivery.content->is_notice;
  return outcome;
}

void AttemptMaker::Write(const SharedAttempt& attempt, AttemptOutcome outcome) {
  outcome.lease = attempt->claim.lease;
  outcome.id = attempt->claim.delivery.id;
  outcome.redeliveries = attempt->claim.delivery.redeliveries;
  const bool again = outcome.state == DeliveryState::kPending;
  const absl::Time due_time = outcome.due_time;
  prometheus::Counter* const ended = metrics_.Ended(outcome.state);
  // The writer outlives this object, so `this` is not for its callbacks.
  outcomes_.Submit(std::move(outcome), [&scheduler = scheduler_, &clock = clock_, attempt, again,
                                        due_time, ended](OutcomeWriter::Fate fate) {
    const Claim& claim = attempt->claim;
    switch (fate) {
      case OutcomeWriter::Fate::kFailed:
        scheduler.Forgotten(claim, clock.Now() + kRedoDelay);
        return;
      case OutcomeWriter::Fate::kWantedAgain:
        log::Info("a delivery goes on: it was wanted again during its last attempt",
                  {{"delivery", claim.delivery.id.message.ToString()}});
        scheduler.Forgotten(claim, clock.Now());
        return;
      case OutcomeWriter::Fate::kFenced:
        // The shard is somebody else's, whether or not the lease keeper has heard of it.
        scheduler.Lose(claim.lease);
        scheduler.Settled(claim);
        return;
      case OutcomeWriter::Fate::kCancelled:
        scheduler.Settled(claim);
        return;
      case OutcomeWriter::Fate::kWritten:
        if (ended != nullptr) ended->Increment();
        again ? scheduler.Requeued(claim, due_time) : scheduler.Settled(claim);
        return;
    }
  });
}

}  // namespace crier::delivery
