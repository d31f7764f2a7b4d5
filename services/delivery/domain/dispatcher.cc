#include "services/delivery/domain/dispatcher.h"

#include <memory>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "common/log/log.h"
#include "common/status/macros.h"
#include "services/delivery/domain/attempt_request.h"
#include "services/delivery/domain/payload.h"
#include "services/delivery/domain/shard.h"

namespace crier::delivery {
namespace {

// Attempts begun together.
constexpr int kBatch = 100;

constexpr absl::Duration kLoadTimeout = absl::Seconds(5);
constexpr absl::Duration kIdle = absl::Seconds(1);
constexpr absl::Duration kPauseAfterFailure = absl::Milliseconds(500);

// When the database would not take an outcome.
constexpr absl::Duration kRedoDelay = absl::Minutes(1);

absl::Time AcceptTime(const entity::v1::Event& event) {
  return absl::FromUnixSeconds(event.accept_time().seconds()) +
         absl::Nanoseconds(event.accept_time().nanos());
}

trace::Context TraceOf(const Claim& claim) {
  if (!claim.delivery.content) return {};
  return trace::ParseTraceparent(claim.delivery.content->event->traceparent())
      .value_or(trace::Context());
}

// The attempt as a part of the event's trace.
std::shared_ptr<trace::Span> BeginSpan(const Claim& claim) {
  auto span =
      std::make_shared<trace::Span>("delivery.attempt", trace::SpanKind::kClient, TraceOf(claim));
  if (span->recorded()) {
    span->Set("crier.community", claim.delivery.id.webhook.community);
    span->Set("crier.webhook", claim.delivery.id.webhook.id);
    span->Set("crier.delivery", claim.delivery.id.message.ToString());
    span->Set("crier.attempt", int64_t{claim.delivery.attempt_count + 1});
  }
  return span;
}

void EndSpan(const AttemptResult& result, trace::Span& span) {
  if (result.status != 0) span.Set("http.response.status_code", int64_t{result.status});
  if (result.outcome != Outcome::kSucceeded) span.Fail(OutcomeName(result.outcome));
}

}  // namespace

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
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    changed_.SignalAll();
  }
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
    if (!status.ok()) {
      log::Warning("deliveries wait for the database", {{"status", status}});
      PauseAfterFailure();
    } else if (outcomes_.saturated()) {
      PauseAfterFailure();
    }
  }
}

void Dispatcher::PauseAfterFailure() {
  absl::MutexLock lock(&mutex_);
  const absl::Time end = absl::Now() + kPauseAfterFailure;
  while (!stopping_ && !changed_.WaitWithDeadline(&mutex_, end)) {
  }
}

