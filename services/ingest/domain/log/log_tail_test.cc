#include "services/ingest/domain/log/log_tail.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::ingest {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class FakeReader : public LogTail::Reader {
 public:
  void OnWake(absl::Status status) override { wakes.push_back(status); }

  std::vector<absl::Status> wakes;
};

TEST(LogTail, WakesAReaderOnceWhenThereIsMore) {
  LogTail tail;
  FakeReader reader;
  ASSERT_TRUE(tail.Await(&reader, 3, 10));

  tail.Advance(3, 10);  // nothing new
  tail.Advance(4, 99);  // another partition
  EXPECT_THAT(reader.wakes, IsEmpty());

  tail.Advance(3, 11);
  tail.Advance(3, 12);
  EXPECT_THAT(reader.wakes, ElementsAre(absl::OkStatus()));
}

TEST(LogTail, DoesNotRegisterAReaderThatIsBehind) {
  LogTail tail;
  FakeReader reader;
  tail.Advance(0, 5);
  tail.Advance(0, 4);  // late news

  EXPECT_FALSE(tail.Await(&reader, 0, 4));
  EXPECT_TRUE(tail.Await(&reader, 0, 5));
}

TEST(LogTail, TellsHowFarItKnowsTheLog) {
  LogTail tail;
  tail.Advance(3, 5);
  tail.Advance(3, 4);  // late news

  EXPECT_EQ(tail.Head(3), 5);
  EXPECT_EQ(tail.Head(4), 0);
}

TEST(LogTail, ForgetsACancelledReader) {
  LogTail tail;
  FakeReader reader;
  ASSERT_TRUE(tail.Await(&reader, 0, 0));

  EXPECT_TRUE(tail.Cancel(&reader));
  EXPECT_FALSE(tail.Cancel(&reader));
  tail.Advance(0, 1);
  EXPECT_THAT(reader.wakes, IsEmpty());
}

TEST(LogTail, WakesAllWithAFailureAndLetsThemWaitAgain) {
  LogTail tail;
  FakeReader one, other;
  ASSERT_TRUE(tail.Await(&one, 0, 0));
  ASSERT_TRUE(tail.Await(&other, 1, 0));
  const absl::Status failure = absl::UnavailableError("away");

  tail.WakeAll(failure);

  EXPECT_THAT(one.wakes, ElementsAre(failure));
  EXPECT_THAT(other.wakes, ElementsAre(failure));
  EXPECT_TRUE(tail.status().ok());
  EXPECT_TRUE(tail.Await(&one, 0, 0));
}

TEST(LogTail, LetsNobodyWaitOnceClosed) {
  LogTail tail;
  FakeReader waiting, late;
  ASSERT_TRUE(tail.Await(&waiting, 0, 0));
  const absl::Status draining = absl::UnavailableError("draining");

  tail.Close(draining);

  EXPECT_THAT(waiting.wakes, ElementsAre(draining));
  EXPECT_EQ(tail.status(), draining);
  EXPECT_FALSE(tail.Await(&late, 0, 0));
}

}  // namespace
}  // namespace crier::ingest
