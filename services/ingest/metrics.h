// What the ingest service counts. The names are an API.
#ifndef CRIER_SERVICES_INGEST_METRICS_H_
#define CRIER_SERVICES_INGEST_METRICS_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/metrics/metrics.h"
#include "services/ingest/domain/log/log_readers.h"
#include "services/ingest/domain/writing/ingester.h"

namespace crier::ingest {

// Thread-safe. `registry` must outlive it.
class IngestMetrics : public IngestObserver {
 public:
  explicit IngestMetrics(metrics::Registry& registry);

  void OnCommit(size_t records, absl::Duration elapsed) override;
  void OnEvent(entity::v1::Event::Kind kind) override;
  void OnRefused(size_t records) override;

  // `keep_after`: what was accepted before is only kept because a reader has not confirmed it.
  void OnReaderLags(const std::vector<ReaderLag>& lags, absl::Time keep_after);

  // How long ago the oldest deletion of a community that is under way was asked for.
  void OnOldestDeletion(absl::Duration age);

 private:
  metrics::Registry& registry_;
  std::map<entity::v1::Event::Kind, prometheus::Counter*> events_;
  prometheus::Histogram& batch_records_;
  prometheus::Histogram& commit_seconds_;
  prometheus::Counter& refused_;
  prometheus::Gauge& deletion_age_;
  std::set<std::string> readers_;  // that were ever seen; used by one thread
};

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_METRICS_H_
