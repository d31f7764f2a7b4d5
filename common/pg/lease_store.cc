#include "common/pg/lease_store.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "common/lease/fair_share.h"
#include "common/pg/lease_store_sql.h"
#include "common/pg/listener.h"
#include "common/status/macros.h"

namespace crier::pg {
namespace {

using lease::HeartbeatResult;
using lease::Lease;

// A replica that goes away must not hang on to say so.
constexpr absl::Duration kReleaseTimeout = absl::Seconds(3);

// The leases in rows of (slot, epoch).
void Append(const Rows& rows, std::vector<Lease>& leases) {
  for (const Rows::Row row : rows) leases.push_back({row.Int32(0), row.Int64(1)});
}

// How many slots `owner` may hold; sets `live_owners`.
absl::StatusOr<int> FairShare(Transaction& transaction, absl::string_view owner, int* live_owners) {
  ASSIGN_OR_RETURN(const Rows counts, transaction.Execute(sql::kCountOwners, Params().Add(owner)));
  *live_owners = counts[0].Int32(0);
  return lease::FairShare(counts[0].Int32(2), *live_owners, /*rank=*/counts[0].Int32(1));
}

// The owner, the slots and their epochs.
Params Fenced(absl::string_view owner, const std::vector<Lease>& leases) {
  std::vector<int32_t> slots;
  std::vector<int64_t> epochs;
  for (const Lease& lease : leases) {
    slots.push_back(lease.slot);
    epochs.push_back(lease.epoch);
  }
  return std::move(Params().Add(owner).AddArray(slots).AddArray(epochs));
}

// Others take leases with their next heartbeats. Those who listen for this make them at once.
absl::Status NotifyRelease(Transaction& transaction, const std::string& channel) {
  return transaction.Execute(sql::kNotifyRelease, Params().Add(channel)).status();
}

absl::Status FreeFinished(Transaction& transaction, absl::string_view owner,
                          const std::vector<Lease>& finished, const std::string& channel) {
  if (finished.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Rows freed,
                   transaction.Execute(sql::kFreeFinished, Fenced(owner, finished)));
  return freed.empty() ? absl::OkStatus() : NotifyRelease(transaction, channel);
}

// Stops holding what is beyond the share.
absl::Status GiveBack(Transaction& transaction, absl::string_view owner, int share,
                      std::vector<Lease>& held) {
  std::vector<int32_t> slots;
  for (auto excess = held.begin() + share; excess != held.end(); ++excess) {
    slots.push_back(excess->slot);
  }
  held.resize(share);
  return transaction.Execute(sql::kMarkReleasing, Params().Add(owner).AddArray(slots)).status();
}

absl::Status Take(Transaction& transaction, absl::string_view owner, int64_t duration_micros,
                  int count, std::vector<Lease>& held) {
  ASSIGN_OR_RETURN(
      const Rows taken,
      transaction.Execute(sql::kTake, Params().Add(owner).Add(duration_micros).Add(count)));
  Append(taken, held);
  return absl::OkStatus();
}

void SortBySlot(std::vector<Lease>& leases) {
  std::sort(leases.begin(), leases.end(),
            [](const Lease& a, const Lease& b) { return a.slot < b.slot; });
}

absl::StatusOr<HeartbeatResult> HeartbeatIn(Transaction& transaction, absl::string_view owner,
                                            absl::Duration duration,
                                            const std::vector<Lease>& finished,
                                            const std::string& channel) {
  const int64_t micros = absl::ToInt64Microseconds(duration);
  RETURN_IF_ERROR(transaction.Execute(sql::kLockLeases).status());
  RETURN_IF_ERROR(transaction.Execute(sql::kForgetExpiredOwners).status());
  RETURN_IF_ERROR(transaction.Execute(sql::kOwnerLives, Params().Add(owner).Add(micros)).status());
  RETURN_IF_ERROR(FreeFinished(transaction, owner, finished, channel));

  HeartbeatResult result;
  ASSIGN_OR_RETURN(const int share, FairShare(transaction, owner, &result.live_owners));
  ASSIGN_OR_RETURN(const Rows renewed,
                   transaction.Execute(sql::kRenew, Params().Add(owner).Add(micros)));
  Append(renewed, result.held);
  SortBySlot(result.held);

  const int held = static_cast<int>(result.held.size());
  if (held > share) {
    RETURN_IF_ERROR(GiveBack(transaction, owner, share, result.held));
  } else if (held < share) {
    RETURN_IF_ERROR(Take(transaction, owner, micros, share - held, result.held));
    SortBySlot(result.held);
  }
  return result;
}

}  // namespace

const char kLeaseTablesSql[] = R"sql(
-- Which replica works on which slot. The rows change every second and have no indexed column that
-- does, so with room in their pages every update is a HOT one.
CREATE TABLE leases (
  slot        integer     PRIMARY KEY,
  owner       text        NOT NULL DEFAULT '',  -- empty: free
  epoch       bigint      NOT NULL DEFAULT 0,
  releasing   boolean     NOT NULL DEFAULT false,  -- the owner is finishing what is under way
  expire_time timestamptz NOT NULL DEFAULT '-infinity'
) WITH (fillfactor = 10);

CREATE TABLE lease_owners (
  owner       text        PRIMARY KEY,
  expire_time timestamptz NOT NULL
) WITH (fillfactor = 10);
)sql";

std::string LeaseChannel(absl::string_view schema) { return ChannelOf("leases", schema); }

absl::Status PgLeaseStore::InitializeSlots(int32_t count, absl::Time deadline) {
  return pool_.Run(deadline, [&](Transaction& transaction) {
    return transaction.Execute(sql::kInitializeSlots, Params().Add(count)).status();
  });
}

absl::StatusOr<HeartbeatResult> PgLeaseStore::Heartbeat(absl::string_view owner,
                                                        absl::Duration duration,
                                                        const std::vector<Lease>& finished) {
  const std::string channel = LeaseChannel(pool_.database().schema);
  return pool_.Run(absl::Now() + duration / 2, [&](Transaction& transaction) {
    return HeartbeatIn(transaction, owner, duration, finished, channel);
  });
}

absl::Status PgLeaseStore::Release(absl::string_view owner) {
  return pool_.Run(absl::Now() + kReleaseTimeout, [&](Transaction& transaction) -> absl::Status {
    RETURN_IF_ERROR(transaction.Execute(sql::kLockLeases).status());
    RETURN_IF_ERROR(transaction.Execute(sql::kRelease, Params().Add(owner)).status());
    RETURN_IF_ERROR(transaction.Execute(sql::kForgetOwner, Params().Add(owner)).status());
    return NotifyRelease(transaction, LeaseChannel(pool_.database().schema));
  });
}

absl::StatusOr<std::vector<Lease>> LockLeases(Transaction& transaction, absl::string_view owner,
                                              const std::vector<Lease>& leases) {
  ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(sql::kFence, Fenced(owner, leases)));
  std::vector<Lease> held;
  Append(rows, held);
  return held;
}

}  // namespace crier::pg
