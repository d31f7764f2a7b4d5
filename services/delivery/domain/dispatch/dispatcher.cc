#include "services/delivery/domain/dispatch/dispatcher.h"

#include <cstddef>
#include <utility>

#include "absl/status/statusor.h"
#include "common/log/log.h"

namespace crier::delivery {
namespace {

// Attempts begun together.
constexpr int kBatch = 100;

constexpr absl::Duration kIdle = absl::Seconds(1);
constexpr absl::Duration kPauseAfterFailure = absl::Milliseconds(500);

}  // namespace

Dispatcher::Dispatcher(ShardScheduler& scheduler, ClaimReader& reader, AttemptMaker& attempts,
                       const OutcomeWriter& outcomes, metrics::Registry& metrics)
    : scheduler_(scheduler),
      reader_(reader),
      attempts_(attempts),
      outcomes_(outcomes),
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
    metrics_.Show(scheduler_);
    if (!status.ok()) log::Warning("deliveries wait for the database", {{"status", status}});
    if (!status.ok() || outcomes_.saturated()) stop_.Pause(kPauseAfterFailure);
  }
}

absl::Status Dispatcher::DispatchOnce(Sender& sender) {
  if (outcomes_.saturated()) return absl::OkStatus();
  std::vector<Claim> claims = scheduler_.TakeReady(kBatch);
  if (claims.empty()) return absl::OkStatus();

  const absl::StatusOr<std::vector<ClaimReading>> readings = reader_.Read(claims);
  if (!readings.ok()) {
    for (Claim& claim : claims) scheduler_.PutBack(std::move(claim));
    return readings.status();
  }
  const std::vector<bool> within = KeepToLimits(claims, *readings);
  for (size_t i = 0; i < claims.size(); ++i) {
    if (within[i]) attempts_.Begin(std::move(claims[i]), (*readings)[i], sender);
  }
  return absl::OkStatus();
}

// Only now is it known how fast the webhooks may be sent to: what is too much is put back, the last
// first.
std::vector<bool> Dispatcher::KeepToLimits(std::vector<Claim>& claims,
                                           const std::vector<ClaimReading>& readings) {
  std::vector<bool> within(claims.size(), true);
  for (size_t i = claims.size(); i-- > 0;) {
    const Webhook* const webhook = readings[i].webhook.get();
    if (webhook == nullptr) continue;
    within[i] =
        scheduler_.SetLimits(webhook->id, webhook->max_concurrency, webhook->attempts_per_minute);
    if (!within[i]) scheduler_.PutBack(std::move(claims[i]));
  }
  return within;
}

}  // namespace crier::delivery
