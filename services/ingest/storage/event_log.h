// The event log in Postgres, for readers.
#ifndef CRIER_SERVICES_INGEST_STORAGE_EVENT_LOG_H_
#define CRIER_SERVICES_INGEST_STORAGE_EVENT_LOG_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/pg/pool.h"
#include "common/pg/time_partitions.h"
#include "services/ingest/domain/log/event_log.h"

namespace crier::ingest::storage {

// Thread-safe.
class PgEventLog : public EventLog {
 public:
  // `pool` must outlive the log.
  explicit PgEventLog(pg::Pool& pool) : pool_(pool) {}

  absl::StatusOr<LogRead> Read(int32_t log_partition, int64_t after_position,
                               const ReadLimits& limits, absl::Time deadline) override;
  absl::StatusOr<std::vector<LogHead>> Heads(absl::Time deadline) override;

 private:
  pg::Pool& pool_;
};

// The table that holds the events, by day of their acceptance. Days are dropped once they are old
// enough and every registered reader has confirmed them.
pg::TimePartitionedTable EventTable(absl::Duration retention);

}  // namespace crier::ingest::storage

#endif  // CRIER_SERVICES_INGEST_STORAGE_EVENT_LOG_H_
