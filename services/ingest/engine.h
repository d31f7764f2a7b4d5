// Group commit of records.
#ifndef CRIER_SERVICES_INGEST_ENGINE_H_
#define CRIER_SERVICES_INGEST_ENGINE_H_

#include <functional>
#include <memory>
#include <vector>

#include "common/batch/batcher.h"
#include "services/ingest/domain/ingester.h"
#include "services/ingest/domain/record_sink.h"

namespace crier::ingest {

// Gathers the records of all callers and ingests them batch by batch. Communities are shared out
// among lanes by their log partitions; a lane has one batch at a time. So the records of a
// community stay in the order of their submission, and no lane waits for locks of another: while
// Postgres works on the batch of one, the next of the other is prepared.
//
// Thread-safe. The destructor finishes what was accepted.
class IngestEngine : public RecordSink {
 public:
  // Divides the number of log partitions, so that no partition has two.
  static constexpr int kLanes = 2;

  // The parts must outlive the engine. `options` are those of each lane.
  IngestEngine(Ingester& ingester, IngestObserver& observer, batch::BatcherOptions options = {});

  absl::Status Submit(Record record, absl::Time deadline, Done done) override;
  size_t SubmitInBulk(absl::Span<Submission> submissions, absl::Time deadline) override;
  bool AwaitRoom(const Record& next, std::function<void()> wake) override;

 private:
  struct Item {
    Record record;
    absl::Time deadline;
  };

  using Lane = batch::Batcher<Item, Ingested>;

  Lane& LaneOf(const Record& record) const;
  std::vector<absl::StatusOr<Ingested>> Work(std::vector<Item> items);

  Ingester& ingester_;
  IngestObserver& observer_;
  std::vector<std::unique_ptr<Lane>> lanes_;  // last: their threads use the above
};

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_ENGINE_H_
