#include "services/delivery/domain/repair/eraser.h"

#include "common/log/log.h"
#include "services/delivery/domain/queue/ended_deliveries.h"

namespace crier::delivery {
namespace {

// A step is a transaction: short enough to hold up no attempt that it meets at the queue.
constexpr int kDeliveriesAtOnce = 200;
constexpr int kStepsAtOnce = 20;
constexpr absl::Duration kStepTimeout = absl::Seconds(30);

constexpr absl::Duration kPause = absl::Milliseconds(50);
constexpr absl::Duration kIdle = absl::Seconds(5);

}  // namespace

Eraser::Eraser(ErasureStore& store, const Clock& clock, metrics::Registry& metrics)
    : store_(store),
      clock_(clock),
      erased_(metrics.Counter("crier_delivery_erased_deliveries_total",
                              "Deliveries whose personal data was erased.")),
      cancelled_(EndedDeliveries(metrics, DeliveryState::kCancelled)),
      completed_(metrics.Counter("crier_delivery_erasures_total",
                                 "Erasures of contacts and communities that are over.")) {}

absl::Duration Eraser::Run() {
  for (int i = 0; i < kStepsAtOnce; ++i) {
    const absl::StatusOr<ErasureStep> step =
        store_.Step(kDeliveriesAtOnce, clock_.Now() + kStepTimeout);
    if (!step.ok()) {
      log::Warning("erasures wait for the database", {{"status", step.status()}});
      return kIdle;
    }
    if (!step->found) return kIdle;
    erased_.Increment(step->erased);
    cancelled_.Increment(step->cancelled);
    if (step->over) completed_.Increment();
  }
  return kPause;
}

}  // namespace crier::delivery
