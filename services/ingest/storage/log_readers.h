// The readers of the event log in Postgres.
#ifndef CRIER_SERVICES_INGEST_STORAGE_LOG_READERS_H_
#define CRIER_SERVICES_INGEST_STORAGE_LOG_READERS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/pg/pool.h"
#include "services/ingest/domain/log/log_readers.h"

namespace crier::ingest::storage {

// Thread-safe.
class PgLogReaders : public LogReaders {
 public:
  // `pool` must outlive the object.
  explicit PgLogReaders(pg::Pool& pool) : pool_(pool) {}

  absl::StatusOr<LogReader> Register(const std::string& id, bool from_beginning, absl::Time now,
                                     absl::Time deadline) override;
  absl::Status Confirm(const std::string& id, const std::vector<LogHead>& positions, absl::Time now,
                       absl::Time deadline) override;
  absl::StatusOr<std::vector<LogReader>> List(absl::Time deadline) override;
  absl::Status Remove(const std::string& id, absl::Time deadline) override;
  absl::StatusOr<std::vector<ReaderLag>> Lags(absl::Time deadline) override;

 private:
  pg::Pool& pool_;
};

// Whether every registered reader has confirmed all events of a partition of the table `events`,
// whose name is given as it is written in SQL.
absl::StatusOr<bool> IsConfirmedByAll(pg::Transaction& transaction, const std::string& partition);

}  // namespace crier::ingest::storage

#endif  // CRIER_SERVICES_INGEST_STORAGE_LOG_READERS_H_
