// What watching costs: everything that is counted, logged and traced of one event on its whole way,
// the sum of which is to stay under a microsecond, and each kind of count by itself.
#include <benchmark/benchmark.h>

#include "common/log/log.h"
#include "common/trace/span.h"
#include "services/delivery/domain/dispatch/attempt_log.h"
#include "services/delivery/domain/dispatch/attempt_metrics.h"

namespace crier::delivery {
namespace {

constexpr char kTraceparent[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

AttemptResult Success() {
  AttemptResult result;
  result.outcome = Outcome::kSucceeded;
  result.status = 200;
  result.duration = absl::Milliseconds(20);
  return result;
}

void Counter(benchmark::State& state) {
  metrics::Registry registry;
  prometheus::Counter& counter = registry.Counter("crier_bench_total", "A counter.");
  for ([[maybe_unused]] auto _ : state) counter.Increment();
}
BENCHMARK(Counter)->ThreadRange(1, 2);

void Histogram(benchmark::State& state) {
  metrics::Registry registry;
  prometheus::Histogram& histogram =
      registry.Histogram("crier_bench_seconds", "A histogram.", metrics::LatencyBuckets());
  for ([[maybe_unused]] auto _ : state) histogram.Observe(0.02);
}
BENCHMARK(Histogram);

// A trace that is not recorded: what all but a few calls pay.
void UnrecordedSpan(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state) {
    const auto parent = trace::ParseTraceparent(kTraceparent);
    trace::Span span("bench", trace::SpanKind::kInternal, *parent);
    benchmark::DoNotOptimize(span.context());
  }
}
BENCHMARK(UnrecordedSpan);

// A line below the level that is shown.
void HiddenLogLine(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state) log::Debug("bench");
}
BENCHMARK(HiddenLogLine);

// Of one event with one delivery that succeeds at once: ingest counts the event, the evaluator the
// event and its match, delivery the enqueued delivery, its first attempt, the attempt, the outcome
// and the end; each reads the trace once, and the attempt asks whether it is to be logged. (RPCs
// and commits are counted by the batch.)
void OneEvent(benchmark::State& state) {
  metrics::Registry registry;
  AttemptMetrics attempts(registry);
  AttemptLog log;
  prometheus::Counter& accepted = registry.Counter("crier_bench_accepted_total", "Events.");
  prometheus::Counter& evaluated = registry.Counter("crier_bench_evaluated_total", "Events.");
  prometheus::Counter& matched = registry.Counter("crier_bench_matched_total", "Matches.");
  prometheus::Counter& enqueued = registry.Counter("crier_bench_enqueued_total", "Deliveries.");
  prometheus::Counter& written = registry.Counter("crier_bench_written_total", "Outcomes.");
  const Attempt attempt{1, {.result = Success()}};
  for ([[maybe_unused]] auto _ : state) {
    accepted.Increment();
    evaluated.Increment();
    matched.Increment();
    enqueued.Increment();
    for (int service = 0; service < 3; ++service) {
      trace::Span span("bench", trace::SpanKind::kInternal, *trace::ParseTraceparent(kTraceparent));
      benchmark::DoNotOptimize(span.context());
    }
    attempts.CountFirst(absl::Milliseconds(5));
    attempts.Count(attempt.exchange.result);
    attempts.CountDelivered(absl::Milliseconds(25));
    log.Write({}, 1, attempt, DeliveryState::kSucceeded, absl::Milliseconds(25), {});
    written.Increment();
    attempts.Ended(DeliveryState::kSucceeded)->Increment();
  }
}
BENCHMARK(OneEvent);

}  // namespace
}  // namespace crier::delivery

BENCHMARK_MAIN();
