#include "common/pg/row_array.h"

#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/pg/pool.h"
#include "common/pg/transaction.h"
#include "common/status/errors.h"
#include "common/status/macros.h"
#include "gtest/gtest.h"
#include "tests/support/test_database.h"

namespace crier::pg {
namespace {

using tests::TestDatabase;

// What there is to a row of `thing`.
constexpr char kType[] =
    "CREATE TYPE thing AS (yes boolean, small smallint, number integer, big bigint, real double "
    "precision, moment timestamptz, words text, bytes bytea, texts text[], bigs bigint[], id "
    "uuid);";
constexpr int kColumns = 11;

class RowArrayTest : public testing::Test {
 protected:
  RowArrayTest() { server_.Run(database_, kType); }

  // What `statement` makes of rows that `fill` adds.
  template <typename Fill>
  absl::StatusOr<Rows> TrySend(const Statement& statement, Fill fill, const char* type = "thing") {
    absl::StatusOr<Rows> rows = absl::InternalError("not run");
    const absl::Status status =
        pool_.Run(TestDatabase::Deadline(), [&](Transaction& transaction) -> absl::Status {
          ASSIGN_OR_RETURN(const RowType row_type, transaction.FindRowType(type));
          RowArray array(row_type);
          fill(array);
          rows = transaction.Execute(statement, Params().AddRows(std::move(array)));
          return rows.status();
        });
    if (!status.ok()) return status;
    return rows;
  }

