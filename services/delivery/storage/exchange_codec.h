// Exchanges as they are stored.
#ifndef CRIER_SERVICES_DELIVERY_STORAGE_EXCHANGE_CODEC_H_
#define CRIER_SERVICES_DELIVERY_STORAGE_EXCHANGE_CODEC_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/delivery/domain/attempts/sender.h"

namespace crier::delivery::storage {

// A crier.delivery.v1.Exchange without the request body, which can be made again, and without what
// the receiver answered. Bytes of the error that are no UTF-8 are replaced.
std::string EncodeExchange(const Exchange& exchange);

// A crier.delivery.v1.Exchange of the headers and the body that the receiver answered with; empty
// when there are none. Apart from the rest because it may repeat personal data, and so may have to
// be erased. Bytes of header values that are no UTF-8 are replaced.
std::string EncodeResponse(const AttemptResult& result);

// The two together; INTERNAL when the bytes are none.
absl::StatusOr<Exchange> DecodeExchange(absl::string_view exchange, absl::string_view response);

}  // namespace crier::delivery::storage

#endif  // CRIER_SERVICES_DELIVERY_STORAGE_EXCHANGE_CODEC_H_
