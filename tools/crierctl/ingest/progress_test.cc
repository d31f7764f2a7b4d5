#include "tools/crierctl/ingest/progress.h"

#include <sstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::crierctl {
namespace {

using ::testing::HasSubstr;

TEST(RenderProgress, ShowsABarWhenTheTotalIsKnown) {
  const ProgressState state = {.records = 12345, .failed = 0, .bytes = 500, .total_bytes = 1000};

  EXPECT_EQ(RenderProgress(state, absl::Seconds(5)),
            "[###############...............]  50%  12,345 records  2,469/s");
}

TEST(RenderProgress, CountsWhenTheTotalIsUnknown) {
  const ProgressState state = {.records = 10, .failed = 2, .bytes = 1, .total_bytes = {}};

  EXPECT_EQ(RenderProgress(state, absl::Seconds(2)), "10 records  5/s  2 failed");
}

TEST(RenderProgress, HoldsAtItsEnds) {
  const ProgressState over = {.records = 1, .failed = 0, .bytes = 11, .total_bytes = 10};
  const ProgressState empty = {.records = 0, .failed = 0, .bytes = 0, .total_bytes = 0};

  EXPECT_THAT(RenderProgress(over, absl::ZeroDuration()), HasSubstr("100%"));
  EXPECT_THAT(RenderProgress(empty, absl::ZeroDuration()), HasSubstr("100%  0 records"));
}

TEST(ProgressLine, KeepsQuietForShortWorkThenRedrawsInPlace) {
  std::ostringstream err;
  FakeClock clock(absl::UnixEpoch());
  ProgressLine line(err, true, clock);

  clock.Advance(absl::Milliseconds(499));
  line.Update({.records = 1, .failed = 0, .bytes = 0, .total_bytes = {}});
  EXPECT_EQ(err.str(), "");

  clock.Advance(absl::Milliseconds(501));
  line.Update({.records = 2, .failed = 0, .bytes = 0, .total_bytes = {}});
  line.Update({.records = 3, .failed = 0, .bytes = 0, .total_bytes = {}});  // too soon
  EXPECT_EQ(err.str(), "\r\x1b[K2 records  2/s");

  line.Clear();
  line.Clear();
  EXPECT_EQ(err.str(), "\r\x1b[K2 records  2/s\r\x1b[K");
}

TEST(ProgressLine, DrawsNothingWhereThereIsNoTerminal) {
  std::ostringstream err;
  FakeClock clock(absl::UnixEpoch());
  ProgressLine line(err, false, clock);

  clock.Advance(absl::Seconds(10));
  line.Update({.records = 2, .failed = 0, .bytes = 0, .total_bytes = {}});
  line.Clear();

  EXPECT_EQ(err.str(), "");
}

}  // namespace
}  // namespace crier::crierctl
