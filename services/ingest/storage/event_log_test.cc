#include "services/ingest/storage/event_log.h"

#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/ingest/domain/log/log_partition.h"
#include "services/ingest/storage/store_test_fixture.h"

namespace crier::ingest::storage {
namespace {

using entity::v1::Event;
using testing::ElementsAre;
using testing::Eq;
using testing::IsEmpty;
using testing::Optional;
using testing::SizeIs;

class EventLogTest : public StoreTest {
 protected:
  static constexpr int64_t kCommunity = 1;
  const int32_t partition_ = LogPartitionOf(kCommunity, 16);

  // One event for each, in one batch.
  void Append(int count, absl::Time now = kNow, size_t title_bytes = 10) {
    std::vector<Record> records;
    for (int i = 0; i < count; ++i) {
      records.push_back(OrganizationOf(kCommunity, absl::StrCat("d", ++domains_, ".com"),
                                       std::string(title_bytes, 'x')));
    }
    Ingest(store_, records, now);
  }

  std::vector<int64_t> Positions(int64_t after, const ReadLimits& limits = {}) {
    const auto read = log_.Read(partition_, after, limits, Deadline());
    EXPECT_TRUE(read.ok()) << read.status();
    std::vector<int64_t> positions;
    for (const std::string& event : read->events) positions.push_back(Parse(event).position());
    return positions;
  }

  static Event Parse(const std::string& bytes) {
    Event event;
    EXPECT_TRUE(event.ParseFromString(bytes));
    return event;
  }

  absl::Status ReadError(int64_t after) {
    return log_.Read(partition_, after, ReadLimits(), Deadline()).status();
  }

  int domains_ = 0;
};

TEST_F(EventLogTest, GivesEventsAsTheyWereAccepted) {
  Append(1);

  const auto read = log_.Read(partition_, 0, ReadLimits(), Deadline());

  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->head, 1);
  ASSERT_THAT(read->events, SizeIs(1));
  const Event event = Parse(read->events[0]);
  EXPECT_EQ(event.community_id(), kCommunity);
  EXPECT_EQ(event.log_partition(), partition_);
  EXPECT_EQ(event.position(), 1);
  EXPECT_EQ(event.kind(), Event::ORGANIZATION_FOUND);
  EXPECT_EQ(event.organization().name(), "communities/1/organizations/1");
}

TEST_F(EventLogTest, ReadsInFrames) {
  Append(5);

  EXPECT_THAT(Positions(0), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(Positions(3), ElementsAre(4, 5));
  EXPECT_THAT(Positions(0, {.max_events = 2}), ElementsAre(1, 2));
  EXPECT_THAT(Positions(5), IsEmpty());
}

TEST_F(EventLogTest, BoundsTheBytesOfAFrame) {
  Append(3, kNow, 1000);

  EXPECT_THAT(Positions(0, {.max_bytes = 2500}), ElementsAre(1, 2));
  EXPECT_THAT(Positions(2, {.max_bytes = 2500}), ElementsAre(3));
  EXPECT_THAT(Positions(1, {.max_bytes = 10}), ElementsAre(2)) << "larger than the limit: alone";
}

TEST_F(EventLogTest, ReadsAcrossDaysInOrder) {
  Append(2, kNow - absl::Hours(24));
  Append(2, kNow);
  Append(2, kNow - absl::Hours(23));  // a replica whose clock is late
  Append(2, kNow + absl::Hours(24));

  EXPECT_THAT(Positions(0), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
}

TEST_F(EventLogTest, SaysWhenThePositionIsBeyondTheHead) {
  Append(2);

  for (const int64_t after : {int64_t{3}, std::numeric_limits<int64_t>::max()}) {
    const absl::Status status = ReadError(after);
    EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange) << status;
    EXPECT_EQ(ErrorReason(status), "POSITION_BEYOND_HEAD");
    EXPECT_THAT(ErrorMetadata(status, "head"), Optional(Eq("2")));
  }
}

TEST_F(EventLogTest, SaysWhenRetentionHasDroppedWhatFollows) {
  Append(2, kNow - absl::Hours(24));
  Append(2, kNow);
  // By now the first day is past its retention, and the second is not.
  const absl::Time later = kNow;
  ASSERT_EQ(pg::MaintainPartitions(pool_, EventTable(absl::ZeroDuration()), later, 2, Deadline()),
            absl::OkStatus());

  for (int64_t after : {0, 1}) {
    const absl::Status status = ReadError(after);
    EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange);
    EXPECT_EQ(ErrorReason(status), "POSITION_NOT_KEPT");
    EXPECT_THAT(ErrorMetadata(status, "first_kept_position"), Optional(Eq("3")));
  }
  EXPECT_THAT(Positions(2), ElementsAre(3, 4));
}

TEST_F(EventLogTest, SaysWhereTheLogBeginsWhenAllIsDropped) {
  Append(2);
  postgres_->Run(database_, "TRUNCATE events");

  const absl::Status status = ReadError(0);

  EXPECT_EQ(ErrorReason(status), "POSITION_NOT_KEPT");
  EXPECT_THAT(ErrorMetadata(status, "first_kept_position"), Optional(Eq("3")));
  EXPECT_THAT(Positions(2), IsEmpty());
}

TEST_F(EventLogTest, RefusesAnUnknownLogPartition) {
  EXPECT_EQ(log_.Read(16, 0, ReadLimits(), Deadline()).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(EventLogTest, ListsEveryHead) {
  Append(3);

  const auto heads = log_.Heads(Deadline());

  ASSERT_TRUE(heads.ok()) << heads.status();
  ASSERT_THAT(*heads, SizeIs(16));
  for (int32_t i = 0; i < 16; ++i) {
    EXPECT_EQ(heads->at(i).log_partition, i);
    EXPECT_EQ(heads->at(i).position, i == partition_ ? 3 : 0);
    EXPECT_EQ(heads->at(i).accept_time.has_value(), i == partition_);
  }
}

}  // namespace
}  // namespace crier::ingest::storage
