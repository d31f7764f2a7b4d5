#include "services/evaluator/domain/partitions/partition_runner.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/api/time.h"
#include "common/base/clock.h"
#include "common/log/log.h"
#include "common/status/macros.h"
#include "common/trace/span.h"
#include "services/evaluator/domain/errors.h"

namespace crier::evaluator {
namespace {

// A restart of a peer interrupts a few times in a row; more than that is worth a warning.
constexpr int kWarnAfterInterruptions = 5;

log::Level LevelOf(const absl::Status& interruption, int in_a_row) {
  const bool needs_operator = absl::IsDataLoss(interruption) || absl::IsOutOfRange(interruption) ||
                              absl::IsInternal(interruption) ||
                              absl::IsFailedPrecondition(interruption);
  if (needs_operator) return log::Level::kError;
  return in_a_row % kWarnAfterInterruptions == 0 ? log::Level::kWarning : log::Level::kInfo;
}

int CountTargets(const Messages& messages) {
  int count = 0;
  for (const auto& message : messages) count += message.targets_size();
  return count;
}

int64_t AcceptMicros(const entity::v1::Event& event) {
  return event.accept_time().seconds() * 1'000'000 + event.accept_time().nanos() / 1'000;
}

// Accept times never fall along a log: one of a clock that was ahead comes with every later event,
// for as long. Days and what criteria say of times must not wait for it.
void LimitAcceptTimes(absl::Time now, Frame& frame) {
  const google::protobuf::Timestamp latest = api::ToProto(now);
  for (auto& event : frame) {
    if (api::FromProto(event.accept_time()) > now) *event.mutable_accept_time() = latest;
  }
}

// One for each event whose trace is recorded: few of a frame.
std::vector<std::unique_ptr<trace::Span>> BeginSpans(const Frame& frame) {
  std::vector<std::unique_ptr<trace::Span>> spans;
  for (const auto& event : frame) {
    const auto context = trace::ParseTraceparent(event.traceparent());
    if (!context || !context->sampled) continue;
    auto span =
        std::make_unique<trace::Span>("evaluator.evaluate", trace::SpanKind::kConsumer, *context);
    if (!span->recorded()) break;  // nobody takes spans
    span->Set("crier.log_partition", int64_t{event.log_partition()});
    span->Set("crier.position", event.position());
    span->Set("crier.frame_events", int64_t{frame.size()});
    spans.push_back(std::move(span));
  }
  return spans;
}

}  // namespace

PartitionRunner::PartitionRunner(int32_t log_partition, const RunnerParts& parts,
                                 RunnerOptions options, uint64_t seed)
    : log_partition_(log_partition),
      producer_(absl::StrCat("evaluator/log-partitions/", log_partition)),
      catalogs_(parts.catalogs),
      events_(parts.events),
      deliveries_(parts.deliveries),
      member_changes_(parts.members, parts.deliveries),
      caps_(parts.caps),
      pace_(log_partition, parts.paces, parts.rate, parts.clock),
      clock_(parts.clock),
      metrics_(parts.metrics),
      options_(options),
      backoff_(options.min_backoff, options.max_backoff, seed),
      thread_([this] { Run(); }) {}

PartitionRunner::~PartitionRunner() {
  RequestStop();
  thread_.join();
}

void PartitionRunner::RequestStop() {
  stop_.Set();
  std::shared_ptr<EventSubscription> subscription;
  {
    absl::MutexLock lock(&mutex_);
    subscription = subscription_;
  }
  if (subscription != nullptr) subscription->Cancel();
}

void PartitionRunner::Run() {
  while (!stop_.is_set()) {
    const absl::Status end = RunSession();
    Unsubscribe();
    if (end.ok() || stop_.is_set()) continue;
    Interrupted(end);
    stop_.Pause(backoff_.Next());
  }
  Recovered();  // whoever has the partition next counts for it
  stopped_ = true;
}

absl::Status PartitionRunner::RunSession() {
  ASSIGN_OR_RETURN(confirmed_, deliveries_.Position(producer_, Deadline()));
  RETURN_IF_ERROR(pace_.Begin(confirmed_, Deadline()));
  ASSIGN_OR_RETURN(evaluated_, Begin());
  confirm_time_ = clock_.Monotonic();
  ASSIGN_OR_RETURN(const std::shared_ptr<EventSubscription> subscription, Subscribe());

  while (!stop_.is_set()) {
    absl::StatusOr<std::optional<Frame>> frame = subscription->Next(options_.max_unconfirmed_time);
    if (const std::optional<int64_t> earliest = EarliestKeptPosition(frame.status())) {
      return SkipWhatIsNotKept(*earliest);
    }
    RETURN_IF_ERROR(frame.status());
    if (frame->has_value()) RETURN_IF_ERROR(Evaluate(*std::move(*frame)));
    RETURN_IF_ERROR(ConfirmIfDue());
    Recovered();
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> PartitionRunner::Begin() {
  if (confirmed_ > 0) return confirmed_.load();
  // What was accepted before this service first asked for a head is of no concern to any workflow,
  // and may be no longer kept.
  ASSIGN_OR_RETURN(const std::vector<LogHead> registered, events_.Register(Deadline()));
  for (const LogHead& position : registered) {
    if (position.log_partition == log_partition_) return position.position;
  }
  return absl::DataLossError(absl::StrCat("there is no log partition ", log_partition_));
}

absl::StatusOr<std::shared_ptr<EventSubscription>> PartitionRunner::Subscribe() {
  std::shared_ptr<EventSubscription> subscription = events_.Subscribe(log_partition_, evaluated_);
  absl::MutexLock lock(&mutex_);
  // Otherwise RequestStop() came too early to cancel this one.
  if (stop_.is_set()) return absl::CancelledError("stop was requested");
  subscription_ = subscription;
  return subscription;
}

void PartitionRunner::Unsubscribe() {
  std::shared_ptr<EventSubscription> ended;  // outlives the lock: its end may take a moment
  absl::MutexLock lock(&mutex_);
  ended.swap(subscription_);
}

absl::Status PartitionRunner::Evaluate(Frame frame) {
  const absl::Duration start = clock_.Monotonic();
  RETURN_IF_ERROR(CheckGapless(frame));
  LimitAcceptTimes(clock_.Now(), frame);
  const int64_t last_position = frame.rbegin()->position();
  const int64_t accept_micros = AcceptMicros(*frame.rbegin());
  const int count = frame.size();
  const auto spans = BeginSpans(frame);
  const trace::Scope trace_scope(spans.empty() ? trace::Context() : spans.front()->context());

  // Only now: whatever was stored before one of these events was accepted is seen (CatalogStore).
  RETURN_IF_ERROR(RefreshCatalog());
  RETURN_IF_ERROR(HandOverMatches(std::move(frame), last_position));
  evaluated_ = last_position;
  accept_micros_ = accept_micros;

  metrics_.events.Increment(count);
  metrics_.frame_seconds.Observe(absl::ToDoubleSeconds(clock_.Monotonic() - start));
  return absl::OkStatus();
}

absl::Status PartitionRunner::HandOverMatches(Frame frame, int64_t last_position) {
  ASSIGN_OR_RETURN(Erasures erasures,
                   member_changes_.Apply(frame, clock_.Now(), [this] { return Deadline(); }));
  Messages messages = Match(index_, frame);
  ASSIGN_OR_RETURN(const CapEffect capped, ApplyCaps(index_.catalog(), confirmed_, pace_.spacing(),
                                                     caps_, messages, Deadline()));
  ASSIGN_OR_RETURN(const int64_t paced, pace_.Apply(confirmed_, messages, Deadline()));
  std::vector<Batch> batches =
      SplitIntoBatches(std::move(messages), last_position, options_.batch_limits);
  if (!erasures.empty()) {
    // With the last part: what is to be erased may be in any of them.
    if (batches.empty()) batches.push_back({{}, last_position});
    batches.back().erasures = std::move(erasures);
  }
  for (Batch& batch : batches) {
    if (stop_.is_set()) return absl::CancelledError("stop was requested");
    RETURN_IF_ERROR(HandOver(std::move(batch)));
  }
  pace_.HandedOver();
  metrics_.held.Increment(static_cast<double>(capped.held));
  metrics_.suppressed.Increment(static_cast<double>(capped.suppressed));
  metrics_.paced.Increment(static_cast<double>(paced));
  return absl::OkStatus();
}

absl::Status PartitionRunner::CheckGapless(const Frame& frame) const {
  int64_t expected = evaluated_;
  for (const auto& event : frame) {
    if (event.position() == ++expected) continue;
    return absl::DataLossError(absl::StrCat("log partition ", log_partition_, ": position ",
                                            event.position(), " came in place of ", expected));
  }
  return absl::OkStatus();
}

absl::Status PartitionRunner::RefreshCatalog() {
  ASSIGN_OR_RETURN(const int64_t version, catalogs_.Version(log_partition_, Deadline()));
  if (version == index_.catalog().version()) return absl::OkStatus();
  ASSIGN_OR_RETURN(Catalog catalog, catalogs_.Load(log_partition_, confirmed_, Deadline()));
  ASSIGN_OR_RETURN(index_, MatchIndex::Build(std::move(catalog), index_));
  return absl::OkStatus();
}

absl::Status PartitionRunner::HandOver(Batch batch) {
  const int64_t next_position = batch.next_position;
  const int targets = CountTargets(batch.messages);
  ASSIGN_OR_RETURN(const int64_t standing,
                   deliveries_.Enqueue(producer_, confirmed_, std::move(batch), Deadline()));
  if (standing != next_position) {
    return absl::AbortedError(absl::StrCat("the producer stands at ", standing, " in place of ",
                                           confirmed_.load(), ": another evaluator is at work"));
  }
  confirmed_ = next_position;
  confirm_time_ = clock_.Monotonic();
  evaluated_ = next_position;
  metrics_.matches.Increment(targets);
  return absl::OkStatus();
}

absl::Status PartitionRunner::ConfirmIfDue() {
  const int64_t unconfirmed = evaluated_ - confirmed_;
  if (unconfirmed == 0) {
    confirm_time_ = clock_.Monotonic();
    return absl::OkStatus();
  }
  const bool due = unconfirmed >= options_.max_unconfirmed_events ||
                   clock_.Monotonic() - confirm_time_ >= options_.max_unconfirmed_time;
  return due ? HandOver({{}, evaluated_}) : absl::OkStatus();
}

absl::Status PartitionRunner::SkipWhatIsNotKept(int64_t earliest_position) {
  const int64_t last_dropped = earliest_position - 1;
  if (last_dropped <= evaluated_) {
    return absl::DataLossError("the log says that it dropped events, and keeps those asked for");
  }
  RETURN_IF_ERROR(RefreshCatalog());
  const bool lost = index_.catalog().CoversAny(evaluated_, last_dropped);
  const int64_t first_dropped = evaluated_ + 1;
  RETURN_IF_ERROR(HandOver({{}, last_dropped}));
  if (lost) {
    metrics_.lost_events.Increment(static_cast<double>(last_dropped - first_dropped + 1));
    log::Error("events ran out of the log before they were evaluated; keep them for longer",
               {{"log_partition", log_partition_},
                {"first_position", first_dropped},
                {"last_position", last_dropped}});
  } else {
    log::Info("skipped events that are no longer kept; no workflow waited for them",
              {{"log_partition", log_partition_},
               {"first_position", first_dropped},
               {"last_position", last_dropped}});
  }
  return absl::OkStatus();
}

void PartitionRunner::Interrupted(const absl::Status& reason) {
  metrics_.interruptions.Increment();
  ++interruptions_in_a_row_;
  if (interruptions_in_a_row_ == 1) metrics_.interrupted_log_partitions.Increment();
  log::Write(LevelOf(reason, interruptions_in_a_row_),
             "evaluation of a log partition was interrupted",
             {{"log_partition", log_partition_},
              {"position", evaluated_.load()},
              {"in_a_row", interruptions_in_a_row_},
              {"status", reason}});
}

void PartitionRunner::Recovered() {
  if (interruptions_in_a_row_ == 0) return;
  interruptions_in_a_row_ = 0;
  backoff_.Reset();
  metrics_.interrupted_log_partitions.Decrement();
}

}  // namespace crier::evaluator
