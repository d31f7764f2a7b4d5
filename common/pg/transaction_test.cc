#include "common/pg/transaction.h"

#include <limits>
#include <random>

#include "absl/strings/str_cat.h"
#include "common/pg/pool.h"
#include "common/status/errors.h"
#include "common/status/macros.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/test_database.h"

namespace crier::pg {
namespace {

using testing::ElementsAre;
using tests::TestDatabase;

class TransactionTest : public testing::Test {
 protected:
  // The rows of one statement.
  absl::StatusOr<Rows> TryExecute(const Statement& statement, const Params& params = {}) {
    absl::StatusOr<Rows> rows = absl::InternalError("not run");
    const absl::Status status = pool_.Run(TestDatabase::Deadline(), [&](Transaction& transaction) {
      rows = transaction.Execute(statement, params);
      return rows.status();
    });
    if (!status.ok()) return status;
    return rows;
  }

  Rows Execute(const Statement& statement, const Params& params = {}) {
    absl::StatusOr<Rows> rows = TryExecute(statement, params);
    EXPECT_TRUE(rows.ok()) << rows.status();
    return rows.ok() ? *std::move(rows) : Rows();
  }

  TestDatabase server_;
  const Database database_ = server_.NewSchema();
  Pool pool_{database_, {}};
};

TEST_F(TransactionTest, ScalarsComeBackAsTheyWent) {
  constexpr Statement kEcho{
      "echo", "SELECT $1::bigint, $2::int, $3::boolean, $4::float8, $5::text, $6::bytea"};
  const std::string text = "Ünïcode 'quotes' \\ \"double\" {braces} NULL";
  const std::string bytes("\x00\x01\xff\\\n", 5);

  const Rows rows = Execute(kEcho, Params()
                                       .Add(std::numeric_limits<int64_t>::min())
                                       .Add(int32_t{-7})
                                       .Add(true)
                                       .Add(0.1)
                                       .Add(text)
                                       .AddBytes(bytes));

  ASSERT_EQ(rows.size(), 1);
  EXPECT_EQ(rows[0].Int64(0), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(rows[0].Int32(1), -7);
  EXPECT_TRUE(rows[0].Bool(2));
  EXPECT_EQ(rows[0].Text(3), "0.1");
  EXPECT_EQ(rows[0].Text(4), text);
  EXPECT_EQ(rows[0].Bytes(5), bytes);
}

TEST_F(TransactionTest, NullIsNothing) {
  constexpr Statement kEcho{"echo", "SELECT $1::bigint, $2::text, $3::timestamptz, $4::text"};

  const Rows rows = Execute(kEcho, Params()
                                       .AddNull()
                                       .Add(std::optional<std::string>())
                                       .Add(std::optional<absl::Time>())
                                       .Add(std::optional<std::string>("here")));

  EXPECT_TRUE(rows[0].IsNull(0));
  EXPECT_EQ(rows[0].OptionalInt64(0), std::nullopt);
  EXPECT_EQ(rows[0].OptionalText(1), std::nullopt);
  EXPECT_EQ(rows[0].OptionalTime(2), std::nullopt);
  EXPECT_EQ(rows[0].OptionalText(3), "here");
}

TEST_F(TransactionTest, TimesAreExactToTheMicrosecond) {
  constexpr Statement kEcho{"echo_times", "SELECT t FROM unnest($1::timestamptz[]) AS t"};
  std::mt19937_64 random(testing::UnitTest::GetInstance()->random_seed());
  const int64_t first =
      absl::ToUnixMicros(absl::FromCivil(absl::CivilDay(1, 1, 1), absl::UTCTimeZone()));
  const int64_t last =
      absl::ToUnixMicros(absl::FromCivil(absl::CivilDay(10000, 1, 1), absl::UTCTimeZone())) - 1;
  std::uniform_int_distribution<int64_t> any(first, last);
  std::vector<absl::Time> times = {
      absl::FromUnixMicros(first),     absl::FromUnixMicros(last), absl::UnixEpoch(),
      absl::InfiniteFuture(),          absl::InfinitePast(),       absl::FromUnixMicros(-1),
      absl::FromUnixMicros(first - 1),
  };
  for (int i = 0; i < 2000; ++i) times.push_back(absl::FromUnixMicros(any(random)));

  const Rows rows = Execute(kEcho, Params().AddArray(times));

  ASSERT_EQ(rows.size(), static_cast<int>(times.size()));
  for (int i = 0; i < rows.size(); ++i) EXPECT_EQ(rows[i].Time(0), times[i]);
}

TEST_F(TransactionTest, TheServerReadsTheSameMoment) {
  constexpr Statement kEpoch{"epoch",
                             "SELECT (extract(epoch FROM $1::timestamptz) * 1000000)::bigint"};
  const absl::Time time = absl::FromUnixMicros(1700000000123456);
  EXPECT_EQ(Execute(kEpoch, Params().Add(time))[0].Int64(0), 1700000000123456);
}

TEST_F(TransactionTest, ArraysOfNumbersComeBack) {
  constexpr Statement kEcho{"echo_arrays",
                            "SELECT a, b FROM unnest($1::bigint[], $2::int[]) AS t (a, b)"};
  const Rows rows =
      Execute(kEcho, Params()
                         .AddArray(std::vector<int64_t>{std::numeric_limits<int64_t>::max(), -1})
                         .AddArray(std::vector<int32_t>{0, -5}));
  ASSERT_EQ(rows.size(), 2);
  EXPECT_EQ(rows[0].Int64(0), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(rows[1].Int32(1), -5);
}

TEST_F(TransactionTest, ArraysMayHaveNulls) {
  constexpr Statement kEcho{"echo_optional_times", "SELECT unnest($1::timestamptz[])"};
  const absl::Time time = absl::FromUnixMicros(1700000000123456);
  const Rows rows =
      Execute(kEcho, Params().AddArray(std::vector<std::optional<absl::Time>>{std::nullopt, time}));
  ASSERT_EQ(rows.size(), 2);
  EXPECT_EQ(rows[0].OptionalTime(0), std::nullopt);
  EXPECT_EQ(rows[1].OptionalTime(0), time);
}

// A text of characters that mean something to Postgres, and of others.
std::string RandomText(std::mt19937_64& random) {
  static constexpr const char* kPieces[] = {"\"",   "\\",   "{",  "}",    ",",   " ",  "'",
                                            "NULL", "null", "\n", "\t",   "é",   "漢", "😀",
                                            "a",    "\\x",  "$1", "\x01", "\x7f"};
  std::string text;
  for (size_t i = random() % 12; i > 0; --i) text += kPieces[random() % std::size(kPieces)];
  return text;
}

std::string RandomBytes(std::mt19937_64& random) {
  std::string bytes;
  for (size_t i = random() % 40; i > 0; --i) bytes.push_back(static_cast<char>(random()));
  return bytes;
}

TEST_F(TransactionTest, ArraysOfAnyTextAndBytesComeBack) {
  constexpr Statement kEcho{"echo_random",
                            "SELECT a, b FROM unnest($1::text[], $2::bytea[]) AS t (a, b)"};
  std::mt19937_64 random(testing::UnitTest::GetInstance()->random_seed());
  std::vector<std::string> texts = {"", "NULL", "null", "{}", "\"", "\\", "\\N"};
  std::vector<std::string> bytes = {"",     std::string(1, '\0'),      "\\x00", "\"", "{}",
                                    "NULL", std::string(70000, '\xff')};
  for (int i = 0; i < 3000; ++i) {
    texts.push_back(RandomText(random));
    bytes.push_back(RandomBytes(random));
  }

  const Rows rows = Execute(kEcho, Params().AddArray(texts).AddBytesArray(bytes));

  ASSERT_EQ(rows.size(), static_cast<int>(texts.size()));
  for (int i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].Text(0), texts[i]);
    EXPECT_EQ(rows[i].Bytes(1), bytes[i]);
  }
}

TEST_F(TransactionTest, TextAndBytesMayAlternate) {
  constexpr Statement kEcho{"echo_alternating",
                            "SELECT $1::text, ($2::bytea[])[1], $3::bigint, ($4::bytea[])[1],"
                            " ($5::bytea[])[2], $6::text, $7::text"};

  const Rows rows = Execute(kEcho, Params()
                                       .Add("one")
                                       .AddBytesArray({"two"})
                                       .Add(3)
                                       .AddBytesArray({"four"})
                                       .AddBytesArray({"", "five"})
                                       .AddNull()
                                       .Add("seven"));

  EXPECT_EQ(rows[0].Text(0), "one");
  EXPECT_EQ(rows[0].Bytes(1), "two");
  EXPECT_EQ(rows[0].Int64(2), 3);
  EXPECT_EQ(rows[0].Bytes(3), "four");
  EXPECT_EQ(rows[0].Bytes(4), "five");
  EXPECT_TRUE(rows[0].IsNull(5));
  EXPECT_EQ(rows[0].Text(6), "seven");
}

TEST_F(TransactionTest, EmptyArraysHaveNoElements) {
  constexpr Statement kCount{"count", "SELECT cardinality($1::text[]), cardinality($2::bytea[])"};
  const Rows rows =
      Execute(kCount, Params().AddArray(std::vector<std::string>()).AddBytesArray({}));
  EXPECT_EQ(rows[0].Int64(0), 0);
  EXPECT_EQ(rows[0].Int64(1), 0);
}

TEST_F(TransactionTest, CountsAffectedRows) {
  server_.Run(database_, "CREATE TABLE t (a bigint)");
  constexpr Statement kInsert{"insert", "INSERT INTO t SELECT generate_series(1, 5)"};
  EXPECT_EQ(Execute(kInsert).affected(), 5);
}

TEST_F(TransactionTest, RowsAreIterated) {
  constexpr Statement kSeries{"series", "SELECT generate_series(1, 3)"};
  std::vector<int64_t> values;
  for (const Rows::Row row : Execute(kSeries)) values.push_back(row.Int64(0));
  EXPECT_THAT(values, ElementsAre(1, 2, 3));
}

TEST_F(TransactionTest, RefusesTextThatCannotBeStored) {
  constexpr Statement kEcho{"echo_text", "SELECT $1::text"};
  for (const std::string& text :
       {std::string("a\0b", 3), std::string("\xff\xfe"), std::string("\xc3")}) {
    const absl::Status status = TryExecute(kEcho, Params().Add(text)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  }
  constexpr Statement kEchoArray{"echo_text_array", "SELECT $1::text[]"};
  const std::vector<std::string> array = {std::string("a\0b", 3)};
  EXPECT_EQ(TryExecute(kEchoArray, Params().AddArray(array)).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(TransactionTest, AUniqueViolationNamesItsConstraint) {
  server_.Run(database_, "CREATE TABLE t (a text, CONSTRAINT only_once UNIQUE (a))");
  constexpr Statement kInsert{"insert", "INSERT INTO t VALUES ($1)"};
  Execute(kInsert, Params().Add("ada@example.com"));

  const absl::Status status = TryExecute(kInsert, Params().Add("ada@example.com")).status();

  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ErrorMetadata(status, "constraint"), "only_once");
  EXPECT_EQ(status.ToString().find("ada@"), std::string::npos);
}

TEST_F(TransactionTest, OtherFailuresTellNameAndStateButNotTheStatement) {
  constexpr Statement kDivide{"divide", "SELECT 17 / $1::int"};

  const absl::Status status = TryExecute(kDivide, Params().Add(0)).status();

  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(ErrorMetadata(status, "sqlstate"), "22012");
  EXPECT_EQ(ErrorMetadata(status, "statement"), "divide");
  EXPECT_EQ(status.ToString().find("17"), std::string::npos) << status;
}

TEST_F(TransactionTest, ATableThatIsMissingMeansAMissingSchema) {
  constexpr Statement kSelect{"select", "SELECT * FROM nowhere"};
  const absl::Status status = TryExecute(kSelect).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ErrorReason(status), "SCHEMA_MISSING");

  server_.Run(database_, "CREATE TABLE nowhere (a bigint)");
  EXPECT_TRUE(TryExecute(kSelect).ok()) << "works as soon as the table is there";
}

TEST_F(TransactionTest, AStatementPreparedForAnOlderShapeIsPreparedAnew) {
  server_.Run(database_, "CREATE TABLE t (a bigint)");
  constexpr Statement kSelect{"select", "SELECT * FROM t"};
  Execute(kSelect);
  server_.Run(database_, "ALTER TABLE t ADD COLUMN b bigint; INSERT INTO t VALUES (1, 2)");

  const Rows rows = Execute(kSelect);

  ASSERT_EQ(rows.size(), 1);
  EXPECT_EQ(rows[0].Int64(1), 2);
}

TEST_F(TransactionTest, WorkThatOverlooksAFailureIsNotCommitted) {
  server_.Run(database_, "CREATE TABLE t (a bigint PRIMARY KEY)");
  constexpr Statement kInsert{"insert", "INSERT INTO t VALUES (1)"};

  const absl::Status status = pool_.Run(TestDatabase::Deadline(), [&](Transaction& transaction) {
    EXPECT_TRUE(transaction.Execute(kInsert).ok());
    EXPECT_FALSE(transaction.Execute(kInsert).ok());
    EXPECT_FALSE(transaction.Execute(kInsert).ok()) << "stays failed";
    return absl::OkStatus();
  });

  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(server_.Run(database_, "SELECT FROM t").size(), 0);
}

TEST_F(TransactionTest, DynamicStatementsTakeParameters) {
  absl::Status status =
      pool_.Run(TestDatabase::Deadline(), [&](Transaction& transaction) -> absl::Status {
        ASSIGN_OR_RETURN(const Rows rows, transaction.ExecuteDynamic("SELECT $1::int + $2::int",
                                                                     Params().Add(1).Add(2)));
        EXPECT_EQ(rows[0].Int64(0), 3);
        return transaction.ExecuteScript("SELECT 1; SELECT 2");
      });
  EXPECT_TRUE(status.ok()) << status;
}

using TransactionDeathTest = TransactionTest;

TEST_F(TransactionDeathTest, ReadingTheWrongTypeEndsTheProcess) {
  constexpr Statement kSelect{"select", "SELECT NULL::text AS a, 'x' AS b, 5000000000 AS c"};
  const Rows rows = Execute(kSelect);
  EXPECT_DEATH(rows[0].Text(0), "column a .* is NULL");
  EXPECT_DEATH(rows[0].Int64(1), "column b .* read as an integer");
  EXPECT_DEATH(rows[0].Int32(2), "column c .* 32-bit");
  EXPECT_DEATH(rows[0].Bytes(1), "column b .* read as a bytea");
  EXPECT_DEATH(rows[0].Time(1), "column b .* read as a timestamptz");
  EXPECT_DEATH(rows[0].Bool(1), "column b .* read as a boolean");
  EXPECT_DEATH(rows[0].Text(3), "column 3 of a result of 1 rows, 3 columns");
  EXPECT_DEATH(rows[1].Text(0), "row 1");
}

TEST_F(TransactionDeathTest, TwoStatementsOfOneNameEndTheProcess) {
  constexpr Statement kOne{"same", "SELECT 1"};
  constexpr Statement kTwo{"same", "SELECT 2"};
  const auto both = [&] {
    (void)pool_.Run(TestDatabase::Deadline(), [&](Transaction& transaction) {
      RETURN_IF_ERROR(transaction.Execute(kOne).status());
      return transaction.Execute(kTwo).status();
    });
  };
  EXPECT_DEATH(both(), "two statements are named same");
}

}  // namespace
}  // namespace crier::pg
