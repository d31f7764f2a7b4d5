#include "common/pg/pool.h"

#include "gtest/gtest.h"
#include "tests/support/test_database.h"

namespace crier::pg {
namespace {

using tests::TestDatabase;

TEST(PoolTest, CommitsWhatTheWorkDid) {
  TestDatabase server;
  const Database database = server.NewSchema();
  server.Run(database, "CREATE TABLE t (a bigint PRIMARY KEY)");
  Pool pool(database, {});
  constexpr Statement kInsert{"insert", "INSERT INTO t SELECT unnest($1::bigint[])"};

  const absl::Status status = pool.Run(TestDatabase::Deadline(), [&](Transaction& transaction) {
    return transaction.Execute(kInsert, Params().AddArray(std::vector<int64_t>{1, 2, 3})).status();
  });

  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(server.Run(database, "SELECT sum(a) FROM t")[0].Int64(0), 6);
}

}  // namespace
}  // namespace crier::pg
