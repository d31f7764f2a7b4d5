// Makes records durable.
#ifndef CRIER_SERVICES_INGEST_DOMAIN_WRITING_INGESTER_H_
#define CRIER_SERVICES_INGEST_DOMAIN_WRITING_INGESTER_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/base/clock.h"
#include "services/ingest/domain/log/log_tail.h"
#include "services/ingest/domain/log/recent_events.h"
#include "services/ingest/domain/records/record.h"
#include "services/ingest/domain/writing/entity_store.h"

namespace crier::ingest {

// Hears of what was done, for metrics. Thread-safe.
class IngestObserver {
 public:
  virtual ~IngestObserver() = default;

  // A unit of work with `records` records took `elapsed`, whatever came of it.
  virtual void OnCommit(size_t records, absl::Duration elapsed) = 0;

  // The event is durable.
  virtual void OnEvent(entity::v1::Event::Kind kind) = 0;

  // So many records were turned away because too many were waiting.
  virtual void OnRefused(size_t records) = 0;
};

// Reconciles batches of records with the store. Thread-safe. The parts must outlive it.
class Ingester {
 public:
  Ingester(EntityStore& store, RecentEvents& recent, LogTail& tail, const Clock& clock,
           IngestObserver& observer)
      : store_(store), recent_(recent), tail_(tail), clock_(clock), observer_(observer) {}

  // Stores the records, in order, and wakes the readers of the log. Returns a result for each. One
  // transaction does, unless its events would be too large; when it fails for a reason that lies in
  // its content, the records are stored one by one, so that only those fail that cannot be stored.
  std::vector<absl::StatusOr<Ingested>> Ingest(absl::Span<const Record> records,
                                               absl::Time deadline);

 private:
  using Results = std::vector<absl::StatusOr<Ingested>>;

  // Results of a beginning of the records (see Reconcile).
  absl::StatusOr<Results> Commit(absl::Span<const Record> records, absl::Time deadline);

  EntityStore& store_;
  RecentEvents& recent_;
  LogTail& tail_;
  const Clock& clock_;
  IngestObserver& observer_;
};

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_DOMAIN_WRITING_INGESTER_H_
