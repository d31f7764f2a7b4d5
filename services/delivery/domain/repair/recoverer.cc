#include "services/delivery/domain/repair/recoverer.h"

#include "common/log/log.h"

namespace crier::delivery {
namespace {

// Deliveries put on the queue by one transaction: few enough to hold up no attempt that it meets.
constexpr int kDeliveriesAtOnce = 500;
constexpr absl::Duration kPause = absl::Milliseconds(20);

constexpr absl::Duration kIdle = absl::Seconds(1);
constexpr absl::Duration kTimeout = absl::Seconds(30);

}  // namespace

Recoverer::Recoverer(RepairStore& store, const Clock& clock, metrics::Registry& metrics)
    : store_(store),
      clock_(clock),
      recovered_(metrics.Counter("crier_delivery_recovered_total",
                                 "Deliveries put on the queue again by recoveries.")) {}

absl::Duration Recoverer::Run() {
  const absl::Time now = clock_.Now();
  const absl::StatusOr<RecoveryStep> step =
      store_.StepRecovery(kDeliveriesAtOnce, now, now + kTimeout);
  if (!step.ok()) {
    log::Warning("recoveries wait for the database", {{"status", step.status()}});
    return kIdle;
  }
  recovered_.Increment(step->recovered);
  return step->found ? kPause : kIdle;
}

}  // namespace crier::delivery
