#include "services/delivery/domain/dispatch/dispatcher.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "common/api/scratch_arena.h"
#include "common/api/time.h"
#include "common/base/clock.h"
#include "common/log/log.h"
#include "common/status/macros.h"
#include "common/trace/span.h"
#include "services/delivery/domain/attempts/attempt_request.h"
#include "services/delivery/domain/attempts/echo_mask.h"
#include "services/delivery/domain/payloads/payload.h"
#include "services/delivery/domain/queue/shard.h"

namespace crier::delivery {
namespace {

// Attempts begun together.
constexpr int kBatch = 100;

constexpr absl::Duration kLoadTimeout = absl::Seconds(5);
constexpr absl::Duration kIdle = absl::Seconds(1);
constexpr absl::Duration kPauseAfterFailure = absl::Milliseconds(500);

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

struct Dispatcher::OpenAttempt {
  OpenAttempt(Claim taken, std::shared_ptr<const Webhook> read)
      : claim(std::move(taken)), webhook(std::move(read)) {}

  // Begins the span, as a part of the event's trace.
  void BeginSpan() {
    span.emplace("delivery.attempt", trace::SpanKind::kClient, trace);
    if (!span->recorded()) return;
    span->Set("crier.community", claim.delivery.id.webhook.community);
    span->Set("crier.webhook", claim.delivery.id.webhook.id);
    span->Set("crier.delivery", claim.delivery.id.message.ToString());
    span->Set("crier.attempt", int64_t{claim.delivery.attempt_count + 1});
  }

