#include "services/ingest/metrics.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace crier::ingest {

using entity::v1::Event;

IngestMetrics::IngestMetrics(metrics::Registry& registry)
    : registry_(registry),
      batch_records_(registry.Histogram("crier_ingest_batch_records",
                                        "Records that shared a transaction.",
                                        {1, 2, 5, 10, 20, 50, 100, 200, 500})),
      commit_seconds_(registry.Histogram(
          "crier_ingest_commit_seconds",
          "How long transactions of records took, in seconds, whatever came of them.",
          metrics::LatencyBuckets())),
      refused_(registry.Counter("crier_ingest_refused_total",
                                "Records turned away because the queue was full.")),
      deletion_age_(registry.Gauge(
          "crier_ingest_community_deletion_age_seconds",
          "How long ago the oldest deletion of a community that is under way was asked for, in "
          "seconds.")) {
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

void IngestMetrics::OnRefused(size_t records) { refused_.Increment(static_cast<double>(records)); }

// The names of readers are a fixed set: their number has a limit. One that was deleted is no longer
// behind.
void IngestMetrics::OnReaderLags(const std::vector<ReaderLag>& lags, absl::Time keep_after) {
  std::map<std::string, ReaderLag> by_id;
  for (const std::string& id : readers_) by_id[id];
  for (const ReaderLag& lag : lags) by_id[lag.id] = lag;
  for (const auto& [id, lag] : by_id) {
    readers_.insert(id);
    const metrics::Labels labels = {{"reader", id}};
    registry_
        .Gauge("crier_ingest_log_reader_unconfirmed_events",
               "Events that a registered reader of the log has not confirmed.", labels)
        .Set(static_cast<double>(lag.unconfirmed_events));
    const absl::Duration held_back =
        lag.oldest_accept_time
            ? std::max(absl::ZeroDuration(), keep_after - *lag.oldest_accept_time)
            : absl::ZeroDuration();
    registry_
        .Gauge("crier_ingest_log_held_back_seconds",
               "How much longer than the retention says the log is kept because of a reader, in "
               "seconds.",
               labels)
        .Set(absl::ToDoubleSeconds(held_back));
  }
}

void IngestMetrics::OnOldestDeletion(absl::Duration age) {
  deletion_age_.Set(absl::ToDoubleSeconds(age));
}

}  // namespace crier::ingest
