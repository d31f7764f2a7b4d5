// The statements of PgLogReaders. Times are what the replica's clock says.
#ifndef CRIER_SERVICES_INGEST_STORAGE_LOG_READERS_SQL_H_
#define CRIER_SERVICES_INGEST_STORAGE_LOG_READERS_SQL_H_

#include "common/pg/transaction.h"

namespace crier::ingest::storage {

// Reader, time, readers at most. No row when the reader is there already or there are too many.
inline constexpr pg::Statement kRegisterReader{
    "register_reader",
    "INSERT INTO log_readers (reader_id, create_time, confirm_time) SELECT $1, $2, $2"
    " WHERE (SELECT count(*) FROM log_readers) < $3 ON CONFLICT DO NOTHING"};

// Reader, whether it reads from the beginning of what is kept.
inline constexpr pg::Statement kPlaceReader{
    "place_reader",
    "INSERT INTO log_reader_positions (reader_id, log_partition, position)"
    " SELECT $1, h.log_partition, CASE WHEN $2 THEN coalesce((SELECT min(e.position) - 1"
    " FROM events e WHERE e.log_partition = h.log_partition), h.position) ELSE h.position END"
    " FROM log_heads h ON CONFLICT DO NOTHING"};

inline constexpr pg::Statement kListReaders{
    "list_readers",
    "SELECT r.reader_id, r.create_time, r.confirm_time, p.log_partition, p.position"
    " FROM log_readers r JOIN log_reader_positions p USING (reader_id)"
    " ORDER BY r.reader_id, p.log_partition"};

// Partitions.
inline constexpr pg::Statement kHeadsOf{
    "heads_of",
    "SELECT log_partition, position FROM log_heads WHERE log_partition = ANY ($1::integer[])"};

inline constexpr pg::Statement kTouchReader{
    "touch_reader", "UPDATE log_readers SET confirm_time = $2 WHERE reader_id = $1"};

// Reader, partitions, positions.
inline constexpr pg::Statement kConfirmPositions{
    "confirm_positions",
    "UPDATE log_reader_positions p SET position = c.position"
    " FROM unnest($2::integer[], $3::bigint[]) AS c (log_partition, position)"
    " WHERE p.reader_id = $1 AND p.log_partition = c.log_partition AND p.position < c.position"};

inline constexpr pg::Statement kRemoveReader{"remove_reader",
                                             "DELETE FROM log_readers WHERE reader_id = $1"};

inline constexpr pg::Statement kReaderLags{
    "reader_lags",
    "SELECT p.reader_id, sum(h.position - p.position)::bigint, min(e.accept_time)"
    " FROM log_reader_positions p JOIN log_heads h USING (log_partition)"
    " LEFT JOIN LATERAL (SELECT accept_time FROM events"
    " WHERE log_partition = p.log_partition AND position = p.position + 1) e ON true"
    " GROUP BY p.reader_id ORDER BY p.reader_id"};

}  // namespace crier::ingest::storage

#endif  // CRIER_SERVICES_INGEST_STORAGE_LOG_READERS_SQL_H_
