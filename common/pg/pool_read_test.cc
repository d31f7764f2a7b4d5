// Pool::Read, and the time limits that it shares with Pool::Run.
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/pg/pool.h"
#include "common/status/errors.h"
#include "common/status/macros.h"
#include "gtest/gtest.h"
#include "tests/support/postgres_proxy.h"
#include "tests/support/test_database.h"

namespace crier::pg {
namespace {

using tests::PostgresProxy;
using tests::TestDatabase;

constexpr Statement kBackend{"backend", "SELECT pg_backend_pid()"};
constexpr Statement kCount{"count", "SELECT count(*) FROM t"};
constexpr Statement kInsert{"insert", "INSERT INTO t VALUES ($1)"};
constexpr Statement kLock{"lock", "SELECT a FROM t FOR UPDATE"};
constexpr Statement kSleep{"sleep", "SELECT pg_sleep(60)"};
constexpr Statement kTimeoutHours{
    "timeout_hours",
    "SELECT round(extract(epoch FROM current_setting('statement_timeout')::interval) / 3600)"};
constexpr Statement kTransactionStart{"transaction_start", "SELECT transaction_timestamp()"};

class PoolReadTest : public testing::Test {
 protected:
  PoolReadTest() { server_.Run(database_, "CREATE TABLE t (a bigint PRIMARY KEY)"); }

  // What a statement of one value answers.
  static absl::StatusOr<std::string> Read(Pool& pool, const Statement& statement,
                                          absl::Time deadline = TestDatabase::Deadline()) {
    ASSIGN_OR_RETURN(const Rows rows, pool.Read(deadline, statement));
    return rows.empty() ? "" : rows[0].Text(0);
  }

  static absl::Status Insert(Pool& pool, int64_t value) {
    return pool.Run(TestDatabase::Deadline(), [&](Transaction& transaction) {
      return transaction.Execute(kInsert, Params().Add(value)).status();
    });
  }

  // Ends a backend and waits until it is gone.
  void Kill(absl::string_view backend) {
    server_.Run(absl::StrCat("SELECT pg_terminate_backend(", backend, ", 10000)"));
  }

  // A database as the pool reaches it through `proxy`.
  Database Through(const PostgresProxy& proxy) { return {proxy.url(), "", database_.schema}; }