  const Claim claim;
  const std::shared_ptr<const Webhook> webhook;  // as it was read for this attempt
  absl::Time event_time;                         // when the event was accepted
  trace::Context trace;                          // of the event
  std::optional<trace::Span> span;               // while the request is under way
  Exchange exchange;
  Circuit circuit = Circuit::kClosed;  // of the receiver, after its answer
};

Dispatcher::Dispatcher(ShardScheduler& scheduler, QueueStore& queue, WebhookStore& webhooks,
                       OutcomeWriter& outcomes, RetrySchedule& schedule, const Clock& clock,
                       metrics::Registry& metrics, std::string app_base_url, bool send_traceparent)
    : scheduler_(scheduler),
      queue_(queue),
      webhooks_(webhooks),
      outcomes_(outcomes),
      schedule_(schedule),
      clock_(clock),
      app_base_url_(std::move(app_base_url)),
      send_traceparent_(send_traceparent),
      metrics_(metrics) {}

Dispatcher::~Dispatcher() = default;

void Dispatcher::Start(Sender& sender) {
  thread_ = std::thread([this, &sender] { Run(sender); });
}

void Dispatcher::Stop(absl::Duration grace) {
  stop_.Set();
  scheduler_.Interrupt();
  if (!thread_.joinable()) return;
  thread_.join();
  if (!scheduler_.WaitUntilSettled(grace)) {
    log::Warning("attempts under way are abandoned; the next holder of their shards repeats them");
  }
}

void Dispatcher::Run(Sender& sender) {
  while (scheduler_.WaitForReady(kIdle)) {
    const absl::Status status = DispatchOnce(sender);
    metrics_.Show(scheduler_.size(), scheduler_.held_shards());
    metrics_.ShowCircuits(scheduler_.circuit_changes());
    if (!status.ok()) log::Warning("deliveries wait for the database", {{"status", status}});
    if (!status.ok() || outcomes_.saturated()) stop_.Pause(kPauseAfterFailure);
  }
}

absl::Status Dispatcher::DispatchOnce(Sender& sender) {
  if (outcomes_.saturated()) return absl::OkStatus();
  std::vector<Claim> claims = scheduler_.TakeReady(kBatch);
  if (claims.empty()) return absl::OkStatus();

  const absl::StatusOr<Readings> read = Read(claims);
  if (!read.ok()) {
    for (Claim& claim : claims) scheduler_.PutBack(std::move(claim));
    return read.status();
  }
  const std::vector<bool> within = KeepToLimits(claims, read->webhooks);
  for (size_t i = 0; i < claims.size(); ++i) {
    if (!within[i]) continue;
    if (read->cancelled[i]) {
      Drop(claims[i]);
    } else {
      Begin(std::move(claims[i]), read->webhooks[i], sender);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Dispatcher::Readings> Dispatcher::Read(std::vector<Claim>& claims) {
  RETURN_IF_ERROR(LoadContents(claims));
  Readings readings;
  ASSIGN_OR_RETURN(readings.webhooks, LoadWebhooks(claims));
  ASSIGN_OR_RETURN(readings.cancelled, FindCancelled(claims, readings.webhooks));
  return readings;
}

absl::Status Dispatcher::LoadContents(std::vector<Claim>& claims) {
  std::vector<DeliveryId> ids;
  std::vector<QueuedDelivery*> missing;
  for (Claim& claim : claims) {
    if (claim.delivery.content) continue;
    ids.push_back(claim.delivery.id);
    missing.push_back(&claim.delivery);
  }
  if (ids.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(std::vector<std::optional<DeliveryContent>> contents,
                   queue_.LoadContents(ids, clock_.Now() + kLoadTimeout));
  for (size_t i = 0; i < missing.size(); ++i) missing[i]->content = std::move(contents[i]);
  return absl::OkStatus();
}

absl::StatusOr<Dispatcher::WebhookPointers> Dispatcher::LoadWebhooks(
    const std::vector<Claim>& claims) {
  std::vector<WebhookId> ids;
  absl::flat_hash_map<WebhookId, size_t, WebhookIdHash> places;
  for (const Claim& claim : claims) {
    const WebhookId& id = claim.delivery.id.webhook;
    if (places.emplace(id, ids.size()).second) ids.push_back(id);
  }
  ASSIGN_OR_RETURN(const WebhookPointers found,
                   webhooks_.GetMany(ids, clock_.Now() + kLoadTimeout));
  WebhookPointers webhooks;
  webhooks.reserve(claims.size());
  for (const Claim& claim : claims) {
    webhooks.push_back(found[places.at(claim.delivery.id.webhook)]);
  }
  return webhooks;
}

absl::StatusOr<std::vector<bool>> Dispatcher::FindCancelled(const std::vector<Claim>& claims,
                                                            const WebhookPointers& webhooks) {
  std::vector<bool> cancelled(claims.size(), false);
  std::vector<DeliveryId> ids;
  std::vector<size_t> places;
  for (size_t i = 0; i < claims.size(); ++i) {
    const DeliveryId& id = claims[i].delivery.id;
    if (webhooks[i] == nullptr || webhooks[i]->cancelled_through < id.message) continue;
    ids.push_back(id);
    places.push_back(i);
  }
  if (ids.empty()) return cancelled;
  ASSIGN_OR_RETURN(const std::vector<bool> queued,
                   queue_.FindQueued(ids, clock_.Now() + kLoadTimeout));
  for (size_t i = 0; i < places.size(); ++i) cancelled[places[i]] = !queued[i];
  return cancelled;
}

// Only now is it known how fast the webhooks may be sent to: what is too much is put back, the last
// first.
std::vector<bool> Dispatcher::KeepToLimits(std::vector<Claim>& claims,
                                           const WebhookPointers& webhooks) {
  std::vector<bool> within(claims.size(), true);
  for (size_t i = claims.size(); i-- > 0;) {
    if (webhooks[i] == nullptr) continue;
    within[i] = scheduler_.SetLimits(webhooks[i]->id, webhooks[i]->max_concurrency,
                                     webhooks[i]->attempts_per_minute);
    if (!within[i]) scheduler_.PutBack(std::move(claims[i]));
  }
  return within;
}

void Dispatcher::Drop(const Claim& claim) {
  scheduler_.NotAttempted(claim);
  scheduler_.Settled(claim);
}

void Dispatcher::Begin(Claim taken, const std::shared_ptr<const Webhook>& webhook, Sender& sender) {
  const auto attempt = std::make_shared<OpenAttempt>(std::move(taken), webhook);
  const Claim& claim = attempt->claim;
  api::ScratchArena arena;
  auto& event = arena.Make<entity::v1::Event>();
  const bool readable = ReadEvent(claim.delivery, event);
  attempt->trace = trace::ParseTraceparent(event.traceparent()).value_or(trace::Context());
  const trace::Scope trace_scope(attempt->trace);
  if (!scheduler_.Holds(claim.lease)) {  // lost while the database was asked
    Drop(claim);
    return;
  }
  if (webhook == nullptr || !readable) {
    // Without a webhook, it was deleted while this was enqueued or on its way.
    if (webhook != nullptr) {
      log::Error("a delivery has lost its content",
                 {{"delivery", claim.delivery.id.message.ToString()}});
    }
    Cancel(attempt);
    return;
  }
  if (webhook->state != WebhookState::kEnabled) {
    scheduler_.Held(claim);
    return;
  }
  attempt->event_time = claim.delivery.content->is_notice ? claim.delivery.id.message.time()
                                                          : api::FromProto(event.accept_time());
  attempt->exchange.start_time = clock_.Now();
  attempt->exchange.url = webhook->url;
  absl::StatusOr<std::string> body = MakeBody(*attempt, event);
  if (!body.ok()) {
    // It counts as an attempt, so that the customer sees why nothing comes, and is repeated as such
    // until the operator has helped.
    attempt->exchange.result.error = std::string(body.status().message());
    scheduler_.NotAttempted(claim);
    Record(attempt);
    return;
  }
  Send(attempt, *std::move(body), sender);
}

void Dispatcher::Cancel(const SharedAttempt& attempt) {
  scheduler_.NotAttempted(attempt->claim);
  AttemptOutcome outcome;
  outcome.state = DeliveryState::kCancelled;
  Write(attempt, std::move(outcome));
}

absl::StatusOr<std::string> Dispatcher::MakeBody(const OpenAttempt& attempt,
                                                 const entity::v1::Event& event) const {
  if (!attempt.webhook->secrets_error.empty()) {
    return absl::FailedPreconditionError("the secrets of the webhook cannot be read by the server");
  }
  const QueuedDelivery& delivery = attempt.claim.delivery;
  if (delivery.content->is_notice) return *delivery.content->snapshot;
  absl::StatusOr<std::string> body =
      RenderPayload(event, delivery.content->workflow, *attempt.webhook, app_base_url_);
  if (body.ok()) return body;
  log::Error("a payload cannot be made",
             {{"delivery", delivery.id.message.ToString()}, {"status", body.status()}});
  return absl::InternalError("the payload could not be made");
}

void Dispatcher::Send(const SharedAttempt& attempt, std::string body, Sender& sender) {
  const Webhook& webhook = *attempt->webhook;
  const QueuedDelivery& delivery = attempt->claim.delivery;
  const absl::Time now = attempt->exchange.start_time;
  AttemptRequest request = BuildAttemptRequest(webhook, delivery.id.message, std::move(body), now);
  attempt->BeginSpan();
  if (const trace::Context& context = attempt->span->context();
      send_traceparent_ && context.valid()) {
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

void Dispatcher::Record(const SharedAttempt& attempt) {
  const QueuedDelivery& delivery = attempt->claim.delivery;
  const Webhook& webhook = *attempt->webhook;
  Exchange& exchange = attempt->exchange;
  const trace::Scope trace_scope(attempt->trace);
  metrics_.Count(exchange.result);
  const absl::Time now = clock_.Now();
  const int number = delivery.attempt_count + 1;
  AttemptOutcome outcome;
  if (exchange.result.outcome == Outcome::kSucceeded) {
    outcome.state = DeliveryState::kSucceeded;
  } else if (const std::optional<absl::Duration> delay = schedule_.DelayAfter(
                 webhook.retry_policy, number - delivery.attempts_before, exchange.result, now)) {
    outcome.state = DeliveryState::kPending;
    outcome.due_time = now + *delay;
  } else {
    outcome.state = DeliveryState::kExhausted;
  }
  // Those that probe an open circuit are first attempts as long as others wait behind them.
  const bool confirmed = number > 1 || outcome.state == DeliveryState::kExhausted ||
                         attempt->circuit != Circuit::kClosed;
  outcome.finding = Judge(webhook, exchange.result, confirmed, now);
  outcome.notice = delivery.content->is_notice;
  const absl::Duration event_age = now - attempt->event_time;
  if (outcome.state == DeliveryState::kSucceeded) metrics_.CountDelivered(event_age);
  outcome.attempt = Attempt{number, std::move(exchange)};
  log_.Write(delivery.id, delivery.content->workflow.id, *outcome.attempt, outcome.state, event_age,
             outcome.due_time - now);
  Write(attempt, std::move(outcome));
}

void Dispatcher::Write(const SharedAttempt& attempt, AttemptOutcome outcome) {
  outcome.lease = attempt->claim.lease;
  outcome.id = attempt->claim.delivery.id;
  outcome.redeliveries = attempt->claim.delivery.redeliveries;
  const bool again = outcome.state == DeliveryState::kPending;
  const absl::Time due_time = outcome.due_time;
  prometheus::Counter* const ended = metrics_.Ended(outcome.state);
  // The writer outlives the dispatcher, so `this` is not for its callbacks.
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
