#include "services/evaluator/evaluation.h"

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "common/base/clock.h"
#include "common/log/log.h"
#include "common/pg/migrations.h"
#include "common/status/macros.h"
#include "services/evaluator/domain/partitions/backoff.h"
#include "services/evaluator/storage/schema.h"

namespace crier::evaluator {
namespace {

constexpr absl::Duration kCallTimeout = absl::Seconds(5);
constexpr absl::Duration kMinRetryAfter = absl::Milliseconds(100);
constexpr absl::Duration kMaxRetryAfter = absl::Seconds(2);
constexpr absl::Duration kObserveEvery = absl::Seconds(5);

}  // namespace

Evaluation::Evaluation(pg::Pool& pool, EventSource& events, PartitionSet& partitions,
                       RunWorkers& runs, std::string owner, const Clock& clock,
                       metrics::Registry& metrics)
    : pool_(pool),
      events_(events),
      partitions_(partitions),
      runs_(runs),
      leases_(pool),
      keeper_(leases_, clock,
              {.owner = std::move(owner), .metrics = &metrics, .kind = "evaluator_log_partitions"},
              {.on_gained =
                   [this](const lease::Lease& lease) {
                     partitions_.Add(lease.slot);
                     runs_.Add(lease);
                   },
               .on_lost =
                   [this](const lease::Lease& lease) {
                     partitions_.Remove(lease.slot);
                     runs_.Remove(lease);
                   }}),
      status_(absl::UnavailableError("the log partitions are not known yet")) {}

Evaluation::~Evaluation() { Stop(); }

void Evaluation::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Evaluation::Stop() {
  stop_.Set();
  if (thread_.joinable()) thread_.join();
  releases_.reset();
  // Before the leases go: whoever has them next finds nothing under way.
  runs_.Stop();
  keeper_.Stop();
  partitions_.StopAll();
}

absl::Status Evaluation::status() const {
  absl::MutexLock lock(&mutex_);
  return status_;
}

void Evaluation::Run() {
  Backoff backoff(kMinRetryAfter, kMaxRetryAfter, std::random_device()());
  absl::Status initialized = Initialize();
  while (!initialized.ok()) {
    if (!stop_.Pause(backoff.Next())) return;
    initialized = Initialize();
  }
  runs_.Start();
  keeper_.Start();
  releases_.emplace(
      pool_.database(), pg::LeaseChannel(pool_.database().schema),
      pg::Listener::Callbacks{.on_notify = [this](absl::string_view) { keeper_.HeartbeatSoon(); },
                              .on_gap = [this] { keeper_.HeartbeatSoon(); }});
  while (stop_.Pause(kObserveEvery)) {
    const auto heads = events_.Heads(absl::Now() + kCallTimeout);
    if (heads.ok()) partitions_.UpdateLag(*heads);
    partitions_.ClearEnded();
    ConfirmPositions();
  }
}

void Evaluation::ConfirmPositions() {
  const std::vector<LogHead> positions = partitions_.Confirmed();
  if (positions.empty()) return;
  const absl::Time deadline = absl::Now() + kCallTimeout;
  absl::Status status = events_.Confirm(positions, deadline);
  // Somebody took this service for gone.
  if (absl::IsNotFound(status)) status = events_.Register(deadline).status();
  // What is not confirmed now is so later; the log is kept until then.
  if (!status.ok()) log::Debug("positions could not be confirmed", {{"status", status}});
}

absl::Status Evaluation::Initialize() {
  const auto initialize = [this]() -> absl::Status {
    const absl::Time deadline = absl::Now() + kCallTimeout;
    RETURN_IF_ERROR(pg::CheckSchema(pool_, storage::SchemaVersion(), deadline));
    ASSIGN_OR_RETURN(const std::vector<LogHead> heads, events_.Heads(deadline));
    RETURN_IF_ERROR(events_.Register(deadline).status());
    // Their number never changes, so this is done once and for all.
    return leases_.InitializeSlots(static_cast<int32_t>(heads.size()), deadline);
  };
  const absl::Status status = initialize();
  absl::MutexLock lock(&mutex_);
  return status_ = status;
}

}  // namespace crier::evaluator
