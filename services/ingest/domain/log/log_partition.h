// Which log partition a community belongs to.
#ifndef CRIER_SERVICES_INGEST_DOMAIN_LOG_LOG_PARTITION_H_
#define CRIER_SERVICES_INGEST_DOMAIN_LOG_LOG_PARTITION_H_

#include <cstdint>

namespace crier::ingest {

// From 0 to `partition_count` - 1: the 64-bit finaliser of MurmurHash3 over the community's id,
// modulo the count. It decides where events are, so it must never change.
int32_t LogPartitionOf(int64_t community, int32_t partition_count);

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_DOMAIN_LOG_LOG_PARTITION_H_
