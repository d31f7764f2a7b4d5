// Limits of entities, as the protos document them.
#ifndef CRIER_SERVICES_INGEST_DOMAIN_LIMITS_H_
#define CRIER_SERVICES_INGEST_DOMAIN_LIMITS_H_

#include <cstddef>
#include <cstdint>

namespace crier::ingest {

inline constexpr size_t kMaxEntityBytes = 256 * 1024;
inline constexpr size_t kMaxStringBytes = 4096;
inline constexpr int kMaxListElements = 1000;
inline constexpr int kMaxSightings = 100;
inline constexpr int kMaxBatchItems = 1000;
inline constexpr int kMaxDuplicates = 100;
// Leaves room for the ids that are assigned after it.
inline constexpr int64_t kMaxLabelId = int64_t{1} << 62;

// What identifies something is part of an index key, which Postgres holds to some 2,700 bytes.
inline constexpr size_t kMaxEmailBytes = 320;
inline constexpr size_t kMaxNameBytes = 255;
inline constexpr size_t kMaxExternalIdBytes = 1024;
inline constexpr size_t kMaxLabelBytes = 1024;
inline constexpr size_t kMaxDomainBytes = 253;

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_DOMAIN_LIMITS_H_
