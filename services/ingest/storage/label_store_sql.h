// The statements of label_store.
#ifndef CRIER_SERVICES_INGEST_STORAGE_LABEL_STORE_SQL_H_
#define CRIER_SERVICES_INGEST_STORAGE_LABEL_STORE_SQL_H_

#include "common/pg/transaction.h"

namespace crier::ingest::storage {

// Communities, greatest id that counts; likewise of tags.
inline constexpr pg::Statement kLastSegmentIds{
    "last_segment_ids",
    "SELECT c, (SELECT max(segment_id) FROM segments WHERE community_id = c AND segment_id <= $2)"
    " FROM unnest($1::bigint[]) AS c"};

inline constexpr pg::Statement kSaveSegments{
    "save_segments",
    "INSERT INTO segments (community_id, segment_id, name, folded_name)"
    " SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[])"
    " ON CONFLICT (community_id, segment_id) DO UPDATE SET"
    " name = EXCLUDED.name, folded_name = EXCLUDED.folded_name"};

inline constexpr pg::Statement kLastTagIds{
    "last_tag_ids",
    "SELECT c, (SELECT max(tag_id) FROM tags WHERE community_id = c AND tag_id <= $2)"
    " FROM unnest($1::bigint[]) AS c"};

inline constexpr pg::Statement kSaveTags{
    "save_tags",
    "INSERT INTO tags (community_id, tag_id, name, folded_name)"
    " SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[])"
    " ON CONFLICT (community_id, tag_id) DO UPDATE SET"
    " name = EXCLUDED.name, folded_name = EXCLUDED.folded_name"};

}  // namespace crier::ingest::storage

#endif  // CRIER_SERVICES_INGEST_STORAGE_LABEL_STORE_SQL_H_
