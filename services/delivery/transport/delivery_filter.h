// What a listing of deliveries asks for.
#ifndef CRIER_SERVICES_DELIVERY_TRANSPORT_DELIVERY_FILTER_H_
#define CRIER_SERVICES_DELIVERY_TRANSPORT_DELIVERY_FILTER_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "crier/delivery/v1/delivery_service.pb.h"
#include "services/delivery/domain/repair/delivery_log.h"

namespace crier::delivery::transport {

// Reads `communities/{community}/webhooks/{webhook}`, where the last part may be `-` for all of the
// community. INVALID_ARGUMENT, naming `field`, for anything else.
absl::StatusOr<std::pair<int64_t, std::optional<int64_t>>> ParseWebhooks(absl::string_view field,
                                                                         const std::string& name);

// INVALID_ARGUMENT with everything that is wrong with the parent and the filter.
absl::StatusOr<DeliveryFilter> ReadDeliveryFilter(const v1::ListDeliveriesRequest& request);

// What a page token of the listing is good for: everything but the size of the page.
std::string ListingScope(const v1::ListDeliveriesRequest& request);

}  // namespace crier::delivery::transport

#endif  // CRIER_SERVICES_DELIVERY_TRANSPORT_DELIVERY_FILTER_H_
