// Where transport code hands records to.
#ifndef CRIER_SERVICES_INGEST_DOMAIN_RECORDS_RECORD_SINK_H_
#define CRIER_SERVICES_INGEST_DOMAIN_RECORDS_RECORD_SINK_H_

#include <cstddef>
#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "services/ingest/domain/records/record.h"

namespace crier::ingest {

// Thread-safe.
class RecordSink {
 public:
  using Done = std::function<void(absl::StatusOr<Ingested>)>;

  virtual ~RecordSink() = default;

  // Takes a record that is to be durable by `deadline`, and calls `done` exactly once, from another
  // thread, when it is or has failed. Records of one community that one thread submits become
  // durable in that order. Does not block. RESOURCE_EXHAUSTED, without calling `done`, when too
  // many are waiting.
  virtual absl::Status Submit(Record record, absl::Time deadline, Done done) = 0;

  struct Submission {
    Record record;
    Done done;
  };

  // For callers that can wait: takes as many of the submissions, from the front, as there is room
  // for beside that of callers who cannot, and returns their number; each as with Submit. The
  // others are left as they were. Does not block.
  virtual size_t SubmitInBulk(absl::Span<Submission> submissions, absl::Time deadline) = 0;

  // Calls `wake` once, from another thread, when it is worth trying again to submit the record in
  // bulk. False, without calling it, when it is now.
  virtual bool AwaitRoom(const Record& next, std::function<void()> wake) = 0;
};

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_DOMAIN_RECORDS_RECORD_SINK_H_
