#include "services/ingest/storage/log_readers.h"

#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "services/ingest/domain/log/log_partition.h"
#include "services/ingest/storage/store_test_fixture.h"

namespace crier::ingest::storage {
namespace {

using testing::SizeIs;

class LogReadersTest : public StoreTest {
 protected:
  void AddEvents(int count, absl::Time now = kNow) {
    for (int i = 0; i < count; ++i) {
      Ingest(store_, {OrganizationOf(1, absl::StrCat("domain", ++domains_, ".com"), "Name")}, now);
    }
  }

  int64_t PositionOf(const LogReader& reader) const {
    return reader.positions[static_cast<size_t>(partition_)].position;
  }

  int64_t EventsKept() { return Count("events"); }

  const int32_t partition_ = LogPartitionOf(1, 16);
  PgLogReaders readers_{pool_};
  int domains_ = 0;
};

TEST_F(LogReadersTest, ANewReaderBeginsAtTheHead) {
  AddEvents(3);
  const auto reader = readers_.Register("evaluator", false, kNow, Deadline());
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_THAT(reader->positions, SizeIs(16));
  EXPECT_EQ(PositionOf(*reader), 3);

  AddEvents(1);
  const auto again = readers_.Register("evaluator", false, kNow + absl::Hours(1), Deadline());
  EXPECT_EQ(PositionOf(*again), 3) << "it stands where it stood";
  EXPECT_EQ(again->create_time, kNow);

  const auto other = readers_.Register("other", true, kNow, Deadline());
  EXPECT_EQ(PositionOf(*other), 0);
}

TEST_F(LogReadersTest, PositionsAreConfirmedForwardsOnly) {
  AddEvents(3);
  ASSERT_TRUE(readers_.Register("evaluator", true, kNow, Deadline()).ok());
  const auto confirm = [this](int64_t position) {
    return readers_.Confirm("evaluator", {{partition_, position}}, kNow + absl::Hours(1),
                            Deadline());
  };

  EXPECT_EQ(confirm(2), absl::OkStatus());
  EXPECT_EQ(confirm(1), absl::OkStatus());
  const absl::Status beyond = confirm(4);
  EXPECT_EQ(ErrorReason(beyond), "POSITION_BEYOND_HEAD");
  EXPECT_THAT(std::string(beyond.message()), testing::StartsWith("positions[0].position lies"));
  EXPECT_EQ(readers_.Confirm("evaluator", {{99, 1}}, kNow, Deadline()).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ErrorReason(readers_.Confirm("nobody", {}, kNow, Deadline())), "LOG_READER_NOT_FOUND");

  const auto readers = readers_.List(Deadline());
  ASSERT_TRUE(readers.ok()) << readers.status();
  ASSERT_THAT(*readers, SizeIs(1));
  EXPECT_EQ(PositionOf(readers->front()), 2);
  EXPECT_EQ(readers->front().confirm_time, kNow + absl::Hours(1));
}

TEST_F(LogReadersTest, DaysThatAReaderHasNotConfirmedAreKept) {
  // The database's own clock lets nothing later than yesterday expire.
  const absl::Time old = kNow - absl::Hours(24);
  AddEvents(2, old);
  ASSERT_TRUE(readers_.Register("evaluator", true, kNow, Deadline()).ok());
  const auto maintain = [this] {
    return pg::MaintainPartitions(pool_, EventTable(absl::ZeroDuration()), kNow, 0, Deadline());
  };

  ASSERT_EQ(readers_.Confirm("evaluator", {{partition_, 1}}, kNow, Deadline()), absl::OkStatus());
  ASSERT_EQ(maintain(), absl::OkStatus());
  EXPECT_EQ(EventsKept(), 2);

  ASSERT_EQ(readers_.Confirm("evaluator", {{partition_, 2}}, kNow, Deadline()), absl::OkStatus());
  ASSERT_EQ(maintain(), absl::OkStatus());
  EXPECT_EQ(EventsKept(), 0);
}

TEST_F(LogReadersTest, WhoIsForgottenHoldsNothingBack) {
  AddEvents(2, kNow - absl::Hours(24));
  ASSERT_TRUE(readers_.Register("evaluator", true, kNow, Deadline()).ok());

  ASSERT_EQ(readers_.Remove("evaluator", Deadline()), absl::OkStatus());
  EXPECT_EQ(ErrorReason(readers_.Remove("evaluator", Deadline())), "LOG_READER_NOT_FOUND");
  ASSERT_EQ(pg::MaintainPartitions(pool_, EventTable(absl::ZeroDuration()), kNow, 0, Deadline()),
            absl::OkStatus());

  EXPECT_EQ(EventsKept(), 0);
}

TEST_F(LogReadersTest, TellsHowFarBehindReadersAre) {
  AddEvents(3);
  ASSERT_TRUE(readers_.Register("behind", true, kNow, Deadline()).ok());
  ASSERT_TRUE(readers_.Register("here", false, kNow, Deadline()).ok());

  const auto lags = readers_.Lags(Deadline());

  ASSERT_TRUE(lags.ok()) << lags.status();
  ASSERT_THAT(*lags, SizeIs(2));
  EXPECT_EQ((*lags)[0].unconfirmed_events, 3);
  EXPECT_EQ((*lags)[0].oldest_accept_time, kNow);
  EXPECT_EQ((*lags)[1].unconfirmed_events, 0);
  EXPECT_EQ((*lags)[1].oldest_accept_time, std::nullopt);
}

TEST_F(LogReadersTest, ThereCannotBeVeryMany) {
  for (int i = 0; i < kMaxLogReaders; ++i) {
    ASSERT_TRUE(readers_.Register(absl::StrCat("reader", i), false, kNow, Deadline()).ok());
  }
  EXPECT_EQ(ErrorReason(readers_.Register("one-more", false, kNow, Deadline()).status()),
            "TOO_MANY_LOG_READERS");
  EXPECT_TRUE(readers_.Register("reader3", false, kNow, Deadline()).ok());
}

}  // namespace
}  // namespace crier::ingest::storage
