// SQL of MaintainPartitions. Internal to common/pg.
#ifndef CRIER_COMMON_PG_TIME_PARTITIONS_SQL_H_
#define CRIER_COMMON_PG_TIME_PARTITIONS_SQL_H_

#include "common/pg/transaction.h"

namespace crier::pg::sql {

// One at a time maintains a table; held until the transaction ends.
constexpr Statement kLockPartitions{
    "lock_partitions",
    "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '.' || $1, 0))"};

// The names of a table's partitions. The parameter is the table's quoted name.
constexpr Statement kListPartitions{"list_partitions", R"sql(
  SELECT child.relname
  FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid
  WHERE inhparent = $1::regclass
  ORDER BY child.relname)sql"};

constexpr Statement kDatabaseTime{"database_time", "SELECT now()"};

}  // namespace crier::pg::sql

#endif  // CRIER_COMMON_PG_TIME_PARTITIONS_SQL_H_
