// The statements of PgEventLog.
#ifndef CRIER_SERVICES_INGEST_STORAGE_EVENT_LOG_SQL_H_
#define CRIER_SERVICES_INGEST_STORAGE_EVENT_LOG_SQL_H_

#include "common/pg/transaction.h"

namespace crier::ingest::storage {

// Log partition, position, events at most, bytes at most. One statement, hence one snapshot: the
// head and the events belong together. The window counts the bytes without reading the payloads;
// the first event comes whatever its size. A row without an event when there is none to return.
inline constexpr pg::Statement kReadEvents{
    "read_events",
    "SELECT h.position, e.position, e.event FROM log_heads h LEFT JOIN LATERAL ("
    " SELECT n.position, n.event FROM ("
    "  SELECT position, event, sum(octet_length(event)) OVER (ORDER BY position) AS bytes"
    "  FROM events WHERE log_partition = $1::integer"
    "  AND position > $2::bigint AND position <= $2::bigint + $3::bigint) n"
    " WHERE n.bytes <= $4::bigint OR n.position = $2::bigint + 1) e ON true"
    " WHERE h.log_partition = $1::integer ORDER BY e.position"};

inline constexpr pg::Statement kFirstKeptPosition{
    "first_kept_position",
    "SELECT min(position) FROM events WHERE log_partition = $1::integer AND position > $2::bigint"};

inline constexpr pg::Statement kListHeads{
    "list_heads",
    "SELECT log_partition, position, accept_time FROM log_heads ORDER BY log_partition"};

}  // namespace crier::ingest::storage

#endif  // CRIER_SERVICES_INGEST_STORAGE_EVENT_LOG_SQL_H_
