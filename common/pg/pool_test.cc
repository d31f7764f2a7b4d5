#include "common/pg/pool.h"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "common/status/errors.h"
#include "common/status/macros.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/postgres_proxy.h"
#include "tests/support/test_database.h"

namespace crier::pg {
namespace {

using tests::PostgresProxy;
using tests::TestDatabase;

constexpr Statement kInsert{"insert", "INSERT INTO t VALUES ($1)"};
constexpr Statement kUpdate{"update", "UPDATE t SET b = b + 1 WHERE a = $1"};
constexpr Statement kBackend{"backend", "SELECT pg_backend_pid()"};
// As the protocol ends it; BEGIN … READ COMMITTED is something else.
constexpr absl::string_view kCommit("COMMIT\0", 7);
constexpr Statement kSleep{"sleep", "SELECT pg_sleep(60)"};

class PoolTest : public testing::Test {
 protected:
  PoolTest() {
    server_.Run(database_, "CREATE TABLE t (a bigint PRIMARY KEY, b bigint NOT NULL DEFAULT 0)");
  }

  // The process of the server behind a connection of `pool`.
  static absl::StatusOr<int> BackendOf(Pool& pool) {
    return pool.Run(TestDatabase::Deadline(), [](Transaction& transaction) -> absl::StatusOr<int> {
      ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kBackend));
      return rows[0].Int32(0);
    });
  }

  static absl::Status Insert(Pool& pool, int64_t value,
                             absl::Time deadline = TestDatabase::Deadline()) {
    return pool.Run(deadline, [&](Transaction& transaction) {
      return transaction.Execute(kInsert, Params().Add(value)).status();
    });
  }

  // Ends a backend and waits until it is gone.
  void Kill(int backend) {
    server_.Run(absl::StrCat("SELECT pg_terminate_backend(", backend, ", 10000)"));
  }

  int64_t RowCount() { return server_.Run(database_, "SELECT count(*) FROM t")[0].Int64(0); }

  TestDatabase server_;
  const Database database_ = server_.NewSchema();
};

TEST_F(PoolTest, CommitsWhatTheWorkDid) {
  Pool pool(database_, {});
  EXPECT_TRUE(Insert(pool, 1).ok());
  EXPECT_EQ(RowCount(), 1);
}

TEST_F(PoolTest, RollsBackWhenTheWorkFails) {
  Pool pool(database_, {});

  const absl::Status status = pool.Run(TestDatabase::Deadline(), [](Transaction& transaction) {
    EXPECT_TRUE(transaction.Execute(kInsert, Params().Add(1)).ok());
    return absl::NotFoundError("no such thing");
  });

  EXPECT_EQ(status, absl::NotFoundError("no such thing"));
  EXPECT_EQ(RowCount(), 0);
}

TEST_F(PoolTest, KeepsAConnectionThatWorks) {
  Pool pool(database_, {});
  const auto first = BackendOf(pool);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(BackendOf(pool), first);
}

TEST_F(PoolTest, SeesOnlyItsSchema) {
  Pool pool(database_, {});
  const absl::Status status =
      pool.Run(TestDatabase::Deadline(), [&](Transaction& transaction) -> absl::Status {
        ASSIGN_OR_RETURN(const Rows rows, transaction.ExecuteDynamic("SHOW search_path"));
        EXPECT_EQ(rows[0].Text(0), database_.schema);
        return absl::OkStatus();
      });
  EXPECT_TRUE(status.ok()) << status;
}

TEST_F(PoolTest, LooksUpByIndexAlsoWhatThePlannerTakesForSmall) {
  constexpr Statement kExplain{"explain",
                               "EXPLAIN SELECT k.value FROM unnest($1::bigint[]) AS wanted (value)"
                               " JOIN keyed k USING (value)"};
  server_.Run(database_, "CREATE TABLE keyed (value bigint PRIMARY KEY);");
  Pool pool(database_, {.by_index_only = true});
  std::string plan;

  const absl::Status status =
      pool.Run(TestDatabase::Deadline(), [&](Transaction& transaction) -> absl::Status {
        ASSIGN_OR_RETURN(const Rows rows,
                         transaction.Execute(kExplain, Params().AddArray(std::vector<int64_t>{1})));
        for (const auto row : rows) absl::StrAppend(&plan, row.Text(0), "\n");
        return absl::OkStatus();
      });

  ASSERT_TRUE(status.ok()) << status;
  EXPECT_THAT(plan, testing::HasSubstr("keyed_pkey"));
  EXPECT_THAT(plan, testing::Not(testing::HasSubstr("Seq Scan")));
}

