// Group commit of records.
#ifndef CRIER_SERVICES_INGEST_ENGINE_H_
#define CRIER_SERVICES_INGEST_ENGINE_H_

#include <functional>
#include <vector>

#include "common/batch/batcher.h"
#include "services/ingest/domain/ingester.h"
#include "services/ingest/domain/record_sink.h"

namespace crier::ingest {

// Gathers the records of all callers and ingests them batch by batch. There is one batch at a time:
// that keeps records in the order of their submission, and a second one would wait for the locks of
// the first most of the time.
//
// Thread-safe. The destructor finishes what was accepted.
class IngestEngine : public RecordSink {
 public:
  // The parts must outlive the engine.
  IngestEngine(Ingester& ingester, IngestObserver& observer, batch::BatcherOptions options = {});

  absl::Status Submit(Record record, absl::Time deadline, Done done) override;
  size_t SubmitInBulk(absl::Span<Submission> submissions, absl::Time deadline) override;
  bool AwaitRoom(const Record& next, std::function<void()> wake) override;

 private:
  struct Item {
    Record record;
    absl::Time deadline;
  };

  std::vector<absl::StatusOr<Ingested>> Work(std::vector<Item> items);

  Ingester& ingester_;
  IngestObserver& observer_;
  batch::Batcher<Item, Ingested> batcher_;  // last: its threads use the above
};

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_ENGINE_H_
