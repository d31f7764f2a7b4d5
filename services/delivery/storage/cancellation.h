// Taking deliveries off the queue by anything but their attempts.
#ifndef CRIER_SERVICES_DELIVERY_STORAGE_CANCELLATION_H_
#define CRIER_SERVICES_DELIVERY_STORAGE_CANCELLATION_H_

#include <vector>

#include "absl/status/statusor.h"
#include "common/pg/transaction.h"
#include "services/delivery/domain/queue/delivery.h"

namespace crier::delivery::storage {

// Takes off the queue those of the deliveries, all of one community, that are on it, and returns
// how many these were. The replica that has them in memory finds out before it attempts them: the
// webhook, which it reads at each dispatch, says up to which delivery it has to ask.
absl::StatusOr<int> CancelQueued(pg::Transaction& transaction, int64_t community,
                                 const std::vector<int64_t>& webhooks,
                                 const std::vector<std::string>& deliveries);

}  // namespace crier::delivery::storage

#endif  // CRIER_SERVICES_DELIVERY_STORAGE_CANCELLATION_H_
