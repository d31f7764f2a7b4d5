// The statements of PgEraser. $1 is the community everywhere.
#ifndef CRIER_SERVICES_INGEST_STORAGE_ERASER_SQL_H_
#define CRIER_SERVICES_INGEST_STORAGE_ERASER_SQL_H_

#include "common/pg/transaction.h"

namespace crier::ingest::storage {

// The contact that a name leads to, with all names that do.
inline constexpr pg::Statement kNamesOfContact{
    "names_of_contact",
    "WITH winner AS (SELECT coalesce((SELECT winner_id FROM contact_redirects"
    " WHERE community_id = $1 AND contact_id = $2), $2::bigint) AS id)"
    " SELECT c.contact_id FROM contacts c JOIN winner ON c.contact_id = winner.id"
    " WHERE c.community_id = $1"
    " UNION ALL SELECT r.contact_id FROM contact_redirects r JOIN winner ON r.winner_id = winner.id"
    " WHERE r.community_id = $1"};

// Contacts, rows at most. Not those that were thought to be somebody else's, which lead to what is
// told of them elsewhere.
inline constexpr pg::Statement kEraseActivitiesOf{
    "erase_activities_of",
    "DELETE FROM activities WHERE community_id = $1 AND activity_id IN ("
    "SELECT activity_id FROM activities WHERE community_id = $1 AND contact_id = ANY ($2::bigint[])"
    " AND former_contact_ids IS NULL LIMIT $3)"
    // Asked again of the row as it is once its lock is had.
    " AND contact_id = ANY ($2::bigint[]) AND former_contact_ids IS NULL"};

// Contacts, rows at most: events that tell of their activities under somebody else.
inline constexpr pg::Statement kLoadEventsElsewhere{
    "load_events_elsewhere",
    "SELECT e.log_partition, e.position, e.accept_time, e.event FROM activities a"
    " CROSS JOIN unnest(a.former_contact_ids) AS f (contact_id)"
    " JOIN events e ON e.community_id = $1 AND e.subject_id = f.contact_id"
    " AND e.activity_id = a.activity_id"
    " WHERE a.community_id = $1 AND a.contact_id = ANY ($2::bigint[])"
    " AND a.former_contact_ids IS NOT NULL LIMIT $3 FOR UPDATE OF e"};

// Contacts: the rest of their activities, with those whose they were thought to be.
inline constexpr pg::Statement kEraseMovedActivitiesOf{
    "erase_moved_activities_of",
    "WITH erased AS (DELETE FROM activities WHERE community_id = $1"
    " AND contact_id = ANY ($2::bigint[]) RETURNING activity_id, former_contact_ids)"
    " SELECT activity_id, unnest(former_contact_ids) AS contact_id FROM erased ORDER BY 1, 2"};

// Contacts, rows at most. The row locks let two erasures of one contact take turns.
inline constexpr pg::Statement kLoadEventsOf{
    "load_events_of",
    "SELECT log_partition, position, accept_time, event FROM events"
    " WHERE community_id = $1 AND subject_id = ANY ($2::bigint[]) LIMIT $3 FOR UPDATE"};

// Subject to begin at, rows at most. In the order of the index, so that a step does not wade
// through what earlier ones have erased.
inline constexpr pg::Statement kLoadEventsFrom{
    "load_events_from",
    "SELECT log_partition, position, accept_time, event, subject_id FROM events"
    " WHERE community_id = $1 AND subject_id >= $2 ORDER BY subject_id LIMIT $3 FOR UPDATE"};

// Partitions, positions, accept times, events. An event without a subject has nothing personal.
inline constexpr pg::Statement kRewriteEvents{
    "rewrite_events",
    "UPDATE events e SET event = r.event, subject_id = NULL, activity_id = NULL"
    " FROM unnest($1::integer[], $2::bigint[], $3::timestamptz[], $4::bytea[])"
    " AS r (log_partition, position, accept_time, event)"
    " WHERE e.log_partition = r.log_partition AND e.position = r.position"
    " AND e.accept_time = r.accept_time"};

// The three of a contact take all of its names. One of them has it, and returns it.
inline constexpr pg::Statement kEraseContacts{
    "erase_contacts",
    "DELETE FROM contacts WHERE community_id = $1 AND contact_id = ANY ($2::bigint[])"
    " RETURNING contact"};
inline constexpr pg::Statement kEraseApartOf{
    "erase_apart_of",
    "DELETE FROM contact_identities WHERE community_id = $1 AND contact_id = ANY ($2::bigint[])"
    " AND apart"};
inline constexpr pg::Statement kEraseRedirectsOf{
    "erase_redirects_of",
    "DELETE FROM contact_redirects WHERE community_id = $1 AND contact_id = ANY ($2::bigint[])"};

inline constexpr pg::Statement kBeginDeletion{
    "begin_deletion",
    "INSERT INTO community_deletions AS d (community_id, create_time) VALUES ($1, $2)"
    " ON CONFLICT (community_id) DO UPDATE SET create_time = EXCLUDED.create_time,"
    " finish_time = NULL, erased_count = 0, next_subject_id = 0, log_partition = NULL,"
    " position = NULL WHERE d.finish_time IS NOT NULL"};

inline constexpr pg::Statement kGetDeletion{
    "get_deletion",
    "SELECT create_time, finish_time, erased_count FROM community_deletions"
    " WHERE community_id = $1"};

inline constexpr pg::Statement kWaitingReaders{
    "waiting_readers",
    "SELECT r.reader_id FROM community_deletions d JOIN log_reader_positions r"
    " ON r.log_partition = d.log_partition AND r.position < d.position"
    " WHERE d.community_id = $1 AND d.finish_time IS NULL ORDER BY 1"};

inline constexpr pg::Statement kOldestDeletion{
    "oldest_deletion",
    "SELECT min(create_time) FROM community_deletions WHERE finish_time IS NULL"};

// Partition.
inline constexpr pg::Statement kRefuseRecords{
    "refuse_records",
    "UPDATE log_heads SET deleting = array_append(array_remove(deleting, $1::bigint), $1::bigint)"
    " WHERE log_partition = $2"};
inline constexpr pg::Statement kAcceptRecords{
    "accept_records",
    "UPDATE log_heads SET deleting = array_remove(deleting, $1::bigint) WHERE log_partition = $2"};

// Without a community: takes one that nobody works on and that does not wait for a reader. The last
// column says whether all readers have heard of it.
inline constexpr pg::Statement kTakeDeletion{
    "take_deletion",
    "SELECT d.community_id, d.next_subject_id, d.position IS NOT NULL FROM community_deletions d"
    " WHERE d.finish_time IS NULL AND (d.position IS NULL OR NOT EXISTS ("
    "SELECT FROM log_reader_positions r"
    " WHERE r.log_partition = d.log_partition AND r.position < d.position))"
    " ORDER BY d.create_time, d.community_id LIMIT 1 FOR UPDATE OF d SKIP LOCKED"};

// Rows erased, subject of events to go on at.
inline constexpr pg::Statement kCountErased{
    "count_erased",
    "UPDATE community_deletions SET erased_count = erased_count + $2, next_subject_id = $3"
    " WHERE community_id = $1"};

// Partition and position of the event that tells of it.
inline constexpr pg::Statement kTellOfDeletion{
    "tell_of_deletion",
    "UPDATE community_deletions SET log_partition = $2, position = $3 WHERE community_id = $1"
    " AND finish_time IS NULL AND position IS NULL"};

inline constexpr pg::Statement kFinishDeletion{
    "finish_deletion",
    "UPDATE community_deletions SET finish_time = $2 WHERE community_id = $1"
    " AND finish_time IS NULL AND position IS NOT NULL"};

inline constexpr pg::Statement kCountPartitions{"count_partitions",
                                                "SELECT count(*) FROM log_heads"};

}  // namespace crier::ingest::storage

#endif  // CRIER_SERVICES_INGEST_STORAGE_ERASER_SQL_H_
