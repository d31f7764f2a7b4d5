// HTTP exchanges as the API shows them.
#ifndef CRIER_SERVICES_DELIVERY_TRANSPORT_EXCHANGE_PROTO_H_
#define CRIER_SERVICES_DELIVERY_TRANSPORT_EXCHANGE_PROTO_H_

#include "crier/delivery/v1/webhook_service.pb.h"
#include "services/delivery/domain/attempts/sender.h"

namespace crier::delivery::transport {

// What a receiver sent need not be text: bytes of header values that are not UTF-8 become U+FFFD.
v1::Exchange ToProto(const Exchange& exchange);

}  // namespace crier::delivery::transport

#endif  // CRIER_SERVICES_DELIVERY_TRANSPORT_EXCHANGE_PROTO_H_
