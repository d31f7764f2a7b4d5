// Requests that may be repeated, within the transaction of a batch.
#ifndef CRIER_SERVICES_INGEST_STORAGE_REQUEST_STORE_H_
#define CRIER_SERVICES_INGEST_STORAGE_REQUEST_STORE_H_

#include <map>
#include <set>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/pg/time_partitions.h"
#include "common/pg/transaction.h"
#include "services/ingest/domain/writing/entity_store.h"

namespace crier::ingest::storage {

// Those of `keys` that were done before. The caller holds the heads' locks.
absl::Status LoadRequests(pg::Transaction& transaction, const std::set<RequestKey>& keys,
                          Known& known);

absl::Status WriteRequests(pg::Transaction& transaction,
                           const std::map<RequestKey, StoredRequest>& requests);

// The table, for its maintenance.
pg::TimePartitionedTable RequestTable(absl::Duration retention);

}  // namespace crier::ingest::storage

#endif  // CRIER_SERVICES_INGEST_STORAGE_REQUEST_STORE_H_
