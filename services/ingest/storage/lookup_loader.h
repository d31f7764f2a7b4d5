// What a batch is compared with.
#ifndef CRIER_SERVICES_INGEST_STORAGE_LOOKUP_LOADER_H_
#define CRIER_SERVICES_INGEST_STORAGE_LOOKUP_LOADER_H_

#include "absl/status/status.h"
#include "common/pg/transaction.h"
#include "services/ingest/domain/writing/entity_store.h"

namespace crier::ingest::storage {

// Adds what is known of the lookup, beside the heads. The caller holds their locks.
absl::Status LoadKnown(pg::Transaction& transaction, const Lookup& lookup, Known& known);

}  // namespace crier::ingest::storage

#endif  // CRIER_SERVICES_INGEST_STORAGE_LOOKUP_LOADER_H_
