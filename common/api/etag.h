// Etags (AIP-154).
#ifndef CRIER_COMMON_API_ETAG_H_
#define CRIER_COMMON_API_ETAG_H_

#include <cstdint>
#include <string>

namespace crier::api {

// The etag of a resource whose changes are counted: the count in quotes, as RFC 7232 writes a
// strong validator.
std::string Etag(int64_t version);

}  // namespace crier::api

#endif  // CRIER_COMMON_API_ETAG_H_