TEST_F(PoolTest, TheServerDoesNotWaitForEverForAReplicaThatStandsStill) {
  constexpr Statement kTimeouts{"timeouts",
                                "SELECT setting FROM pg_settings WHERE name IN"
                                " ('idle_in_transaction_session_timeout', 'tcp_user_timeout')"};
  Pool pool(database_, {});
  std::vector<std::string> timeouts;
  const absl::Status status =
      pool.Run(TestDatabase::Deadline(), [&](Transaction& transaction) -> absl::Status {
        ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kTimeouts));
        for (const Rows::Row row : rows) timeouts.emplace_back(row.Text(0));
        return absl::OkStatus();
      });
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(timeouts, std::vector<std::string>({"5000", "5000"}));
}

TEST_F(PoolTest, SharesItsConnectionsAmongManyThreads) {
  server_.Run(database_, "INSERT INTO t VALUES (1)");
  Pool pool(database_, {/*size=*/3});
  constexpr int kThreads = 8;
  constexpr int kRounds = 25;
  std::atomic<int> failures = 0;

  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < kRounds; ++round) {
        const absl::Status status =
            pool.Run(TestDatabase::Deadline(), [](Transaction& transaction) {
              return transaction.Execute(kUpdate, Params().Add(1)).status();
            });
        if (!status.ok()) ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(failures, 0);
  EXPECT_EQ(server_.Run(database_, "SELECT b FROM t")[0].Int64(0), kThreads * kRounds);
}

TEST_F(PoolTest, GivesUpWaitingForAConnectionAtTheDeadline) {
  Pool pool(database_, {/*size=*/1});

  const absl::Status outer = pool.Run(TestDatabase::Deadline(), [&](Transaction&) {
    return Insert(pool, 1, absl::Now() + absl::Milliseconds(10));
  });

  EXPECT_EQ(outer.code(), absl::StatusCode::kDeadlineExceeded) << outer;
}

TEST_F(PoolTest, RepeatsTheWorkAfterADeadlock) {
  server_.Run(database_, "INSERT INTO t VALUES (1), (2)");
  Pool pool(database_, {/*size=*/2});
  absl::Notification first_locked, second_locked;
  const auto cross = [&](int64_t one, int64_t other, absl::Notification& mine,
                         absl::Notification& others) {
    return pool.Run(TestDatabase::Deadline(), [&](Transaction& transaction) -> absl::Status {
      RETURN_IF_ERROR(transaction.Execute(kUpdate, Params().Add(one)).status());
      if (!mine.HasBeenNotified()) mine.Notify();
      others.WaitForNotification();
      return transaction.Execute(kUpdate, Params().Add(other)).status();
    });
  };

  absl::Status second_status;
  std::thread second([&] { second_status = cross(2, 1, second_locked, first_locked); });
  const absl::Status first_status = cross(1, 2, first_locked, second_locked);
  second.join();

  EXPECT_TRUE(first_status.ok()) << first_status;
  EXPECT_TRUE(second_status.ok()) << second_status;
  EXPECT_EQ(server_.Run(database_, "SELECT sum(b) FROM t")[0].Int64(0), 4);
}

TEST_F(PoolTest, TheResultIsThatOfTheTimeThatWasCommitted) {
  Pool pool(database_, {});
  int attempts = 0;

  const absl::StatusOr<int> result =
      pool.Run(TestDatabase::Deadline(), [&](Transaction& transaction) -> absl::StatusOr<int> {
        if (++attempts == 1) {
          RETURN_IF_ERROR(transaction.ExecuteScript(
              "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'serialization_failure'; END $$"));
        }
        return attempts;
      });

  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(*result, 2);
}

