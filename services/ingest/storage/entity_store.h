// Entities and their changes in Postgres.
#ifndef CRIER_SERVICES_INGEST_STORAGE_ENTITY_STORE_H_
#define CRIER_SERVICES_INGEST_STORAGE_ENTITY_STORE_H_

#include <atomic>
#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/pg/pool.h"
#include "services/ingest/domain/writing/entity_store.h"
#include "services/ingest/storage/busy_heads.h"

namespace crier::ingest::storage {

// Thread-safe; any number of stores, in any number of processes, may share a schema.
class PgEntityStore : public EntityStore {
 public:
  // `pool` must outlive the store.
  explicit PgEntityStore(pg::Pool& pool);

  absl::StatusOr<Changes> Transact(const Lookup& lookup, absl::Time deadline,
                                   absl::FunctionRef<Changes(Known)> decide) override;

 private:
  absl::StatusOr<Changes> TransactOnce(int32_t partition_count, const Lookup& lookup,
                                       BusyHeads::Patience patience, absl::Time deadline,
                                       absl::FunctionRef<Changes(Known)> decide);

  // Which of the heads somebody holds on to, found out by waiting for each while holding no other:
  // the replicas that wait for such a head hold others, which so come free. Takes two seconds, or a
  // few.
  absl::Status FindBusyHeads(int32_t partition_count, const Lookup& lookup, absl::Time deadline);

  // Fixed for the life of a schema, so it is read once.
  absl::StatusOr<int32_t> LogPartitionCount(absl::Time deadline);

  pg::Pool& pool_;
  const std::string channel_;
  BusyHeads busy_;
  std::atomic<int32_t> log_partition_count_{0};  // 0 until it has been read
};

}  // namespace crier::ingest::storage

#endif  // CRIER_SERVICES_INGEST_STORAGE_ENTITY_STORE_H_
