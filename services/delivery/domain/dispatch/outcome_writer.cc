#include "services/delivery/domain/dispatch/outcome_writer.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "common/base/clock.h"
#include "common/log/log.h"

namespace crier::delivery {
namespace {

constexpr absl::Duration kCommitTimeout = absl::Seconds(5);
constexpr int kMaxDoublings = 4;

batch::BatcherOptions BatcherOptionsFor(const OutcomeWriterOptions& options) {
  batch::BatcherOptions result;
  result.max_items = options.batch_size;
  result.max_queued_items = options.queue_size;
  result.gather = options.gather;
  // Bounded by saturated() instead: an outcome in hand is not turned away for its size.
  result.max_queued_bytes = std::numeric_limits<size_t>::max() / 2;
  return result;
}

size_t SizeOf(const std::vector<Header>& headers) {
  size_t bytes = 0;
  for (const Header& header : headers) bytes += header.name.size() + header.value.size();
  return bytes;
}

size_t SizeOf(const AttemptOutcome& outcome) {
  size_t bytes = sizeof(AttemptOutcome);
  if (outcome.attempt) {
    const Exchange& exchange = outcome.attempt->exchange;
    bytes += exchange.url.size() + SizeOf(exchange.request_headers) +
             SizeOf(exchange.result.headers) + exchange.result.body.size() +
             exchange.result.error.size();
  }
  return bytes;
}

OutcomeWriter::Fate FateOf(Recorded recorded) {
  switch (recorded) {
    case Recorded::kFenced:
      return OutcomeWriter::Fate::kFenced;
    case Recorded::kWantedAgain:
      return OutcomeWriter::Fate::kWantedAgain;
    case Recorded::kCancelled:
      return OutcomeWriter::Fate::kCancelled;
    case Recorded::kWritten:
      return OutcomeWriter::Fate::kWritten;
  }
}

// Failures that say nothing about the outcomes themselves.
bool IsTransient(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) || absl::IsAborted(status);
}

}  // namespace

OutcomeWriter::OutcomeWriter(QueueStore& store, const Clock& clock, metrics::Registry& metrics,
                             HoldsLease holds_lease, const OutcomeWriterOptions& options)
    : store_(store),
      clock_(clock),
      holds_lease_(std::move(holds_lease)),
      options_(options),
      written_(metrics.Counter("crier_delivery_outcomes_total",
                               "Outcomes of attempts by their fate.", {{"fate", "written"}})),
      fenced_(metrics.Counter("crier_delivery_outcomes_total",
                              "Outcomes of attempts by their fate.", {{"fate", "fenced"}})),
      failed_(metrics.Counter("crier_delivery_outcomes_total",
                              "Outcomes of attempts by their fate.", {{"fate", "failed"}})),
      commit_seconds_(metrics.Histogram("crier_delivery_outcome_commit_seconds",
                                        "Time to commit a batch of outcomes.",
                                        metrics::LatencyBuckets())) {
  batcher_.emplace(BatcherOptionsFor(options_), [this](std::vector<AttemptOutcome> outcomes) {
    return CommitBatch(std::move(outcomes));
  });
}

OutcomeWriter::~OutcomeWriter() {
  stop_.Set();
  batcher_.reset();
}

void OutcomeWriter::Submit(AttemptOutcome outcome, const Done& done) {
  const size_t bytes = SizeOf(outcome);
  queued_bytes_ += bytes;
  const absl::Status accepted =
      batcher_->Submit(std::move(outcome), bytes, [this, bytes, done](absl::StatusOr<Fate> fate) {
        queued_bytes_ -= bytes;
        done(fate.ok() ? *fate : Fate::kFailed);
      });
  if (accepted.ok()) return;
  queued_bytes_ -= bytes;
  failed_.Increment();
  done(Fate::kFailed);
}

std::vector<absl::StatusOr<OutcomeWriter::Fate>> OutcomeWriter::CommitBatch(
    std::vector<AttemptOutcome> outcomes) {
  std::vector<std::optional<Fate>> fates(outcomes.size());
  for (int failures = 0;; ++failures) {
    const absl::Status status = TryCommit(outcomes, /*again=*/failures > 0, fates);
    if (status.ok()) break;
    if (!IsTransient(status) && outcomes.size() > 1) {
      // One outcome that the database does not take must not hold up the others.
      for (size_t i = 0; i < outcomes.size(); ++i) {
        if (!fates[i]) fates[i] = *CommitBatch({outcomes[i]}).front();
      }
      break;
    }
    if (!IsTransient(status)) {
      log::Error("an outcome cannot be stored; its attempt will be made again",
                 {{"status", status}});
      failed_.Increment();
      fates.front() = Fate::kFailed;
      break;
    }
    if (failures == 0) log::Warning("outcomes wait for the database", {{"status", status}});
    if (stop_.Pause(options_.retry_delay * (1 << std::min(failures, kMaxDoublings)))) continue;
    failed_.Increment(static_cast<double>(std::count(fates.begin(), fates.end(), std::nullopt)));
    for (std::optional<Fate>& fate : fates) fate = fate.value_or(Fate::kFailed);
    break;
  }
  std::vector<absl::StatusOr<Fate>> results;
  for (const std::optional<Fate>& fate : fates) results.emplace_back(*fate);
  return results;
}

absl::Status OutcomeWriter::TryCommit(const std::vector<AttemptOutcome>& outcomes, bool again,
                                      std::vector<std::optional<Fate>>& fates) {
  // The database decides whether a lease is good: a shard that is being given back may still be
  // written for. What is known here only ends the waiting.
  std::vector<size_t> held;
  for (size_t i = 0; i < outcomes.size(); ++i) {
    if (fates[i]) continue;
    if (!again || holds_lease_(outcomes[i].lease)) {
      held.push_back(i);
    } else {
      fates[i] = Fate::kFenced;
      fenced_.Increment();
    }
  }
  if (held.empty()) return absl::OkStatus();

  const absl::Duration start = clock_.Monotonic();
  const absl::Time deadline = clock_.Now() + kCommitTimeout;
  absl::StatusOr<std::vector<Recorded>> recorded;
  if (held.size() == outcomes.size()) {
    recorded = store_.Commit(outcomes, deadline);
  } else {
    std::vector<AttemptOutcome> batch;
    for (size_t i : held) batch.push_back(outcomes[i]);
    recorded = store_.Commit(batch, deadline);
  }
  if (!recorded.ok()) return recorded.status();
  commit_seconds_.Observe(absl::ToDoubleSeconds(clock_.Monotonic() - start));
  for (size_t i = 0; i < held.size(); ++i) {
    const Fate fate = FateOf((*recorded)[i]);
    fates[held[i]] = fate;
    (fate == Fate::kFenced ? fenced_ : written_).Increment();
  }
  return absl::OkStatus();
}

}  // namespace crier::delivery
