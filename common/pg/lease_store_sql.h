// SQL of PgLeaseStore. Internal to common/pg.
//
// Whoever heartbeats holds an advisory lock, so owners count and share the slots one after the
// other. One that is stopped while it holds the lock loses it soon (with its session): the others
// must heartbeat in time. Times are the database's clock_timestamp(): now() would be older than
// that lock.
//
// Fenced writes lock the row of a lease FOR KEY SHARE. That blocks neither renewing nor giving
// back, which are plain updates of columns outside of the key, so a heartbeat never waits for other
// work. Taking locks FOR UPDATE, which does conflict: a slot is not handed over while a write under
// its old epoch is under way. It is skipped until the next heartbeat.
#ifndef CRIER_COMMON_PG_LEASE_STORE_SQL_H_
#define CRIER_COMMON_PG_LEASE_STORE_SQL_H_

#include "common/pg/transaction.h"

namespace crier::pg::sql {

constexpr Statement kInitializeSlots{"lease_initialize_slots", R"sql(
  INSERT INTO leases (slot) SELECT generate_series(0, $1::int - 1) ON CONFLICT DO NOTHING)sql"};

constexpr Statement kLockLeases{
    "lease_lock",
    "SELECT set_config('idle_in_transaction_session_timeout', '1s', true),"
    " pg_advisory_xact_lock(hashtextextended(current_schema() || '.leases', 0))"};

constexpr Statement kForgetExpiredOwners{"lease_forget_expired_owners", R"sql(
  DELETE FROM lease_owners WHERE expire_time <= clock_timestamp())sql"};

constexpr Statement kOwnerLives{"lease_owner_lives", R"sql(
  INSERT INTO lease_owners (owner, expire_time)
  VALUES ($1, clock_timestamp() + $2 * interval '1 microsecond')
  ON CONFLICT (owner) DO UPDATE SET expire_time = excluded.expire_time)sql"};

// Live owners, how many of them come before this one, and slots.
constexpr Statement kCountOwners{"lease_count_owners", R"sql(
  SELECT count(*),
         count(*) FILTER (WHERE owner COLLATE "C" < $1),
         (SELECT count(*) FROM leases)
  FROM lease_owners)sql"};

constexpr Statement kFreeFinished{"lease_free_finished", R"sql(
  UPDATE leases SET owner = '', releasing = false
  FROM unnest($2::int[], $3::bigint[]) AS finished (slot, epoch)
  WHERE owner = $1 AND releasing
    AND leases.slot = finished.slot AND leases.epoch = finished.epoch
  RETURNING leases.slot)sql"};

constexpr Statement kRenew{"lease_renew", R"sql(
  UPDATE leases SET expire_time = clock_timestamp() + $2 * interval '1 microsecond'
  WHERE owner = $1 AND NOT releasing AND expire_time > clock_timestamp()
  RETURNING slot, epoch)sql"};

constexpr Statement kMarkReleasing{"lease_mark_releasing", R"sql(
  UPDATE leases SET releasing = true WHERE owner = $1 AND slot = ANY($2::int[]))sql"};

constexpr Statement kTake{"lease_take", R"sql(
  UPDATE leases
  SET owner = $1,
      epoch = epoch + 1,
      releasing = false,
      expire_time = clock_timestamp() + $2 * interval '1 microsecond'
  WHERE slot IN (
    SELECT slot FROM leases
    WHERE owner = '' OR expire_time <= clock_timestamp()
    ORDER BY slot
    LIMIT $3
    FOR UPDATE SKIP LOCKED)
  RETURNING slot, epoch)sql"};

constexpr Statement kRelease{"lease_release", R"sql(
  UPDATE leases SET owner = '', releasing = false WHERE owner = $1)sql"};

constexpr Statement kForgetOwner{"lease_forget_owner", "DELETE FROM lease_owners WHERE owner = $1"};

constexpr Statement kNotifyRelease{"lease_notify_release", "SELECT pg_notify($1, '')"};

constexpr Statement kFence{"lease_fence", R"sql(
  SELECT slot, epoch
  FROM leases JOIN unnest($2::int[], $3::bigint[]) AS expected (slot, epoch) USING (slot, epoch)
  WHERE owner = $1
  ORDER BY slot
  FOR KEY SHARE OF leases)sql"};

}  // namespace crier::pg::sql

#endif  // CRIER_COMMON_PG_LEASE_STORE_SQL_H_
