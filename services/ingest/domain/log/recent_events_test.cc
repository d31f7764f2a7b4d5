#include "services/ingest/domain/log/recent_events.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::ingest {
namespace {

using testing::ElementsAre;
using testing::Optional;
using testing::SizeIs;

class RecentEventsTest : public testing::Test {
 protected:
  static LoggedEvent At(int32_t log_partition, int64_t position, std::string bytes = {}) {
    LoggedEvent event;
    event.log_partition = log_partition;
    event.position = position;
    event.bytes = bytes.empty() ? absl::StrCat(log_partition, ":", position) : bytes;
    return event;
  }

  // The events after a position, or nothing when they are not all held.
  std::optional<std::vector<std::string>> Read(int32_t log_partition, int64_t after,
                                               const ReadLimits& limits = {}) {
    std::optional<LogRead> read = recent_.Read(log_partition, after, limits);
    if (!read) return std::nullopt;
    head_ = read->head;
    return read->events;
  }

  FakeClock clock_{absl::FromUnixSeconds(1700000000)};
  RecentEvents recent_{clock_};
  int64_t head_ = 0;
};

TEST_F(RecentEventsTest, GivesWhatWasCommittedAfterAPosition) {
  recent_.Add({At(0, 1), At(3, 7), At(0, 2), At(0, 3)});

  EXPECT_THAT(Read(0, 0), Optional(ElementsAre("0:1", "0:2", "0:3")));
  EXPECT_THAT(Read(0, 2), Optional(ElementsAre("0:3")));
  EXPECT_EQ(head_, 3);
  EXPECT_THAT(Read(3, 6), Optional(ElementsAre("3:7")));
}

TEST_F(RecentEventsTest, LeavesToTheStoreWhatItDoesNotHold) {
  recent_.Add({At(0, 5), At(0, 6)});

  EXPECT_EQ(Read(0, 3), std::nullopt) << "begins before what is held";
  EXPECT_EQ(Read(0, 6), std::nullopt) << "others may have committed more";
  EXPECT_EQ(Read(0, 9), std::nullopt) << "beyond the head, as far as is known here";
  EXPECT_EQ(Read(1, 0), std::nullopt) << "a log partition that nothing is known of";
}

TEST_F(RecentEventsTest, HoldsNothingBeforeAGap) {
  recent_.Add({At(0, 1), At(0, 2)});
  recent_.Add({At(0, 4)});  // another replica has committed 3

  EXPECT_EQ(Read(0, 1), std::nullopt);
  EXPECT_EQ(Read(0, 2), std::nullopt);
  EXPECT_THAT(Read(0, 3), Optional(ElementsAre("0:4")));
}

TEST_F(RecentEventsTest, IgnoresTheEarlierOfTwoCommitsThatComesLater) {
  recent_.Add({At(0, 3), At(0, 4)});
  recent_.Add({At(0, 1), At(0, 2)});

  EXPECT_EQ(Read(0, 0), std::nullopt);
  EXPECT_THAT(Read(0, 2), Optional(ElementsAre("0:3", "0:4")));
}

TEST_F(RecentEventsTest, ReadsInFrames) {
  recent_.Add({At(0, 1, "12345"), At(0, 2, "12345"), At(0, 3, "12345")});

  EXPECT_THAT(Read(0, 0, {.max_events = 2}), Optional(SizeIs(2)));
  EXPECT_EQ(head_, 3) << "there is more";
  EXPECT_THAT(Read(0, 0, {.max_bytes = 10}), Optional(SizeIs(2)));
  EXPECT_THAT(Read(0, 0, {.max_bytes = 3}), Optional(SizeIs(1))) << "larger than the limit: alone";
}

TEST_F(RecentEventsTest, ForgetsWhatIsNotRecent) {
  recent_.Add({At(0, 1)});
  clock_.Advance(RecentEvents::kMaxAge);
  recent_.Add({At(0, 2)});
  EXPECT_THAT(Read(0, 0), Optional(SizeIs(2)));

  clock_.Advance(absl::Microseconds(1));

  EXPECT_EQ(Read(0, 0), std::nullopt);
  EXPECT_THAT(Read(0, 1), Optional(ElementsAre("0:2")));
}

TEST_F(RecentEventsTest, HoldsOnlySoMuchOfALogPartition) {
  const std::string half(RecentEvents::kMaxBytesOfPartition / 2, 'x');
  recent_.Add({At(0, 1, half), At(0, 2, half), At(0, 3, half), At(1, 1)});

  EXPECT_EQ(Read(0, 0), std::nullopt);
  EXPECT_THAT(Read(0, 1), Optional(SizeIs(2)));
  EXPECT_THAT(Read(1, 0), Optional(SizeIs(1)));
}

TEST_F(RecentEventsTest, ForgetsAll) {
  recent_.Add({At(0, 1), At(0, 2)});
  recent_.Clear();
  recent_.Add({At(0, 3)});

  EXPECT_EQ(Read(0, 0), std::nullopt);
  EXPECT_THAT(Read(0, 2), Optional(ElementsAre("0:3")));
}

}  // namespace
}  // namespace crier::ingest
