// Tables partitioned by day, so that old data is dropped and never deleted row by row.
#ifndef CRIER_COMMON_PG_TIME_PARTITIONS_H_
#define CRIER_COMMON_PG_TIME_PARTITIONS_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/pg/pool.h"
#include "common/pg/transaction.h"

namespace crier::pg {

// A table declared `PARTITION BY RANGE (key)`; its partitions are named `<table>_yYYYYmMMdDD`, one
// a UTC day. There is no default partition: a row outside of every day is an error, not a leak.
struct TimePartitionedTable {
  // What the partition key is.
  enum class Key {
    kTimestamp,  // a timestamptz
    kMessageId,  // a uuid made by MessageIdGenerator
  };

  std::string table;
  Key key = Key::kTimestamp;
  // Days are kept for this long after their end.
  absl::Duration retention;
  // Asked before a day is dropped, in the transaction that does it and with the partition's name as
  // it is written in SQL, when no other transaction has the table in use: who read it is over, and
  // who comes later will miss the day. One that may not be dropped yet is asked for again the next
  // time. Without it, all may.
  std::function<absl::StatusOr<bool>(Transaction&, const std::string& partition)> may_drop = {};
};

// Makes the partitions for yesterday (late clocks) up to `days_ahead` days after `now`, and drops
// those whose retention is over, by `now` and by the database's clock: a fast clock here drops
// nothing early. Partitions with other names are left alone. Safe to run from any number of
// processes at once; run it at least once a day. Waits at most a second for the lock that a drop
// needs (then UNAVAILABLE: try later).
absl::Status MaintainPartitions(Pool& pool, const TimePartitionedTable& table, absl::Time now,
                                int days_ahead, absl::Time deadline);

}  // namespace crier::pg

#endif  // CRIER_COMMON_PG_TIME_PARTITIONS_H_
