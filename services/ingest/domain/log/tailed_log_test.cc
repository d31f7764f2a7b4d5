#include "services/ingest/domain/log/tailed_log.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::ingest {
namespace {

using testing::ElementsAre;

// With events of log partition 0 in memory.
class TailedTest : public testing::Test {
 protected:
  static LoggedEvent At(int64_t position) {
    LoggedEvent event;
    event.position = position;
    event.bytes = absl::StrCat("recent ", position);
    return event;
  }

  bool Remembers(int64_t position) { return recent_.Read(0, position - 1, {}).has_value(); }

  FakeClock clock_{absl::FromUnixSeconds(1700000000)};
  RecentEvents recent_{clock_};
};

// What the store of a test holds: one event, as long as it was not erased.
class OneEventLog : public EventLog {
 public:
  absl::StatusOr<LogRead> Read(int32_t, int64_t, const ReadLimits&, absl::Time) override {
    return LogRead{{"stored"}, 1};
  }
  absl::StatusOr<std::vector<LogHead>> Heads(absl::Time) override {
    return std::vector<LogHead>{{0, 1}};
  }
};

class TailedEventLogTest : public TailedTest {
 protected:
  std::vector<std::string> ReadLog() {
    const auto read = log_.Read(0, 0, ReadLimits(), absl::InfiniteFuture());
    return read.ok() ? read->events : std::vector<std::string>();
  }

  OneEventLog stored_;
  LogTail tail_;
  TailedEventLog log_{stored_, recent_, tail_};
};

TEST_F(TailedEventLogTest, ReadsFromMemoryAndOtherwiseFromTheStore) {
  EXPECT_THAT(ReadLog(), ElementsAre("stored"));

  recent_.Add({At(1)});
  tail_.Advance(0, 1);

  EXPECT_THAT(ReadLog(), ElementsAre("recent 1"));
}

TEST_F(TailedEventLogTest, AsksTheStoreOnceOthersHaveCommitted) {
  recent_.Add({At(1)});
  tail_.Advance(0, 2);  // which may have been an erasure

  EXPECT_THAT(ReadLog(), ElementsAre("stored"));
}

class FakeEraser : public Eraser {
 public:
  absl::Status EraseContact(int64_t, int64_t, absl::Time, absl::Time) override { return status; }
  absl::StatusOr<CommunityDeletion> BeginDeletion(int64_t, absl::Time, absl::Time) override {
    return CommunityDeletion();
  }
  absl::StatusOr<CommunityDeletion> GetDeletion(int64_t, absl::Time) override {
    return CommunityDeletion();
  }
  absl::StatusOr<bool> ContinueDeletions(absl::Time, absl::Time) override {
    if (!status.ok()) return status;
    return worked;
  }

  absl::Status status;
  bool worked = false;
};

class TailedEraserTest : public TailedTest {
 protected:
  absl::Status EraseContact() {
    return eraser_.EraseContact(1, 1, clock_.Now(), absl::InfiniteFuture());
  }

  absl::StatusOr<bool> ContinueDeletions() {
    return eraser_.ContinueDeletions(clock_.Now(), absl::InfiniteFuture());
  }

  FakeEraser stored_;
  TailedEraser eraser_{stored_, recent_};
};

TEST_F(TailedEraserTest, ForgetsWhatMayHaveBeenErased) {
  recent_.Add({At(1)});
  EXPECT_EQ(EraseContact(), absl::OkStatus());
  EXPECT_FALSE(Remembers(1));

  recent_.Add({At(2)});
  stored_.worked = true;
  EXPECT_EQ(ContinueDeletions().value_or(false), true);
  EXPECT_FALSE(Remembers(2));
}

TEST_F(TailedEraserTest, ForgetsAfterAFailureThatMayHaveComeLate) {
  stored_.status = absl::UnavailableError("the database is away");
  recent_.Add({At(1)});
  EXPECT_EQ(EraseContact(), stored_.status);
  EXPECT_FALSE(Remembers(1));

  recent_.Add({At(2)});
  EXPECT_EQ(ContinueDeletions().status(), stored_.status);
  EXPECT_FALSE(Remembers(2));
}

TEST_F(TailedEraserTest, KeepsAllWhenNothingWasErased) {
  recent_.Add({At(1)});

  EXPECT_EQ(ContinueDeletions().value_or(true), false);

  EXPECT_TRUE(Remembers(1));
}

}  // namespace
}  // namespace crier::ingest