TEST_F(PoolTest, GivesUpOnConflictsThatDoNotEnd) {
  Pool pool(database_, {});
  int attempts = 0;

  const absl::Status status = pool.Run(TestDatabase::Deadline(), [&](Transaction& transaction) {
    ++attempts;
    return transaction.ExecuteScript(
        "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'serialization_failure'; END $$");
  });

  EXPECT_EQ(status.code(), absl::StatusCode::kAborted) << status;
  EXPECT_EQ(attempts, 5);
}

TEST_F(PoolTest, DoesNotRepeatWhatTheWorkItselfCallsAborted) {
  Pool pool(database_, {});
  int attempts = 0;

  const absl::Status status = pool.Run(TestDatabase::Deadline(), [&](Transaction&) {
    ++attempts;
    return absl::AbortedError("position mismatch");
  });

  EXPECT_EQ(status, absl::AbortedError("position mismatch"));
  EXPECT_EQ(attempts, 1);
}

TEST_F(PoolTest, AFailureThatComesWithTheCommitIsDefinite) {
  server_.Run(database_,
              "CREATE TABLE child (a bigint REFERENCES t DEFERRABLE INITIALLY DEFERRED)");
  Pool pool(database_, {});

  const absl::Status status = pool.Run(TestDatabase::Deadline(), [](Transaction& transaction) {
    return transaction.ExecuteScript("INSERT INTO child VALUES (7)");
  });

  EXPECT_EQ(status.code(), absl::StatusCode::kInternal) << status;
  EXPECT_EQ(ErrorMetadata(status, "sqlstate"), "23503");
  EXPECT_TRUE(Insert(pool, 1).ok());
}

TEST_F(PoolTest, CancelsAStatementAtTheDeadlineAndKeepsTheConnection) {
  Pool pool(database_, {});
  const auto before = BackendOf(pool);

  const absl::Status status =
      pool.Run(absl::Now() + absl::Milliseconds(50),
               [](Transaction& transaction) { return transaction.Execute(kSleep).status(); });

  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
  EXPECT_EQ(BackendOf(pool), before);
}

TEST_F(PoolTest, DoesNotCommitAfterTheDeadline) {
  Pool pool(database_, {});
  const absl::Time deadline = absl::Now() + absl::Milliseconds(200);

  const absl::Status status = pool.Run(deadline, [&](Transaction& transaction) -> absl::Status {
    RETURN_IF_ERROR(transaction.Execute(kInsert, Params().Add(1)).status());
    while (absl::Now() < deadline) std::this_thread::yield();
    return absl::OkStatus();
  });

  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
  EXPECT_EQ(RowCount(), 0);
}

TEST_F(PoolTest, ABackendThatDiesInATransactionIsUnavailableOnce) {
  Pool pool(database_, {/*size=*/1});

  const absl::Status status =
      pool.Run(TestDatabase::Deadline(), [&](Transaction& transaction) -> absl::Status {
        ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kBackend));
        Kill(rows[0].Int32(0));
        return transaction.Execute(kInsert, Params().Add(1)).status();
      });

  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_NE(ErrorReason(status), "COMMIT_UNKNOWN");
  EXPECT_TRUE(Insert(pool, 2).ok());
  EXPECT_EQ(RowCount(), 1);
}

TEST_F(PoolTest, NobodyNoticesThatAnIdleConnectionDied) {
  Pool pool(database_, {/*size=*/1});
  const auto backend = BackendOf(pool);
  ASSERT_TRUE(backend.ok()) << backend.status();

  Kill(*backend);

  EXPECT_TRUE(Insert(pool, 1).ok());
  EXPECT_NE(BackendOf(pool), backend);
}

TEST_F(PoolTest, ABackendThatDiesBeforeTheCommitLeavesItUnknown) {
  Pool pool(database_, {/*size=*/1});

  const absl::Status status =
      pool.Run(TestDatabase::Deadline(), [&](Transaction& transaction) -> absl::Status {
        ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kBackend));
        Kill(rows[0].Int32(0));
        return absl::OkStatus();
      });

  EXPECT_EQ(ErrorReason(status), "COMMIT_UNKNOWN") << status;
}

// The client learns of the end of the line before it sends anything.
TEST_F(PoolTest, AnIdleConnectionThatWasClosedIsReplaced) {
  PostgresProxy proxy(server_.url());
  Pool pool({proxy.url(), "", database_.schema}, {/*size=*/1});
  ASSERT_TRUE(Insert(pool, 1).ok());

  proxy.BreakAll();

  EXPECT_EQ(Insert(pool, 2), absl::OkStatus());
}

