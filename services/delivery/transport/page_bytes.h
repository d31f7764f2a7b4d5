// How much a response may be.
#ifndef CRIER_SERVICES_DELIVERY_TRANSPORT_PAGE_BYTES_H_
#define CRIER_SERVICES_DELIVERY_TRANSPORT_PAGE_BYTES_H_

#include <cstddef>

namespace crier::delivery::transport {

// A page ends at this size, below the 4 MiB that gRPC clients take by default: what receivers
// answered may be long, and so may certificates.
constexpr size_t kPageBytes = 3 * 1024 * 1024;

}  // namespace crier::delivery::transport

#endif  // CRIER_SERVICES_DELIVERY_TRANSPORT_PAGE_BYTES_H_
