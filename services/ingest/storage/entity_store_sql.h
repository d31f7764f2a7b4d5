// The statements of PgEntityStore, in the order of a transaction.
#ifndef CRIER_SERVICES_INGEST_STORAGE_ENTITY_STORE_SQL_H_
#define CRIER_SERVICES_INGEST_STORAGE_ENTITY_STORE_SQL_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/pg/transaction.h"
#include "services/ingest/storage/entity_columns.h"

namespace crier::ingest::storage {

inline constexpr pg::Statement kCountLogPartitions{"count_log_partitions",
                                                   "SELECT count(*) FROM log_heads"};

// The types that rows are sent as: see the migrations.
inline constexpr char kIdentityRow[] = "identity_row";
inline constexpr char kContactRow[] = "contact_row";
inline constexpr char kOrganizationRow[] = "organization_row";
inline constexpr char kActivityRow[] = "activity_row";
inline constexpr char kEventRow[] = "event_row";

// Sorted, so that batches that share partitions do not lock each other out. Whoever of us holds a
// head commits within milliseconds, or is thrown out by Postgres when it hangs; who waits for
// longer than this meets something else, and fails (LOCK_NOT_AVAILABLE), since others may wait for
// the heads before that one. In force until the transaction ends.
inline constexpr pg::Statement kLockHeads{
    "lock_heads",
    "SELECT h.log_partition, h.position, h.last_id, h.accept_time,"
    " array_to_string(h.deleting, ',')"
    " FROM (SELECT set_config('lock_timeout', '1s', true)) AS patience CROSS JOIN log_heads h"
    " WHERE h.log_partition = ANY ($1::integer[]) ORDER BY h.log_partition FOR UPDATE OF h"};

// Those of them that nobody holds.
inline const pg::Statement& LockFreeHeads() {
  static const auto* const sql = new std::string(absl::StrCat(kLockHeads.sql, " SKIP LOCKED"));
  static const pg::Statement statement{"lock_free_heads", sql->c_str()};
  return statement;
}

// One of them, for $2 milliseconds, as text.
inline constexpr pg::Statement kAwaitHead{
    "await_head",
    "SELECT FROM (SELECT set_config('lock_timeout', $2, true)) AS patience CROSS JOIN log_heads h"
    " WHERE h.log_partition = $1 FOR UPDATE OF h"};

// What a row of kLoadFound is.
enum class Found : int32_t { kIdentity = 0, kOrganization = 1, kSegment = 2, kTag = 3 };

// What nearly every batch looks up is one statement, because a small batch pays for each:
// identities; organizations by domain; segments and tags, each by id, and by name as names are
// looked up. Rows are what was found (Found), its community, id and text, the kind of an identity
// and the bytes of an organization.
inline constexpr pg::Statement kLoadFound{
    "load_found",
    "SELECT 0, i.community_id, i.contact_id, i.value, i.kind::integer, NULL::bytea"
    " FROM unnest($1::identity_row[]) AS wanted"
    " JOIN contact_identities i USING (community_id, kind, value)"
    " UNION ALL SELECT 1, o.community_id, o.organization_id, o.domain, NULL, o.organization"
    " FROM unnest($2::bigint[], $3::text[]) AS wanted (community_id, domain)"
    " JOIN organizations o USING (community_id, domain)"
    " UNION ALL SELECT 2, l.community_id, l.segment_id, l.name, NULL, NULL"
    " FROM unnest($4::bigint[], $5::bigint[]) AS wanted (community_id, segment_id)"
    " JOIN segments l USING (community_id, segment_id)"
    " UNION ALL SELECT 2, l.community_id, l.segment_id, l.name, NULL, NULL"
    " FROM unnest($6::bigint[], $7::text[]) AS wanted (community_id, folded_name)"
    " JOIN segments l USING (community_id, folded_name)"
    " UNION ALL SELECT 3, l.community_id, l.tag_id, l.name, NULL, NULL"
    " FROM unnest($8::bigint[], $9::bigint[]) AS wanted (community_id, tag_id)"
    " JOIN tags l USING (community_id, tag_id)"
    " UNION ALL SELECT 3, l.community_id, l.tag_id, l.name, NULL, NULL"
    " FROM unnest($10::bigint[], $11::text[]) AS wanted (community_id, folded_name)"
    " JOIN tags l USING (community_id, folded_name)"};

inline constexpr pg::Statement kLoadRedirects{
    "load_redirects",
    "SELECT r.community_id, r.contact_id, r.winner_id"
    " FROM unnest($1::bigint[], $2::bigint[]) AS wanted (community_id, contact_id)"
    " JOIN contact_redirects r USING (community_id, contact_id)"};

inline constexpr pg::Statement kLoadContacts{
    "load_contacts",
    "SELECT c.community_id, c.contact_id, c.contact"
    " FROM unnest($1::bigint[], $2::bigint[]) AS wanted (community_id, contact_id)"
    " JOIN contacts c USING (community_id, contact_id)"};

inline constexpr pg::Statement kLoadActivities{
    "load_activities",
    "SELECT a.community_id, a.service_name, a.activity_type, a.external_id, a.activity_id,"
    " coalesce(r.winner_id, a.contact_id), a.activity, a.content"
    " FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[])"
    " AS wanted (community_id, service_name, activity_type, external_id)"
    " JOIN activities a USING (community_id, service_name, activity_type, external_id)"
    " LEFT JOIN contact_redirects r"
    " ON r.community_id = a.community_id AND r.contact_id = a.contact_id"};

// The four statements of merges take communities, losers and winners.
inline constexpr pg::Statement kDeleteLosers{
    "delete_losers",
    "DELETE FROM contacts c"
    " USING unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS m (community_id, loser, winner)"
    " WHERE c.community_id = m.community_id AND c.contact_id = m.loser"};

inline constexpr pg::Statement kRepointApart{
    "repoint_apart",
    "UPDATE contact_identities i SET contact_id = m.winner"
    " FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS m (community_id, loser, winner)"
    " WHERE i.community_id = m.community_id AND i.contact_id = m.loser AND i.apart"};

inline constexpr pg::Statement kRepointRedirects{
    "repoint_redirects",
    "UPDATE contact_redirects r SET winner_id = m.winner"
    " FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS m (community_id, loser, winner)"
    " WHERE r.community_id = m.community_id AND r.winner_id = m.loser"};

inline constexpr pg::Statement kAddRedirects{
    "add_redirects",
    "INSERT INTO contact_redirects (community_id, contact_id, winner_id)"
    " SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[])"};

// What is stored of an entity follows from its columns, see entity_columns.h.
inline const std::vector<std::string>& ContactLeading() {
  static const auto* const names =
      new std::vector<std::string>{"community_id", "contact_id", "contact"};
  return *names;
}

inline const pg::Statement& SaveContacts() {
  static const auto* const sql =
      new std::string(ContactColumns().UpsertSql("contacts", kContactRow, ContactLeading()));
  static const pg::Statement statement{"save_contacts", sql->c_str()};
  return statement;
}

inline constexpr pg::Statement kRemoveIdentities{
    "remove_identities",
    "DELETE FROM contact_identities i"
    " USING unnest($1::identity_row[]) AS gone"
    " WHERE i.community_id = gone.community_id AND i.kind = gone.kind AND i.value = gone.value"};

inline constexpr pg::Statement kSetApart{
    "set_apart",
    "UPDATE contact_identities i SET contact_id = r.contact_id, apart = true"
    " FROM unnest($1::identity_row[]) AS r"
    " WHERE i.community_id = r.community_id AND i.kind = r.kind AND i.value = r.value"};

inline const pg::Statement& SaveOrganizations() {
  static const auto* const sql = new std::string(OrganizationColumns().UpsertSql(
      "organizations", kOrganizationRow, {"community_id", "organization_id", "organization"}));
  static const pg::Statement statement{"save_organizations", sql->c_str()};
  return statement;
}

// Whose an activity was is remembered here, where it is replaced.
inline const pg::Statement& SaveActivities() {
  static const auto* const sql = new std::string(ActivityColumns().UpsertSql(
      "activities", kActivityRow,
      {"community_id", "activity_id", "contact_id", "former_contact_ids", "activity"},
      {{"former_contact_ids",
        "nullif(ARRAY(SELECT unnest(activities.former_contact_ids || EXCLUDED.former_contact_ids"
        " || activities.contact_id) EXCEPT SELECT EXCLUDED.contact_id), '{}')"}}));
  static const pg::Statement statement{"save_activities", sql->c_str()};
  return statement;
}

// Events; partitions, positions, last ids and accept times of the heads; channel and notice. The
// notice, if there is one, is delivered at the commit, to every replica.
inline constexpr char kLogParts[] =
    "appended AS ("
    "INSERT INTO events (log_partition, position, accept_time, community_id, subject_id,"
    " activity_id, event)"
    " SELECT log_partition, position, accept_time, community_id, subject_id, activity_id, event"
    " FROM unnest($1::event_row[])), "
    "moved AS ("
    "UPDATE log_heads h SET position = m.position, last_id = m.last_id,"
    " accept_time = m.accept_time"
    " FROM unnest($2::integer[], $3::bigint[], $4::bigint[], $5::timestamptz[])"
    " AS m (log_partition, position, last_id, accept_time)"
    " WHERE h.log_partition = m.log_partition) "
    "SELECT pg_notify($6, $7) WHERE $7 <> ''";

inline const pg::Statement& WriteLogAlone() {
  static const auto* const sql = new std::string(absl::StrCat("WITH ", kLogParts));
  static const pg::Statement statement{"write_log", sql->c_str()};
  return statement;
}

// As above, then new contacts and new identities. What nearly every batch writes is one statement,
// because a small batch pays for each.
inline const pg::Statement& WriteLogAndNew() {
  static const auto* const sql = new std::string(absl::StrCat(
      "WITH created AS (", ContactColumns().InsertSql("contacts", kContactRow, ContactLeading(), 8),
      "), identified AS ("
      "INSERT INTO contact_identities (community_id, kind, value, contact_id, apart)"
      " SELECT community_id, kind, value, contact_id, apart FROM unnest($9::identity_row[])), ",
      kLogParts));
  static const pg::Statement statement{"write_log_and_new", sql->c_str()};
  return statement;
}

}  // namespace crier::ingest::storage

#endif  // CRIER_SERVICES_INGEST_STORAGE_ENTITY_STORE_SQL_H_