  TestDatabase server_;
  const Database database_ = server_.NewSchema();
  Pool pool_{database_, {}};
};

constexpr Statement kEcho{"echo_rows", "SELECT * FROM unnest($1::thing[])"};

void AddNulls(RowArray& row) {
  row.BeginRow(kColumns);
  for (const ColumnType type :
       {ColumnType::kBoolean, ColumnType::kSmallint, ColumnType::kInteger, ColumnType::kBigint,
        ColumnType::kDouble, ColumnType::kTimestamptz, ColumnType::kText, ColumnType::kBytea,
        ColumnType::kTexts, ColumnType::kBigints, ColumnType::kUuid}) {
    row.AddNull(type);
  }
}

void AddBytes(absl::string_view bytes, RowArray& row) {
  bytes.copy(row.AddBytes(bytes.size()), bytes.size());
}

TEST_F(RowArrayTest, ValuesOfEveryTypeComeBack) {
  const std::string text = "Ünïcode 'quotes' \\ \"double\" {braces},\n NULL";
  const std::string bytes("\x00\x01\xff\\\n", 5);

  const auto rows = TrySend(kEcho, [&](RowArray& row) {
    row.BeginRow(kColumns);
    row.Add(true);
    row.Add(std::numeric_limits<int16_t>::min());
    row.Add(int32_t{-7});
    row.Add(std::numeric_limits<int64_t>::max());
    row.Add(-0.1);
    row.Add(absl::FromUnixMicros(1700000000123456));
    row.AddText(text);
    AddBytes(bytes, row);
    row.BeginTexts(3);
    for (const char* element : {"a", "", "{\"b\",NULL}"}) row.AddElement(element);
    row.BeginBigints(2);
    row.AddElement(int64_t{-1});
    row.AddElement(int64_t{1} << 40);
    row.AddUuid({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255});
    AddNulls(row);
  });

  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_EQ(rows->size(), 2);
  const Rows::Row row = (*rows)[0];
  EXPECT_TRUE(row.Bool(0));
  EXPECT_EQ(row.Int32(1), std::numeric_limits<int16_t>::min());
  EXPECT_EQ(row.Int32(2), -7);
  EXPECT_EQ(row.Int64(3), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(row.Text(4), "-0.1");
  EXPECT_EQ(row.Time(5), absl::FromUnixMicros(1700000000123456));
  EXPECT_EQ(row.Text(6), text);
  EXPECT_EQ(row.Bytes(7), bytes);
  EXPECT_EQ(row.Text(8), "{a,\"\",\"{\\\"b\\\",NULL}\"}");
  EXPECT_EQ(row.Text(9), "{-1,1099511627776}");
  EXPECT_EQ(row.Text(10), "00010203-0405-0607-0809-0a0b0c0d0eff");
  for (int column = 0; column < kColumns; ++column) EXPECT_TRUE((*rows)[1].IsNull(column));
}

TEST_F(RowArrayTest, EmptyValuesAreNotNull) {
  const auto rows = TrySend(kEcho, [](RowArray& row) {
    row.BeginRow(kColumns);
    row.Add(false);
    row.Add(int16_t{0});
    row.Add(int32_t{0});
    row.Add(int64_t{0});
    row.Add(0.0);
    row.Add(absl::UnixEpoch());
    row.AddText("");
    AddBytes("", row);
    row.BeginTexts(0);
    row.BeginBigints(0);
    row.AddUuid({});
  });

  ASSERT_TRUE(rows.ok()) << rows.status();
  for (int column = 0; column < kColumns; ++column) EXPECT_FALSE((*rows)[0].IsNull(column));
  EXPECT_EQ((*rows)[0].Text(8), "{}");
  EXPECT_EQ((*rows)[0].Text(9), "{}");
}

TEST_F(RowArrayTest, NoRowsAreNoRows) {
  const auto rows = TrySend(kEcho, [](RowArray&) {});
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_TRUE(rows->empty());
}

TEST_F(RowArrayTest, ManyRowsKeepTheirOrderAndTimesTheirMicroseconds) {
  server_.Run(database_, "CREATE TYPE event AS (number bigint, moment timestamptz, words text);");
  std::mt19937_64 random(static_cast<unsigned>(testing::UnitTest::GetInstance()->random_seed()));
  const int64_t first =
      absl::ToUnixMicros(absl::FromCivil(absl::CivilDay(1, 1, 1), absl::UTCTimeZone()));
  const int64_t last =
      absl::ToUnixMicros(absl::FromCivil(absl::CivilDay(10000, 1, 1), absl::UTCTimeZone())) - 1;
  std::uniform_int_distribution<int64_t> any(first, last);
  std::vector<absl::Time> times = {absl::InfiniteFuture(), absl::InfinitePast(),
                                   absl::FromUnixMicros(-1), absl::FromUnixMicros(first)};
  for (int i = 0; i < 2000; ++i) times.push_back(absl::FromUnixMicros(any(random)));

  constexpr Statement kEchoEvents{"echo_events", "SELECT * FROM unnest($1::event[])"};
  const auto rows = TrySend(
      kEchoEvents,
      [&](RowArray& row) {
        for (size_t i = 0; i < times.size(); ++i) {
          row.BeginRow(3);
          row.Add(static_cast<int64_t>(i));
          row.Add(times[i] + absl::Nanoseconds(999));
          row.AddText(std::string(i % 300, 'x'));
        }
      },
      "event");

  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_EQ(rows->size(), static_cast<int>(times.size()));
  for (int i = 0; i < rows->size(); ++i) {
    EXPECT_EQ((*rows)[i].Int64(0), i);
    EXPECT_EQ((*rows)[i].Time(1), times[static_cast<size_t>(i)]);
    EXPECT_EQ((*rows)[i].Text(2).size(), static_cast<size_t>(i % 300));
  }
}

TEST_F(RowArrayTest, TextThatIsNoneIsRefused) {
  server_.Run(database_, "CREATE TYPE note AS (words text);");
  constexpr Statement kEchoNotes{"echo_notes", "SELECT * FROM unnest($1::note[])"};
  for (const absl::string_view text : {absl::string_view("a\0b", 3), absl::string_view("\xff")}) {
    const auto rows = TrySend(
        kEchoNotes,
        [&](RowArray& row) {
          row.BeginRow(1);
          row.AddText(text);
        },
        "note");
    EXPECT_EQ(rows.status().code(), absl::StatusCode::kInvalidArgument) << rows.status();
    EXPECT_EQ(ErrorReason(rows.status()), "INVALID_TEXT");
  }
}

TEST_F(RowArrayTest, WithoutItsTypeTheSchemaIsMissing) {
  const auto rows = TrySend(
      kEcho, [](RowArray&) {}, "nothing");
  EXPECT_EQ(rows.status().code(), absl::StatusCode::kFailedPrecondition) << rows.status();
  EXPECT_EQ(ErrorReason(rows.status()), "SCHEMA_MISSING");
}

}  // namespace
}  // namespace crier::pg
