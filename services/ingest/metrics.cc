#include "services/ingest/metrics.h"

#include "absl/strings/ascii.h"

namespace crier::ingest {

using entity::v1::Event;

IngestMetrics::IngestMetrics(metrics::Registry& registry)
    : batch_records_(registry.Histogram("crier_ingest_batch_records",
                                        "Records that shared a transaction.",
                                        {1, 2, 5, 10, 20, 50, 100, 200, 500})),
      commit_seconds_(registry.Histogram(
          "crier_ingest_commit_seconds",
          "How long transactions of records took, in seconds, whatever came of them.",
          metrics::LatencyBuckets())),
      refused_(registry.Counter("crier_ingest_refused_total",
                                "Records turned away because the queue was full.")) {
  for (int kind = Event::CONTACT_FOUND; kind <= Event::Kind_MAX; ++kind) {
    const auto value = static_cast<Event::Kind>(kind);
    events_[value] = &registry.Counter("crier_ingest_events_total", "Events accepted into the log.",
                                       {{"kind", absl::AsciiStrToLower(Event::Kind_Name(value))}});
  }
}

void IngestMetrics::OnCommit(size_t records, absl::Duration elapsed) {
  batch_records_.Observe(static_cast<double>(records));
  commit_seconds_.Observe(absl::ToDoubleSeconds(elapsed));
}

void IngestMetrics::OnEvent(Event::Kind kind) { events_.at(kind)->Increment(); }

void IngestMetrics::OnRefused() { refused_.Increment(); }

}  // namespace crier::ingest
