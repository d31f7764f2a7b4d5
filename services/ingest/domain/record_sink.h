// Where transport code hands records to.
#ifndef CRIER_SERVICES_INGEST_DOMAIN_RECORD_SINK_H_
#define CRIER_SERVICES_INGEST_DOMAIN_RECORD_SINK_H_

#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/ingest/domain/record.h"

namespace crier::ingest {

// Thread-safe.
class RecordSink {
 public:
  using Done = std::function<void(absl::StatusOr<Ingested>)>;

  virtual ~RecordSink() = default;

  // Takes a record that is to be durable by `deadline`, and calls `done` exactly once, from another
  // thread, when it is or has failed. Records that one thread submits are done in that order. Does
  // not block. RESOURCE_EXHAUSTED, without calling `done`, when too many are waiting.
  virtual absl::Status Submit(Record record, absl::Time deadline, Done done) = 0;
};

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_DOMAIN_RECORD_SINK_H_
