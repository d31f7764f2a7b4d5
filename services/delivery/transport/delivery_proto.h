// Deliveries as the API shows them.
#ifndef CRIER_SERVICES_DELIVERY_TRANSPORT_DELIVERY_PROTO_H_
#define CRIER_SERVICES_DELIVERY_TRANSPORT_DELIVERY_PROTO_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "crier/delivery/v1/delivery_service.pb.h"
#include "services/delivery/domain/queue/delivery.h"

namespace crier::delivery::transport {

// `communities/{community}/webhooks/{webhook}/deliveries/{delivery}`.
std::string DeliveryName(const DeliveryId& id);

// INVALID_ARGUMENT on `field` when the name has another form.
absl::StatusOr<DeliveryId> ParseDeliveryName(absl::string_view field, absl::string_view name);

v1::Delivery ToProto(const DeliveryRecord& record);

}  // namespace crier::delivery::transport

#endif  // CRIER_SERVICES_DELIVERY_TRANSPORT_DELIVERY_PROTO_H_
