// Limits of entities, as the protos document them.
#ifndef CRIER_SERVICES_INGEST_DOMAIN_ENTITIES_LIMITS_H_
#define CRIER_SERVICES_INGEST_DOMAIN_ENTITIES_LIMITS_H_

#include <cstddef>
#include <cstdint>

namespace crier::ingest {

inline constexpr size_t kMaxEntityBytes = 256 * 1024;
inline constexpr size_t kMaxStringBytes = 4096;
inline constexpr int kMaxListElements = 1000;
inline constexpr int kMaxSightings = 100;
inline constexpr int kMaxBatchItems = 1000;
inline constexpr int kMaxDuplicates = 100;
inline constexpr int64_t kMaxLabelId = int64_t{1} << 62;
// Ids are assigned up to the greatest that every reader of JSON takes exactly. Callers bring new
// ones up to the lesser of these, or beyond the greater; so there is always room to assign more,
// and what a caller brings never decides how great the next ones are.
inline constexpr int64_t kMaxLabelIdToNumberFrom = int64_t{1} << 52;
inline constexpr int64_t kMaxAssignedLabelId = int64_t{1} << 53;

// What identifies something is part of an index key, which Postgres holds to some 2,700 bytes.
inline constexpr size_t kMaxEmailBytes = 320;
inline constexpr size_t kMaxNameBytes = 255;
inline constexpr size_t kMaxExternalIdBytes = 1024;
inline constexpr size_t kMaxLabelBytes = 1024;
inline constexpr size_t kMaxDomainBytes = 253;

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_DOMAIN_ENTITIES_LIMITS_H_
