#include "services/ingest/domain/log/log_partition.h"

namespace crier::ingest {

int32_t LogPartitionOf(int64_t community, int32_t partition_count) {
  uint64_t hash = static_cast<uint64_t>(community);
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccd;
  hash ^= hash >> 33;
  hash *= 0xc4ceb9fe1a85ec53;
  hash ^= hash >> 33;
  return static_cast<int32_t>(hash % static_cast<uint64_t>(partition_count));
}

}  // namespace crier::ingest