  TestDatabase server_;
  const Database database_ = server_.NewSchema();
};

TEST_F(PoolReadTest, SeesWhatIsCommittedWhenAStatementBegins) {
  Pool pool(database_, {/*size=*/2});

  const absl::Status status =
      pool.Read(TestDatabase::Deadline(), [&](Transaction& transaction) -> absl::Status {
        ASSIGN_OR_RETURN(const Rows before, transaction.Execute(kCount));
        EXPECT_EQ(before[0].Int64(0), 0);
        RETURN_IF_ERROR(Insert(pool, 1));
        ASSIGN_OR_RETURN(const Rows after, transaction.Execute(kCount));
        EXPECT_EQ(after[0].Int64(0), 1);
        return absl::OkStatus();
      });

  EXPECT_TRUE(status.ok()) << status;
}

TEST_F(PoolReadTest, EachStatementIsATransactionOfItsOwn) {
  Pool pool(database_, {});

  const absl::Status status =
      pool.Read(TestDatabase::Deadline(), [&](Transaction& transaction) -> absl::Status {
        ASSIGN_OR_RETURN(const Rows first, transaction.Execute(kTransactionStart));
        ASSIGN_OR_RETURN(const Rows second, transaction.Execute(kTransactionStart));
        EXPECT_LT(first[0].Time(0), second[0].Time(0));
        return absl::OkStatus();
      });

  EXPECT_TRUE(status.ok()) << status;
}

TEST_F(PoolReadTest, NeitherWritesNorLocks) {
  Pool pool(database_, {/*size=*/1});

  const absl::Status write = pool.Read(TestDatabase::Deadline(), [](Transaction& transaction) {
    return transaction.Execute(kInsert, Params().Add(1)).status();
  });

  EXPECT_EQ(ErrorMetadata(write, "sqlstate"), "25006") << write;
  EXPECT_EQ(ErrorMetadata(Read(pool, kLock).status(), "sqlstate"), "25006");
  EXPECT_EQ(*Read(pool, kCount), "0");
  EXPECT_EQ(Insert(pool, 1), absl::OkStatus()) << "a transaction may, on the same connection";
}

TEST_F(PoolReadTest, AFailureThatTheWorkOverlooksIsTold) {
  Pool pool(database_, {});
  constexpr Statement kDivide{"divide", "SELECT 17 / 0"};

  const absl::Status status = pool.Read(TestDatabase::Deadline(), [&](Transaction& transaction) {
    EXPECT_FALSE(transaction.Execute(kDivide).ok());
    EXPECT_FALSE(transaction.Execute(kCount).ok()) << "stays failed";
    return absl::OkStatus();
  });

  EXPECT_EQ(ErrorMetadata(status, "statement"), "divide") << status;
  EXPECT_EQ(*Read(pool, kCount), "0");
}

TEST_F(PoolReadTest, AStatementPreparedForAnOlderShapeIsPreparedAnew) {
  constexpr Statement kAll{"all", "SELECT * FROM shape"};
  server_.Run(database_, "CREATE TABLE shape (a bigint); INSERT INTO shape VALUES (1)");
  Pool pool(database_, {/*size=*/1});
  ASSERT_EQ(*Read(pool, kAll), "1");

  server_.Run(database_,
              "DROP TABLE shape; CREATE TABLE shape (a text);"
              "INSERT INTO shape VALUES ('new')");

  EXPECT_EQ(*Read(pool, kAll), "new");
}

TEST_F(PoolReadTest, NobodyNoticesThatAnIdleConnectionDied) {
  Pool pool(database_, {/*size=*/1});
  const auto backend = Read(pool, kBackend);
  ASSERT_TRUE(backend.ok()) << backend.status();

  Kill(*backend);

  EXPECT_EQ(*Read(pool, kCount), "0");
}

TEST_F(PoolReadTest, WhatAnIdleConnectionLosesIsReadAnew) {
  for (const auto fault : {PostgresProxy::Fault::kLoseRequest, PostgresProxy::Fault::kLoseReply}) {
    PostgresProxy proxy(server_.url());
    Pool pool(Through(proxy), {/*size=*/1});
    ASSERT_TRUE(Read(pool, kBackend).ok());
    proxy.BreakAt("count", fault);

    EXPECT_EQ(*Read(pool, kCount), "0");
  }
}

TEST_F(PoolReadTest, ADatabaseThatGoesAwayIsUnavailable) {
  auto proxy = std::make_unique<PostgresProxy>(server_.url());
  Pool pool(Through(*proxy), {/*size=*/1});
  ASSERT_TRUE(Read(pool, kCount).ok());

  proxy.reset();

  EXPECT_EQ(Read(pool, kCount).status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(PoolReadTest, AStatementIsCancelledAtTheDeadlineAndTheConnectionKept) {
  Pool pool(database_, {/*size=*/1});
  const auto before = Read(pool, kBackend);

  const absl::Status status = Read(pool, kSleep, absl::Now() + absl::Milliseconds(50)).status();

  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
  EXPECT_EQ(Read(pool, kBackend), before);
}

TEST_F(PoolReadTest, ASilentNetworkDoesNotHoldAnybodyBeyondTheDeadline) {
  PostgresProxy proxy(server_.url());
  Pool pool(Through(proxy), {/*size=*/1});
  ASSERT_TRUE(Read(pool, kCount).ok());
  proxy.Freeze();

  const absl::Time deadline = absl::Now() + absl::Milliseconds(50);
  const absl::Status status = Read(pool, kCount, deadline).status();

  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
  EXPECT_LT(absl::Now() - deadline, absl::Seconds(10));
}

class PoolTimeoutTest : public PoolReadTest {
 protected:
  // The time limit of statements, in hours, under a deadline so many hours away; in a transaction
  // that ends as told.
  std::string InTransaction(int hours, const absl::Status& end = absl::OkStatus()) {
    std::string timeout;
    const absl::Status status =
        pool_.Run(absl::Now() + absl::Hours(hours), [&](Transaction& transaction) -> absl::Status {
          ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kTimeoutHours));
          timeout = rows[0].Text(0);
          return end;
        });
    EXPECT_EQ(status, end);
    return timeout;
  }

  std::string InRead(int hours) {
    return Read(pool_, kTimeoutHours, absl::Now() + absl::Hours(hours)).value_or("");
  }

  Pool pool_{database_, {/*size=*/1}};
};

TEST_F(PoolTimeoutTest, FollowsTheDeadlineOfEachUse) {
  EXPECT_EQ(InTransaction(1), "1");
  EXPECT_EQ(InRead(1), "1");
  EXPECT_EQ(InRead(2), "2");
  EXPECT_EQ(InTransaction(2), "2");
  EXPECT_EQ(InTransaction(3), "3");
  EXPECT_EQ(*Read(pool_, kTimeoutHours, absl::InfiniteFuture()), "0");
  EXPECT_EQ(InTransaction(1), "1");
}

// A rollback takes back what the transaction has set.
TEST_F(PoolTimeoutTest, FollowsTheDeadlineAfterARollback) {
  const absl::Status failure = absl::NotFoundError("no such thing");
  EXPECT_EQ(InRead(1), "1");
  EXPECT_EQ(InTransaction(2, failure), "2");
  EXPECT_EQ(InRead(1), "1");
  EXPECT_EQ(InRead(2), "2");
  EXPECT_EQ(InTransaction(1, failure), "1");
  EXPECT_EQ(InTransaction(1), "1");
}

}  // namespace
}  // namespace crier::pg
