#include "common/pg/time_partitions.h"

#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/message_id.h"
#include "common/status/errors.h"
#include "common/status/macros.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/test_database.h"

namespace crier::pg {
namespace {

using testing::ElementsAre;
using tests::TestDatabase;

absl::Time Day(int year, int month, int day, absl::Duration into = absl::ZeroDuration()) {
  return absl::FromCivil(absl::CivilDay(year, month, day), absl::UTCTimeZone()) + into;
}

class TimePartitionsTest : public testing::Test {
 protected:
  TimePartitionsTest() {
    server_.Run(database_,
                "CREATE TABLE log (at timestamptz NOT NULL, what text NOT NULL DEFAULT 'x',"
                "  CHECK (what <> 'forbidden'), PRIMARY KEY (at, what)) PARTITION BY RANGE (at);"
                "CREATE TABLE messages (id uuid PRIMARY KEY, n bigint) PARTITION BY RANGE (id)");
  }

  absl::Status Maintain(const TimePartitionedTable& table, absl::Time now, int days_ahead = 2) {
    return MaintainPartitions(pool_, table, now, days_ahead, TestDatabase::Deadline());
  }

  std::vector<std::string> PartitionsOf(absl::string_view table) {
    std::vector<std::string> names;
    for (const Rows::Row row : server_.Run(
             database_, absl::StrCat("SELECT inhrelid::regclass::text FROM pg_inherits WHERE "
                                     "inhparent = '",
                                     table, "'::regclass ORDER BY 1"))) {
      names.push_back(row.Text(0));
    }
    return names;
  }

  absl::Status Insert(absl::string_view sql) { return server_.TryRun(database_, sql).status(); }

