// Where the evaluation of a log partition reads its workflows from.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_MATCHING_CATALOG_STORE_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_MATCHING_CATALOG_STORE_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/evaluator/domain/matching/catalog.h"

namespace crier::evaluator {

// Implementations are thread-safe and answer UNAVAILABLE when their database is away.
class CatalogStore {
 public:
  virtual ~CatalogStore() = default;

  // A number that grows with every change that a partition's workflows went through, in the same
  // transaction: a caller that finds it unchanged has missed none that was stored before. Cheap
  // enough to be asked for every frame of events.
  virtual absl::StatusOr<int64_t> Version(int32_t log_partition, absl::Time deadline) = 0;

  // The catalog, at least as new as Version() is now. Revisions that end at or before
  // `passed_position` cannot fire any more, because evaluation has durably passed them; they are
  // removed for good.
  virtual absl::StatusOr<Catalog> Load(int32_t log_partition, int64_t passed_position,
                                       absl::Time deadline) = 0;
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_MATCHING_CATALOG_STORE_H_