TEST_F(PoolTest, AnIdleConnectionThatWasClosedForGoodIsUnavailable) {
  auto proxy = std::make_unique<PostgresProxy>(server_.url());
  Pool pool({proxy->url(), "", database_.schema}, {/*size=*/1});
  ASSERT_TRUE(Insert(pool, 1).ok());

  proxy.reset();

  EXPECT_EQ(Insert(pool, 2).code(), absl::StatusCode::kUnavailable);
}

TEST_F(PoolTest, ACommitWhoseReplyIsLostIsUnknownThoughMade) {
  PostgresProxy proxy(server_.url());
  Pool pool({proxy.url(), "", database_.schema}, {});
  proxy.BreakAt(kCommit, PostgresProxy::Fault::kLoseReply);

  const absl::Status status = Insert(pool, 1);

  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ErrorReason(status), "COMMIT_UNKNOWN");
  EXPECT_EQ(RowCount(), 1);
  EXPECT_TRUE(Insert(pool, 2).ok());
}

TEST_F(PoolTest, ACommitThatIsLostIsUnknownThoughNotMade) {
  PostgresProxy proxy(server_.url());
  Pool pool({proxy.url(), "", database_.schema}, {});
  proxy.BreakAt(kCommit, PostgresProxy::Fault::kLoseRequest);

  const absl::Status status = Insert(pool, 1);

  EXPECT_EQ(ErrorReason(status), "COMMIT_UNKNOWN");
  EXPECT_EQ(RowCount(), 0);
}

TEST_F(PoolTest, AStatementThatIsLostChangesNothing) {
  PostgresProxy proxy(server_.url());
  Pool pool({proxy.url(), "", database_.schema}, {});
  proxy.BreakAt("INSERT", PostgresProxy::Fault::kLoseReply);

  const absl::Status status = Insert(pool, 1);

  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(ErrorReason(status), "COMMIT_UNKNOWN");
  EXPECT_EQ(RowCount(), 0);
  EXPECT_TRUE(Insert(pool, 1).ok());
}

TEST_F(PoolTest, ASilentNetworkDoesNotHoldAnybodyBeyondTheDeadline) {
  PostgresProxy proxy(server_.url());
  Pool pool({proxy.url(), "", database_.schema}, {});
  ASSERT_TRUE(Insert(pool, 1).ok());
  proxy.Freeze();

  const absl::Time deadline = absl::Now() + absl::Milliseconds(50);
  const absl::Status status = Insert(pool, 2, deadline);

  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
  EXPECT_LT(absl::Now() - deadline, absl::Seconds(10));
}

TEST_F(PoolTest, AServerThatFallsSilentAfterConnectingHoldsNobodyEither) {
  PostgresProxy proxy(server_.url());
  Pool pool({proxy.url(), "", database_.schema}, {});
  proxy.BreakAt("search_path", PostgresProxy::Fault::kFallSilent);

  const absl::Status status = Insert(pool, 1, absl::Now() + absl::Milliseconds(50));

  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
  EXPECT_TRUE(Insert(pool, 1).ok());
}

TEST_F(PoolTest, AServerThatIsAwayIsUnavailableAtOnce) {
  // Nothing listens on the discard port.
  Pool pool({"postgresql://u:hidden-password@127.0.0.1:9/db", "", "s"}, {});

  const absl::Status status = Insert(pool, 1);

  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_EQ(status.message(), "the database is away: Connection refused");
  EXPECT_EQ(Insert(pool, 1), status);
}

TEST_F(PoolTest, AMalformedUrlIsInvalid) {
  Pool pool({"postgresql://u:hidden%zz@127.0.0.1/db", "", "s"}, {});
  const absl::Status status = Insert(pool, 1);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.ToString().find("hidden"), std::string::npos);
}

TEST_F(PoolTest, ARoleThatIsMissingIsAPrecondition) {
  Pool pool({server_.url(), "crier_no_such_role", database_.schema}, {});
  const absl::Status status = Insert(pool, 1);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_EQ(ErrorReason(status), "SCHEMA_MISSING");
}

}  // namespace
}  // namespace crier::pg