  TestDatabase server_;
  const Database database_ = server_.NewSchema();
  Pool pool_{database_, {}};
  const TimePartitionedTable log_{"log", TimePartitionedTable::Key::kTimestamp, absl::Hours(48)};
  const TimePartitionedTable messages_{"messages", TimePartitionedTable::Key::kMessageId,
                                       absl::Hours(48)};
};

TEST_F(TimePartitionsTest, MakesYesterdayTodayAndTheDaysAhead) {
  const absl::Status status = Maintain(log_, Day(2024, 2, 28, absl::Hours(13)));

  ASSERT_TRUE(status.ok()) << status;
  EXPECT_THAT(PartitionsOf("log"), ElementsAre("log_y2024m02d27", "log_y2024m02d28",
                                               "log_y2024m02d29", "log_y2024m03d01"));
}

TEST_F(TimePartitionsTest, RowsFindTheirDay) {
  ASSERT_TRUE(Maintain(log_, Day(2024, 2, 28)).ok());

  EXPECT_TRUE(Insert("INSERT INTO log VALUES ('2024-02-28 00:00:00Z')").ok());
  EXPECT_TRUE(Insert("INSERT INTO log VALUES ('2024-02-28 23:59:59.999999Z')").ok());
  EXPECT_TRUE(Insert("INSERT INTO log VALUES ('2024-02-29 00:00:00Z')").ok());
  EXPECT_FALSE(Insert("INSERT INTO log VALUES ('2024-02-26 23:59:59Z')").ok()) << "no such day";
  EXPECT_EQ(server_.Run(database_, "SELECT FROM log_y2024m02d28").size(), 2);
}

TEST_F(TimePartitionsTest, MessageIdsFindTheirDay) {
  FakeClock clock(Day(2024, 2, 28));
  MessageIdGenerator generator(clock);
  ASSERT_TRUE(Maintain(messages_, clock.Now()).ok());
  const auto insert = [&] {
    return Insert(
        absl::StrCat("INSERT INTO messages VALUES ('", generator.Next().ToUuid(), "', 1)"));
  };

  EXPECT_TRUE(insert().ok());
  clock.Advance(absl::Hours(24) - absl::Milliseconds(1));
  EXPECT_TRUE(insert().ok());
  clock.Advance(absl::Milliseconds(1));
  EXPECT_TRUE(insert().ok());

  EXPECT_EQ(server_.Run(database_, "SELECT FROM messages_y2024m02d28").size(), 2);
  EXPECT_EQ(server_.Run(database_, "SELECT FROM messages_y2024m02d29").size(), 1);
}

TEST_F(TimePartitionsTest, PartitionsHaveTheConstraintsOfTheTable) {
  ASSERT_TRUE(Maintain(log_, Day(2024, 2, 28)).ok());
  ASSERT_TRUE(Insert("INSERT INTO log VALUES ('2024-02-28Z')").ok());
  EXPECT_EQ(Insert("INSERT INTO log VALUES ('2024-02-28Z')").code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(
      ErrorMetadata(Insert("INSERT INTO log VALUES ('2024-02-28Z', 'forbidden')"), "sqlstate"),
      "23514");
}

TEST_F(TimePartitionsTest, ASecondTimeDoesNothing) {
  ASSERT_TRUE(Maintain(log_, Day(2024, 2, 28)).ok());
  const auto before = PartitionsOf("log");
  ASSERT_TRUE(Maintain(log_, Day(2024, 2, 28, absl::Hours(23))).ok());
  EXPECT_EQ(PartitionsOf("log"), before);
}

TEST_F(TimePartitionsTest, DropsADayWhenItsRetentionIsOver) {
  ASSERT_TRUE(Maintain(log_, Day(2024, 2, 28)).ok());

  // The 27th ends with the 28th's beginning; 48 hours later it may go, and not a moment before.
  ASSERT_TRUE(Maintain(log_, Day(2024, 3, 1) - absl::Microseconds(1)).ok());
  EXPECT_THAT(PartitionsOf("log"), testing::Contains("log_y2024m02d27"));
  ASSERT_TRUE(Maintain(log_, Day(2024, 3, 1)).ok());

  EXPECT_THAT(PartitionsOf("log"),
              ElementsAre("log_y2024m02d28", "log_y2024m02d29", "log_y2024m03d01",
                          "log_y2024m03d02", "log_y2024m03d03"));
}

TEST_F(TimePartitionsTest, LeavesPartitionsWithOtherNamesAlone) {
  server_.Run(database_,
              "CREATE TABLE log_imported PARTITION OF log"
              "  FOR VALUES FROM ('2001-01-01Z') TO ('2001-02-01Z')");
  ASSERT_TRUE(Maintain(log_, Day(2024, 2, 28)).ok());
  EXPECT_THAT(PartitionsOf("log"), testing::Contains("log_imported"));
}

TEST_F(TimePartitionsTest, AClockThatIsFarAheadDropsNothing) {
  ASSERT_TRUE(Maintain(log_, absl::Now()).ok());
  const auto before = PartitionsOf("log");

  ASSERT_TRUE(Maintain(log_, absl::Now() + absl::Hours(24 * 365)).ok());

  EXPECT_THAT(PartitionsOf("log"), testing::IsSupersetOf(before));
}

TEST_F(TimePartitionsTest, ManyAtOnceMakeEachDayOnce) {
  std::vector<absl::Status> statuses(6);
  std::vector<std::thread> threads;
  for (absl::Status& status : statuses) {
    threads.emplace_back([&] { status = Maintain(log_, Day(2024, 2, 28), 10); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const absl::Status& status : statuses) EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(PartitionsOf("log").size(), 12);
}

TEST_F(TimePartitionsTest, WhatMayNotBeDroppedYetStays) {
  ASSERT_TRUE(Maintain(log_, Day(2024, 1, 10)).ok());
  const std::vector<std::string> before = PartitionsOf("log");
  bool may = false;
  bool in_use = true;
  TimePartitionedTable log = log_;
  log.may_drop = [&](Transaction&, const std::string&) {
    // Whoever else looks at the table has to wait.
    in_use = Insert("SET lock_timeout = '10ms'; SELECT FROM log").ok();
    return may;
  };

  ASSERT_TRUE(Maintain(log, Day(2024, 1, 20)).ok());
  for (const std::string& name : before) EXPECT_THAT(PartitionsOf("log"), testing::Contains(name));
  EXPECT_FALSE(in_use);

  may = true;
  ASSERT_TRUE(Maintain(log, Day(2024, 1, 20)).ok());
  for (const std::string& name : before) {
    EXPECT_THAT(PartitionsOf("log"), testing::Not(testing::Contains(name)));
  }
}

TEST_F(TimePartitionsTest, ADropDoesNotWaitLongForReaders) {
  ASSERT_TRUE(Maintain(log_, Day(2024, 2, 28)).ok());
  absl::Status status;

  const absl::Status reader =
      pool_.Run(TestDatabase::Deadline(), [&](Transaction& transaction) -> absl::Status {
        RETURN_IF_ERROR(transaction.ExecuteDynamic("SELECT * FROM log").status());
        status = Maintain(log_, Day(2024, 3, 10));
        return absl::OkStatus();
      });

  EXPECT_TRUE(reader.ok()) << reader;
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_THAT(PartitionsOf("log"), testing::Contains("log_y2024m03d10")) << "made all the same";
  EXPECT_TRUE(Maintain(log_, Day(2024, 3, 10)).ok());
  EXPECT_THAT(PartitionsOf("log"), testing::Not(testing::Contains("log_y2024m02d28")));
}

TEST_F(TimePartitionsTest, MakingADayDoesNotWaitForWriters) {
  ASSERT_TRUE(Maintain(log_, Day(2024, 2, 28)).ok());
  absl::Status status;

  const absl::Status writer =
      pool_.Run(TestDatabase::Deadline(), [&](Transaction& transaction) -> absl::Status {
        RETURN_IF_ERROR(transaction.ExecuteScript("INSERT INTO log VALUES ('2024-02-28Z')"));
        status =
            MaintainPartitions(pool_, log_, Day(2024, 2, 29), 2, absl::Now() + absl::Seconds(10));
        return absl::OkStatus();
      });

  EXPECT_TRUE(writer.ok()) << writer;
  EXPECT_TRUE(status.ok()) << status;
}

// A plan that is made while a partition is new must still be good when it has filled up.
TEST_F(TimePartitionsTest, PlansOfAFreshPartitionUseItsIndexes) {
  FakeClock clock(Day(2024, 2, 28));
  MessageIdGenerator generator(clock);
  ASSERT_TRUE(Maintain(messages_, clock.Now()).ok());
  const std::string id = generator.Next().ToUuid();
  ASSERT_TRUE(Insert(absl::StrCat("INSERT INTO messages VALUES ('", id, "', 1)")).ok());
  std::string plan;

  const absl::Status status =
      pool_.Run(TestDatabase::Deadline(), [&](Transaction& transaction) -> absl::Status {
        RETURN_IF_ERROR(transaction.ExecuteScript(
            "SET LOCAL plan_cache_mode = force_generic_plan;"
            "PREPARE by_id (uuid) AS SELECT n FROM messages WHERE id = $1"));
        ASSIGN_OR_RETURN(const Rows rows, transaction.ExecuteDynamic(
                                              absl::StrCat("EXPLAIN EXECUTE by_id ('", id, "')")));
        for (const Rows::Row row : rows) absl::StrAppend(&plan, row.Text(0), "\n");
        return transaction.ExecuteScript("DEALLOCATE by_id");
      });

  ASSERT_TRUE(status.ok()) << status;
  EXPECT_THAT(plan, testing::HasSubstr("Index Scan"));
  EXPECT_THAT(plan, testing::Not(testing::HasSubstr("Seq Scan")));
  const Rows options = server_.Run(
      database_,
      "SELECT reloptions::text FROM pg_class WHERE oid = 'messages_y2024m02d28'::regclass");
  EXPECT_EQ(options[0].Text(0), "{autovacuum_analyze_threshold=20000}");
}

}  // namespace
}  // namespace crier::pg
