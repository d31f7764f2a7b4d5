#include "common/base/message_id.h"

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "gtest/gtest.h"

namespace crier {
namespace {

const absl::Time kNow = absl::FromUnixMillis(1'700'000'000'123);

std::vector<MessageId> Make(MessageIdGenerator& generator, int count) {
  std::vector<MessageId> ids;
  for (int i = 0; i < count; ++i) ids.push_back(generator.Next());
  return ids;
}

TEST(MessageIdTest, FormsAreFixed) {
  const auto id = MessageId::FromUuid("018bcfe5-687b-7123-8abc-0123456789ab");
  ASSERT_TRUE(id.ok()) << id.status();
  EXPECT_EQ(id->ToString(), "msg_01hf7yat3ve4hrnf014d2pf2db");
  EXPECT_EQ(id->ToUuid(), "018bcfe5-687b-7123-8abc-0123456789ab");
  EXPECT_EQ(id->time(), kNow);
}

TEST(MessageIdTest, ExtremesRoundTrip) {
  for (const std::string uuid :
       {"00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"}) {
    const auto id = MessageId::FromUuid(uuid);
    ASSERT_TRUE(id.ok()) << id.status();
    const auto again = MessageId::FromString(id->ToString());
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->ToUuid(), uuid);
  }
}

TEST(MessageIdTest, FromStringIsStrict) {
  const std::string good = "msg_01hf7yat3ve4hrnf014d2pf2db";
  ASSERT_TRUE(MessageId::FromString(good).ok());
  for (const std::string& bad :
       {std::string(), good.substr(4), good + "0", good.substr(0, good.size() - 1), " " + good,
        absl::AsciiStrToUpper(good), "msg_" + absl::AsciiStrToUpper(good.substr(4)),
        std::string("msg_81hf7yat3ve4hrnf014d2pf2db"),  // more than 128 bits
        std::string("msg_01hf7yat3ve4hrnf014d2pf2du"),  // u is no digit
        std::string("msg_01hf7yat3ve4hrnf014d2pf2dl"),  // nor is l
        std::string("msg_01hf7yat3ve4hrnf014d2pf.db")}) {
    EXPECT_EQ(MessageId::FromString(bad).status().code(), absl::StatusCode::kInvalidArgument)
        << bad;
  }
}

TEST(MessageIdTest, FromUuidIsStrict) {
  for (const std::string bad :
       {"", "018bcfe5687b71238abc0123456789ab", "018bcfe5-687b-7123-8abc-0123456789ag",
        "018bcfe5-687b-7123-8abc0-123456789ab", "{18bcfe5-687b-7123-8abc-0123456789a}"}) {
    EXPECT_EQ(MessageId::FromUuid(bad).status().code(), absl::StatusCode::kInvalidArgument) << bad;
  }
}

TEST(MessageIdGeneratorTest, MakesUuidsOfVersion7) {
  FakeClock clock(kNow);
  MessageIdGenerator generator(clock);

  const MessageId id = generator.Next();

  EXPECT_EQ(id.time(), kNow);
  EXPECT_EQ(id.ToUuid()[14], '7');
  EXPECT_NE(std::string("89ab").find(id.ToUuid()[19]), std::string::npos);
}

TEST(MessageIdGeneratorTest, IdsAscendWithinOneMillisecondInEveryForm) {
  FakeClock clock(kNow);
  MessageIdGenerator generator(clock);

  const std::vector<MessageId> ids = Make(generator, 1000);

  for (size_t i = 1; i < ids.size(); ++i) {
    ASSERT_LT(ids[i - 1], ids[i]);
    ASSERT_LT(ids[i - 1].ToString(), ids[i].ToString());
    ASSERT_LT(ids[i - 1].ToUuid(), ids[i].ToUuid());
  }
}

TEST(MessageIdGeneratorTest, IdsAscendWhenTheClockIsCorrected) {
  FakeClock clock(kNow);
  MessageIdGenerator generator(clock);
  const MessageId before = generator.Next();

  clock.Step(-absl::Milliseconds(500));
  const MessageId corrected = generator.Next();
  clock.Step(absl::Seconds(1));
  const MessageId after = generator.Next();

  EXPECT_LT(before, corrected);
  EXPECT_LT(corrected, after);
  EXPECT_EQ(corrected.time(), kNow);
  EXPECT_EQ(after.time(), kNow + absl::Milliseconds(500));
}

TEST(MessageIdGeneratorTest, IdsFollowAClockThatWasAheadForAWhile) {
  FakeClock clock(kNow);
  MessageIdGenerator generator(clock);
  clock.Step(absl::Hours(24 * 365));
  ASSERT_EQ(generator.Next().time(), clock.Now());

  clock.Step(-absl::Hours(24 * 365));
  const std::vector<MessageId> ids = Make(generator, 2);

  EXPECT_EQ(ids[0].time(), kNow);
  EXPECT_LT(ids[0], ids[1]);
}

TEST(MessageIdGeneratorTest, GeneratorsOfTheSameMomentDiffer) {
  FakeClock clock(kNow);
  MessageIdGenerator a(clock);
  MessageIdGenerator b(clock);

  absl::flat_hash_set<MessageId> seen;
  for (const MessageId& id : Make(a, 100)) EXPECT_TRUE(seen.insert(id).second);
  for (const MessageId& id : Make(b, 100)) EXPECT_TRUE(seen.insert(id).second);
}

TEST(MessageIdGeneratorTest, ThreadsShareAGenerator) {
  MessageIdGenerator generator(SystemClock());
  std::vector<MessageId> of_a, of_b;

  std::thread a([&] { of_a = Make(generator, 1000); });
  std::thread b([&] { of_b = Make(generator, 1000); });
  a.join();
  b.join();

  absl::flat_hash_set<MessageId> seen(of_a.begin(), of_a.end());
  seen.insert(of_b.begin(), of_b.end());
  EXPECT_EQ(seen.size(), 2000u);
  EXPECT_TRUE(std::is_sorted(of_a.begin(), of_a.end()));
  EXPECT_TRUE(std::is_sorted(of_b.begin(), of_b.end()));
}

TEST(MessageIdTest, FirstAtSeparatesMoments) {
  FakeClock clock(kNow);
  MessageIdGenerator generator(clock);
  const MessageId before = generator.Next();
  clock.Advance(absl::Milliseconds(1));
  const MessageId after = generator.Next();

  const MessageId first = MessageId::FirstAt(clock.Now());

  EXPECT_LT(before, first);
  EXPECT_FALSE(after < first);
  EXPECT_EQ(first.ToUuid(), "018bcfe5-687c-7000-8000-000000000000");
}

TEST(MessageIdTest, FirstAtHoldsAtTheEndsOfTime) {
  EXPECT_EQ(MessageId::FirstAt(absl::InfinitePast()).ToUuid(),
            "00000000-0000-7000-8000-000000000000");
  EXPECT_EQ(MessageId::FirstAt(absl::InfiniteFuture()).ToUuid(),
            "ffffffff-ffff-7000-8000-000000000000");
}

}  // namespace
}  // namespace crier
