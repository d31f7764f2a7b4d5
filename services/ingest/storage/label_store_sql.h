// The statements of label_store.
#ifndef CRIER_SERVICES_INGEST_STORAGE_LABEL_STORE_SQL_H_
#define CRIER_SERVICES_INGEST_STORAGE_LABEL_STORE_SQL_H_

#include "common/pg/transaction.h"

namespace crier::ingest::storage {

// Of segments (0) and tags (1), by id, and by name as names are looked up: four pairs of arrays.
// One statement, because a small batch pays for each.
inline constexpr pg::Statement kLoadLabels{
    "load_labels",
    "SELECT 0, l.community_id, l.segment_id, l.name"
    " FROM unnest($1::bigint[], $2::bigint[]) AS wanted (community_id, segment_id)"
    " JOIN segments l USING (community_id, segment_id)"
    " UNION ALL SELECT 0, l.community_id, l.segment_id, l.name"
    " FROM unnest($3::bigint[], $4::text[]) AS wanted (community_id, folded_name)"
    " JOIN segments l USING (community_id, folded_name)"
    " UNION ALL SELECT 1, l.community_id, l.tag_id, l.name"
    " FROM unnest($5::bigint[], $6::bigint[]) AS wanted (community_id, tag_id)"
    " JOIN tags l USING (community_id, tag_id)"
    " UNION ALL SELECT 1, l.community_id, l.tag_id, l.name"
    " FROM unnest($7::bigint[], $8::text[]) AS wanted (community_id, folded_name)"
    " JOIN tags l USING (community_id, folded_name)"};

inline constexpr pg::Statement kLastSegmentIds{
    "last_segment_ids",
    "SELECT c, (SELECT max(segment_id) FROM segments WHERE community_id = c)"
    " FROM unnest($1::bigint[]) AS c"};

inline constexpr pg::Statement kSaveSegments{
    "save_segments",
    "INSERT INTO segments (community_id, segment_id, name, folded_name)"
    " SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[])"
    " ON CONFLICT (community_id, segment_id) DO UPDATE SET"
    " name = EXCLUDED.name, folded_name = EXCLUDED.folded_name"};

inline constexpr pg::Statement kLastTagIds{
    "last_tag_ids",
    "SELECT c, (SELECT max(tag_id) FROM tags WHERE community_id = c)"
    " FROM unnest($1::bigint[]) AS c"};

inline constexpr pg::Statement kSaveTags{
    "save_tags",
    "INSERT INTO tags (community_id, tag_id, name, folded_name)"
    " SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[])"
    " ON CONFLICT (community_id, tag_id) DO UPDATE SET"
    " name = EXCLUDED.name, folded_name = EXCLUDED.folded_name"};

}  // namespace crier::ingest::storage

#endif  // CRIER_SERVICES_INGEST_STORAGE_LABEL_STORE_SQL_H_
