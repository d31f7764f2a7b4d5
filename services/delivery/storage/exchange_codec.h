// Exchanges as they are stored.
#ifndef CRIER_SERVICES_DELIVERY_STORAGE_EXCHANGE_CODEC_H_
#define CRIER_SERVICES_DELIVERY_STORAGE_EXCHANGE_CODEC_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/delivery/domain/sender.h"

namespace crier::delivery::storage {

// A crier.delivery.v1.Exchange without the request body, which can be made again. Bytes of header
// values and of the error that are no UTF-8 are replaced.
std::string EncodeExchange(const Exchange& exchange);

// INTERNAL when the bytes are none.
absl::StatusOr<Exchange> DecodeExchange(absl::string_view bytes);

}  // namespace crier::delivery::storage

#endif  // CRIER_SERVICES_DELIVERY_STORAGE_EXCHANGE_CODEC_H_
