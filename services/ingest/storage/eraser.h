// Erasure in Postgres.
#ifndef CRIER_SERVICES_INGEST_STORAGE_ERASER_H_
#define CRIER_SERVICES_INGEST_STORAGE_ERASER_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/pg/pool.h"
#include "services/ingest/domain/eraser.h"

namespace crier::ingest::storage {

// Thread-safe; any number of erasers, in any number of processes, may share a schema.
class PgEraser : public Eraser {
 public:
  // `pool` must outlive the eraser. `step_rows`: how many rows one transaction erases at most.
  explicit PgEraser(pg::Pool& pool, int step_rows = 1000);

  absl::Status EraseContact(int64_t community, int64_t id, absl::Time now,
                            absl::Time deadline) override;
  absl::StatusOr<CommunityDeletion> BeginDeletion(int64_t community, absl::Time now,
                                                  absl::Time deadline) override;
  absl::StatusOr<CommunityDeletion> GetDeletion(int64_t community, absl::Time deadline) override;
  absl::StatusOr<bool> ContinueDeletions(absl::Time now, absl::Time deadline) override;

  // When the oldest of the deletions under way was asked for; nothing when there is none.
  absl::StatusOr<std::optional<absl::Time>> OldestDeletion(absl::Time deadline);

 private:
  // The parts of ContinueDeletions() that take the head's lock.
  absl::Status TellOfDeletion(int64_t community, absl::Time now, absl::Time deadline);
  absl::Status FinishDeletion(int64_t community, absl::Time now, absl::Time deadline);

  pg::Pool& pool_;
  const int step_rows_;
  const std::string channel_;
};

}  // namespace crier::ingest::storage

#endif  // CRIER_SERVICES_INGEST_STORAGE_ERASER_H_
