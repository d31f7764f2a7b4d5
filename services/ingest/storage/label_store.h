// Segments and tags, within the transaction of a batch.
#ifndef CRIER_SERVICES_INGEST_STORAGE_LABEL_STORE_H_
#define CRIER_SERVICES_INGEST_STORAGE_LABEL_STORE_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "common/pg/transaction.h"
#include "services/ingest/domain/writing/entity_store.h"

namespace crier::ingest::storage {

// Adds the labels of a kind that a lookup asks for as four arrays: communities and ids, communities
// and names as names are looked up.
void AddLabels(const Lookup& lookup, LabelKind kind, pg::Params& params);

// The last ids of the communities that the lookup gives names of. The caller holds the heads'
// locks.
absl::Status LoadLastLabelIds(pg::Transaction& transaction, const Lookup& lookup,
                              KnownLabels& known);

// Saves names by the labels' ids.
absl::Status WriteLabels(pg::Transaction& transaction,
                         const std::map<LabelId, std::string>& labels);

}  // namespace crier::ingest::storage

#endif  // CRIER_SERVICES_INGEST_STORAGE_LABEL_STORE_H_