absl::Status Dispatcher::DispatchOnce(Sender& sender) {
  if (outcomes_.saturated()) return absl::OkStatus();
  std::vector<Claim> claims = scheduler_.TakeReady(kBatch);
  if (claims.empty()) return absl::OkStatus();

  absl::Status status = LoadContents(claims);
  absl::StatusOr<WebhookPointers> webhooks;
  if (status.ok()) {
    webhooks = LoadWebhooks(claims);
    status = webhooks.status();
  }
  absl::StatusOr<std::vector<bool>> cancelled;
  if (status.ok()) {
    cancelled = FindCancelled(claims, *webhooks);
    status = cancelled.status();
  }
  if (!status.ok()) {
    for (Claim& claim : claims) scheduler_.PutBack(std::move(claim));
    return status;
  }
  // Only now is it known how fast the webhooks may be sent to.
  for (const auto& webhook : *webhooks) {
    if (webhook == nullptr) continue;
    scheduler_.SetLimits(webhook->id, webhook->max_concurrency, webhook->attempts_per_minute);
  }
  for (size_t i = 0; i < claims.size(); ++i) {
    if ((*cancelled)[i]) {
      scheduler_.NotAttempted(claims[i]);
      scheduler_.Settled(claims[i]);
      continue;
    }
    Begin(std::move(claims[i]), (*webhooks)[i], sender);
  }
  return absl::OkStatus();
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

void Dispatcher::Begin(Claim taken, const std::shared_ptr<const Webhook>& webhook, Sender& sender) {
  const auto shared_claim = std::make_shared<const Claim>(std::move(taken));
  const Claim& claim = *shared_claim;
  const trace::Scope trace_scope(TraceOf(claim));
  if (!scheduler_.Holds(claim.lease)) {  // lost while the database was asked
    scheduler_.NotAttempted(claim);
    scheduler_.Settled(claim);
    return;
  }
  if (webhook == nullptr || !claim.delivery.content) {
    // Without a webhook, it was deleted while this was enqueued or on its way.
    if (webhook != nullptr) {
      log::Error("a delivery has lost its content",
                 {{"delivery", claim.delivery.id.message.ToString()}});
    }
    Cancel(shared_claim);
    return;
  }

  if (webhook->state != WebhookState::kEnabled) {
    scheduler_.Held(claim);
    return;
  }
  const DeliveryContent& content = *claim.delivery.content;
  const absl::Time now = clock_.Now();
  if (!webhook->secrets_error.empty()) {
    // It counts as an attempt, so that the customer sees why nothing comes, and is repeated as such
    // until the operator has put the key back.
    Exchange unsent;
    unsent.start_time = now;
    unsent.url = webhook->url;
    unsent.result.error = "the secrets of the webhook cannot be read by the server";
    scheduler_.NotAttempted(claim);
    Record(shared_claim, *webhook, std::move(unsent));
    return;
  }
  absl::StatusOr<std::string> body =
      content.notice != nullptr
          ? *content.notice
          : RenderPayload(*content.event, content.workflow, *webhook, app_base_url_);
  Exchange exchange;
  exchange.start_time = now;
  exchange.url = webhook->url;
  if (!body.ok()) {
    log::Error("a payload cannot be made",
               {{"delivery", claim.delivery.id.message.ToString()}, {"status", body.status()}});
    exchange.result.error = "the payload could not be made";
    scheduler_.NotAttempted(claim);
    Record(shared_claim, *webhook, std::move(exchange));
    return;
  }
  AttemptRequest request =
      BuildAttemptRequest(*webhook, claim.delivery.id.message, *std::move(body), now);
  std::shared_ptr<trace::Span> span = BeginSpan(claim);
  if (send_traceparent_ && span->context().valid()) {
    request.headers.push_back({trace::kTraceparent, trace::FormatTraceparent(span->context())});
  }
  exchange.request_headers = MaskedHeaders(request.headers);
  if (claim.delivery.attempt_count == 0) metrics_.CountFirst(now - AcceptTime(*content.event));

  const int64_t connection_group = webhook->id.community;
  // Callbacks must be copyable: what they hold is shared.
  sender.Send(std::move(request), connection_group,
              [this, shared_claim, webhook, span = std::move(span),
               exchange = std::move(exchange)](AttemptResult result) mutable {
                EndSpan(result, *span);
                span = nullptr;
                scheduler_.Answered(*shared_claim, AnswerOf(result, clock_.Now()));
                exchange.result = std::move(result);
                Record(shared_claim, *webhook, std::move(exchange));
              });
}

void Dispatcher::Cancel(const SharedClaim& claim) {
  scheduler_.NotAttempted(*claim);
  AttemptOutcome outcome;
  outcome.state = DeliveryState::kCancelled;
  Write(claim, std::move(outcome));
}

void Dispatcher::Record(const SharedClaim& shared_claim, const Webhook& webhook,
                        Exchange exchange) {
  const Claim& claim = *shared_claim;
  const trace::Scope trace_scope(TraceOf(claim));
  metrics_.Count(exchange.result);
  const absl::Time now = clock_.Now();
  const int number = claim.delivery.attempt_count + 1;
  AttemptOutcome outcome;
  if (exchange.result.outcome == Outcome::kSucceeded) {
    outcome.state = DeliveryState::kSucceeded;
  } else if (const std::optional<absl::Duration> delay =
                 schedule_.DelayAfter(webhook.retry_policy, number - claim.delivery.attempts_before,
                                      exchange.result, now)) {
    outcome.state = DeliveryState::kPending;
    outcome.due_time = now + *delay;
  } else {
    outcome.state = DeliveryState::kExhausted;
  }
  outcome.finding =
      Judge(webhook, exchange.result, number, outcome.state == DeliveryState::kExhausted, now);
  const DeliveryContent& content = *claim.delivery.content;
  outcome.notice = content.notice != nullptr;
  const absl::Duration event_age = now - AcceptTime(*content.event);
  if (outcome.state == DeliveryState::kSucceeded) metrics_.CountDelivered(event_age);
  outcome.attempt = Attempt{number, std::move(exchange)};
  log_.Write(claim.delivery.id, content.workflow.id, *outcome.attempt, outcome.state, event_age,
             outcome.due_time - now);
  Write(shared_claim, std::move(outcome));
}

void Dispatcher::Write(const SharedClaim& claim, AttemptOutcome outcome) {
  outcome.lease = claim->lease;
  outcome.id = claim->delivery.id;
  const bool again = outcome.state == DeliveryState::kPending;
  const absl::Time due_time = outcome.due_time;
  prometheus::Counter* const ended = metrics_.Ended(outcome.state);
  // The writer outlives the dispatcher, so `this` is not for its callbacks.
  outcomes_.Submit(std::move(outcome), [&scheduler = scheduler_, &clock = clock_, claim, again,
                                        due_time, ended](OutcomeWriter::Fate fate) {
    switch (fate) {
      case OutcomeWriter::Fate::kFailed:
        scheduler.Forgotten(*claim, clock.Now() + kRedoDelay);
        return;
      case OutcomeWriter::Fate::kFenced:
        // The shard is somebody else's, whether or not the lease keeper has heard of it.
        scheduler.Lose(claim->lease);
        scheduler.Settled(*claim);
        return;
      case OutcomeWriter::Fate::kWritten:
        if (ended != nullptr) ended->Increment();
        again ? scheduler.Requeued(*claim, due_time) : scheduler.Settled(*claim);
        return;
    }
  });
}

}  // namespace crier::delivery
