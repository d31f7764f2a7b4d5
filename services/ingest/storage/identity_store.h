// Which contact an e-mail address, a handle or an external id belongs to.
#ifndef CRIER_SERVICES_INGEST_STORAGE_IDENTITY_STORE_H_
#define CRIER_SERVICES_INGEST_STORAGE_IDENTITY_STORE_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/pg/transaction.h"
#include "services/ingest/domain/writing/entity_store.h"

namespace crier::ingest::storage {

// Identities as the parameter of a statement to which their contacts do not matter.
absl::StatusOr<pg::Params> IdentityParams(
    pg::Transaction& transaction, const std::vector<absl::Span<const Identity>>& identities);

// Removes and changes identities; after the merges. Returns the rows of those that are new.
absl::StatusOr<pg::RowArray> WriteIdentities(pg::Transaction& transaction, const Changes& changes);

}  // namespace crier::ingest::storage

#endif  // CRIER_SERVICES_INGEST_STORAGE_IDENTITY_STORE_H_
