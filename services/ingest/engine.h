// Group commit of records.
#ifndef CRIER_SERVICES_INGEST_ENGINE_H_
#define CRIER_SERVICES_INGEST_ENGINE_H_

#include <functional>
#include <vector>

#include "common/batch/batcher.h"
#include "services/ingest/domain/records/record_sink.h"
#include "services/ingest/domain/writing/ingester.h"

namespace crier::ingest {

// Gathers the records of all callers and ingests them batch by batch. Communities are shared out
// among lanes by their log partitions; a lane has one batch at a time. So the records of a
// community stay in the order of their submission, and no lane waits for locks of another: while
// Postgres works on the batch of one, the next of the other is prepared. When few are waiting, they
// share one commit whatever their lanes.
//
// Thread-safe. The destructor finishes what was accepted.
class IngestEngine : public RecordSink {
 public:
  // Divides the number of log partitions, so that no partition has two.
  static constexpr int kLanes = 2;

  static batch::BatcherOptions DefaultOptions();

  // The parts must outlive the engine, which sets the number of lanes and workers.
  IngestEngine(Ingester& ingester, IngestObserver& observer,
               batch::BatcherOptions options = DefaultOptions());

  absl::Status Submit(Record record, absl::Time deadline, Done done) override;
  size_t SubmitInBulk(absl::Span<Submission> submissions, absl::Time deadline) override;
  bool AwaitRoom(const Record& next, std::function<void()> wake) override;

 private:
  struct Item {
    Record record;
    absl::Time deadline;
  };

  using Batcher = batch::Batcher<Item, Ingested>;

  std::vector<absl::StatusOr<Ingested>> Work(std::vector<Item> items);

  Ingester& ingester_;
  IngestObserver& observer_;
  Batcher batcher_;  // last: its threads use the above
};

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_ENGINE_H_
