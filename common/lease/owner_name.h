// What replicas hold leases as.
#ifndef CRIER_COMMON_LEASE_OWNER_NAME_H_
#define CRIER_COMMON_LEASE_OWNER_NAME_H_

#include <string>

namespace crier::lease {

// A name that no replica has had before, nor this one at an earlier start. Begins with the name of
// the host, for whoever reads the table of leases.
std::string NewOwnerName();

}  // namespace crier::lease

#endif  // CRIER_COMMON_LEASE_OWNER_NAME_H_
