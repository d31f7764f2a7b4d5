// Reading entities from Postgres.
#ifndef CRIER_SERVICES_INGEST_STORAGE_ENTITY_READER_H_
#define CRIER_SERVICES_INGEST_STORAGE_ENTITY_READER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/pg/pool.h"
#include "services/ingest/domain/entity_reader.h"

namespace crier::ingest::storage {

// Thread-safe. Statements are made at run time, because filters and orders are; values are always
// parameters. Runs are found by key (`id > …`), never by OFFSET, so each costs what it returns.
class PgEntityReader : public EntityReader {
 public:
  // `pool` must outlive the reader. Not that of the writers: long reads would hold them up.
  explicit PgEntityReader(pg::Pool& pool) : pool_(pool) {}

  absl::StatusOr<std::vector<FoundEntity>> Get(EntityKind kind, int64_t community,
                                               const std::vector<int64_t>& ids, Merged merged,
                                               absl::Time deadline) override;
  absl::StatusOr<EntityRun> Find(const EntitySelection& selection, const ReadOptions& options,
                                 absl::Time deadline) override;
  absl::StatusOr<int64_t> Count(const EntitySelection& selection, absl::Time deadline) override;

 private:
  pg::Pool& pool_;
};

}  // namespace crier::ingest::storage

#endif  // CRIER_SERVICES_INGEST_STORAGE_ENTITY_READER_H_
