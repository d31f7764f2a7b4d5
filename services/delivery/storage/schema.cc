#include "services/delivery/storage/schema.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/message_id.h"
#include "common/pg/lease_store.h"
#include "common/pg/time_partitions.h"
#include "common/pg/transaction.h"
#include "common/status/macros.h"
#include "crier_delivery_migrations.h"
#include "services/delivery/domain/queue/shard.h"

namespace crier::delivery::storage {
namespace {

// Maintenance may fail for this long before deliveries are refused.
constexpr int kDaysAhead = 3;

// Skips from one webhook to the next, each with its oldest delivery: what waits behind that costs
// nothing, however much it is.
constexpr pg::Statement kOldestPending{
    "oldest_pending",
    "WITH RECURSIVE found AS ("
    " (SELECT community_id, webhook_id, delivery_id FROM queue"
    "  ORDER BY community_id, webhook_id, delivery_id LIMIT 1)"
    " UNION ALL"
    " SELECT following.* FROM found CROSS JOIN LATERAL ("
    "  SELECT community_id, webhook_id, delivery_id FROM queue"
    "  WHERE (community_id, webhook_id) > (found.community_id, found.webhook_id)"
    "  ORDER BY community_id, webhook_id, delivery_id LIMIT 1) AS following"
    ")"
    " SELECT delivery_id FROM found ORDER BY delivery_id LIMIT 1"};

// When the oldest delivery was made that still waits; the infinite future without any.
absl::StatusOr<absl::Time> OldestPending(pg::Transaction& transaction) {
  ASSIGN_OR_RETURN(const pg::Rows rows, transaction.Execute(kOldestPending));
  if (rows.empty()) return absl::InfiniteFuture();
  ASSIGN_OR_RETURN(const MessageId id, MessageId::FromUuid(rows[0].Text(0)));
  return id.time();
}

absl::StatusOr<absl::Time> OldestPending(pg::Pool& pool, absl::Time deadline) {
  return pool.Read(deadline,
                   [&](pg::Transaction& transaction) { return OldestPending(transaction); });
}

}  // namespace

const std::vector<pg::Migration>& Schema() {
  static const std::string* const leases = new std::string(
      absl::StrCat(pg::kLeaseTablesSql, "INSERT INTO leases (slot) SELECT generate_series(0, ",
                   kShardCount - 1, ");"));
  static const std::vector<pg::Migration>* const schema = [] {
    auto* all = new std::vector<pg::Migration>(Migrations());
    all->push_back({static_cast<int>(all->size()) + 1, "leases", leases->c_str()});
    return all;
  }();
  return *schema;
}

absl::Status MaintainPartitions(pg::Pool& pool, absl::Duration retention, absl::Time now,
                                absl::Time deadline) {
  ASSIGN_OR_RETURN(const absl::Time oldest, OldestPending(pool, deadline));
  const absl::Duration kept = std::max(retention, now - oldest);
  // Somebody may want a delivery to be sent again on the last day that it is kept.
  const auto may_drop = [oldest](pg::Transaction& transaction,
                                 const std::string&) -> absl::StatusOr<bool> {
    ASSIGN_OR_RETURN(const absl::Time still_oldest, OldestPending(transaction));
    return still_oldest >= oldest;
  };
  using Table = pg::TimePartitionedTable;
  // What names others goes first, so that nothing names what is gone. An event is stored just
  // before its deliveries, perhaps on the day before theirs.
  for (const Table& table :
       {Table{"deliveries", Table::Key::kMessageId, kept, may_drop},
        Table{"attempts", Table::Key::kMessageId, kept, may_drop},
        Table{"snapshots", Table::Key::kMessageId, kept + absl::Hours(24), may_drop}}) {
    RETURN_IF_ERROR(pg::MaintainPartitions(pool, table, now, kDaysAhead, deadline));
  }
  return absl::OkStatus();
}

}  // namespace crier::delivery::storage
