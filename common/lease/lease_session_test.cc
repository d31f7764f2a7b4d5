#include "common/lease/lease_session.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/lease/fake_lease_store.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::lease {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A store whose heartbeats take time.
class SlowStore : public LeaseStore {
 public:
  SlowStore(LeaseStore& store, FakeClock& clock) : store_(store), clock_(clock) {}

  absl::StatusOr<HeartbeatResult> Heartbeat(absl::string_view owner, absl::Duration duration,
                                            const std::vector<Lease>& finished) override {
    clock_.Advance(before_);
    auto result = store_.Heartbeat(owner, duration, finished);
    clock_.Advance(after_);
    return result;
  }
  absl::Status Release(absl::string_view owner) override { return store_.Release(owner); }

  void Take(absl::Duration before, absl::Duration after) {
    before_ = before;
    after_ = after;
  }

 private:
  LeaseStore& store_;
  FakeClock& clock_;
  absl::Duration before_ = absl::ZeroDuration();
  absl::Duration after_ = absl::ZeroDuration();
};

class LeaseSessionTest : public testing::Test {
 protected:
  static constexpr absl::Duration kDuration = absl::Seconds(5);
  static constexpr absl::Duration kHeartbeat = absl::Seconds(1);

  LeaseSession NewSession() {
    return LeaseSession(slow_, clock_, {"me", kDuration, kHeartbeat},
                        {[this](const Lease& lease) { Note("+", lease); },
                         [this](const Lease& lease) { Note("-", lease); }});
  }

  void Note(const char* what, const Lease& lease) {
    calls_.push_back(absl::StrCat(what, lease.slot, "@", lease.epoch));
  }

  // What was told since the last time.
  std::vector<std::string> Calls() { return std::exchange(calls_, {}); }

  FakeClock clock_{absl::UnixEpoch()};
  FakeLeaseStore store_{2, clock_};
  SlowStore slow_{store_, clock_};
  std::vector<std::string> calls_;
};

TEST_F(LeaseSessionTest, TellsWhatWasGainedOnce) {
  LeaseSession session = NewSession();
  EXPECT_EQ(session.Tick(), kHeartbeat);
  EXPECT_THAT(Calls(), ElementsAre("+0@1", "+1@1"));

  clock_.Advance(kHeartbeat);
  session.Tick();

  EXPECT_THAT(Calls(), IsEmpty());
}

TEST_F(LeaseSessionTest, LosesWhatANewOwnerShallHave) {
  LeaseSession session = NewSession();
  session.Tick();
  Calls();
  ASSERT_TRUE(store_.Heartbeat("newcomer", kDuration, {}).ok());

  session.Tick();

  EXPECT_THAT(Calls(), ElementsAre("-1@1"));
}

TEST_F(LeaseSessionTest, WhatIsInUseStaysUntilItIsNot) {
  bool in_use = true;
  std::vector<Lease> asked;
  LeaseSession session(store_, clock_, {"me", kDuration, kHeartbeat},
                       {[](const Lease&) {}, [](const Lease&) {},
                        [&](const Lease& lease) {
                          asked.push_back(lease);
                          return in_use;
                        }});
  session.Tick();
  ASSERT_TRUE(store_.Heartbeat("newcomer", kDuration, {}).ok());

  EXPECT_EQ(session.Tick(), absl::Milliseconds(100)) << "looks again soon";
  EXPECT_EQ(session.Tick(), absl::Milliseconds(100));
  EXPECT_THAT(asked, ElementsAre(Lease{1, 1}));
  EXPECT_THAT(store_.Heartbeat("newcomer", kDuration, {})->held, IsEmpty());

  in_use = false;
  EXPECT_EQ(session.Tick(), kHeartbeat);
  EXPECT_THAT(store_.Heartbeat("newcomer", kDuration, {})->held, ElementsAre(Lease{1, 2}));
}

TEST_F(LeaseSessionTest, WhatIsInUseForLongerThanItsLeaseIsLetGo) {
  int asked = 0;
  LeaseSession session(store_, clock_, {"me", kDuration, kHeartbeat},
                       {[](const Lease&) {}, [](const Lease&) {},
                        [&](const Lease&) {
                          ++asked;
                          return true;
                        }});
  session.Tick();
  ASSERT_TRUE(store_.Heartbeat("newcomer", kDuration, {}).ok());
  session.Tick();
  clock_.Advance(kDuration / 2);
  ASSERT_TRUE(store_.Heartbeat("newcomer", kDuration, {}).ok());
  session.Tick();
  clock_.Advance(kDuration / 2);
  asked = 0;

  EXPECT_EQ(session.Tick(), kHeartbeat);

  EXPECT_EQ(asked, 0);
  EXPECT_THAT(store_.Heartbeat("newcomer", kDuration, {})->held, ElementsAre(Lease{1, 2}));
}

TEST_F(LeaseSessionTest, TellsAgainWhatIsFinishedWhenTheStoreDidNotHear) {
  LeaseSession session = NewSession();
  session.Tick();
  ASSERT_TRUE(store_.Heartbeat("newcomer", kDuration, {}).ok());
  session.Tick();
  store_.FailWith(absl::UnavailableError("away"));
  session.Tick();
  store_.FailWith(absl::OkStatus());

  session.Tick();

  EXPECT_THAT(store_.Heartbeat("newcomer", kDuration, {})->held, ElementsAre(Lease{1, 2}));
}

TEST_F(LeaseSessionTest, TellsTheLossBeforeTheGainOfTheSameSlot) {
  LeaseSession session = NewSession();
  session.Tick();
  Calls();
  // Somebody else releases in our name; the slots come back with new epochs.
  ASSERT_TRUE(store_.Release("me").ok());

  session.Tick();

  EXPECT_THAT(Calls(), ElementsAre("-0@1", "-1@1", "+0@2", "+1@2"));
}

TEST_F(LeaseSessionTest, HoldsOnWhileTheStoreIsAwayUntilTheLeasesRunOut) {
  LeaseSession session = NewSession();
  session.Tick();
  Calls();
  store_.FailWith(absl::UnavailableError("away"));

  clock_.Advance(absl::Seconds(4.5));
  EXPECT_EQ(session.Tick(), absl::Seconds(0.5)) << "wakes when the leases run out";
  EXPECT_THAT(Calls(), IsEmpty());

  clock_.Advance(absl::Seconds(0.5));
  EXPECT_EQ(session.Tick(), kHeartbeat);
  EXPECT_THAT(Calls(), ElementsAre("-0@1", "-1@1"));
}

TEST_F(LeaseSessionTest, WhatWasLostHereComesBackWithANewEpoch) {
  LeaseSession session = NewSession();
  session.Tick();
  // The store's time stands still while ours goes on, so there the leases still live.
  FakeClock fast(absl::UnixEpoch());
  LeaseSession hasty(store_, fast, {"hasty", kDuration, kHeartbeat},
                     {[this](const Lease& lease) { Note("+", lease); },
                      [this](const Lease& lease) { Note("-", lease); }});
  session.Stop();
  Calls();
  hasty.Tick();
  EXPECT_THAT(Calls(), ElementsAre("+0@2", "+1@2"));
  fast.Advance(kDuration);

  hasty.Tick();

  EXPECT_THAT(Calls(), ElementsAre("-0@2", "-1@2", "+0@3", "+1@3"));
}

TEST_F(LeaseSessionTest, DoesNotTrustAnAnswerThatTookTooLong) {
  LeaseSession session = NewSession();
  slow_.Take(absl::ZeroDuration(), kDuration);
  session.Tick();
  EXPECT_THAT(Calls(), IsEmpty());

  slow_.Take(absl::ZeroDuration(), absl::ZeroDuration());
  session.Tick();
  EXPECT_THAT(Calls(), ElementsAre("+0@2", "+1@2"));
}

TEST_F(LeaseSessionTest, CountsFromBeforeTheHeartbeat) {
  LeaseSession session = NewSession();
  slow_.Take(absl::Seconds(2), absl::Seconds(1));
  session.Tick();
  Calls();
  slow_.Take(absl::ZeroDuration(), absl::ZeroDuration());
  store_.FailWith(absl::UnavailableError("away"));

  clock_.Advance(absl::Seconds(2) - absl::Microseconds(1));
  EXPECT_EQ(session.Tick(), absl::Microseconds(1)) << "left of five seconds since the call began";
  EXPECT_THAT(Calls(), IsEmpty());
  clock_.Advance(absl::Microseconds(1));
  session.Tick();
  EXPECT_THAT(Calls(), ElementsAre("-0@1", "-1@1"));
}

TEST_F(LeaseSessionTest, LosesLeasesThatRanOutDuringAHeartbeat) {
  LeaseSession session = NewSession();
  session.Tick();
  Calls();
  clock_.Advance(absl::Seconds(3));
  slow_.Take(absl::Seconds(1), absl::Seconds(1));

  session.Tick();
  EXPECT_THAT(Calls(), ElementsAre("-0@1", "-1@1"));

  session.Tick();
  EXPECT_THAT(Calls(), ElementsAre("+0@2", "+1@2"));
}

TEST_F(LeaseSessionTest, AStepOfTheWallClockMeansNothing) {
  LeaseSession session = NewSession();
  session.Tick();
  Calls();
  store_.FailWith(absl::UnavailableError("away"));  // so that nothing is renewed

  clock_.Step(absl::Hours(24));
  session.Tick();
  clock_.Step(-absl::Hours(48));
  session.Tick();

  EXPECT_THAT(Calls(), IsEmpty());
}

TEST_F(LeaseSessionTest, StopLosesEverythingAndGivesItBack) {
  LeaseSession session = NewSession();
  session.Tick();
  Calls();

  session.Stop();

  EXPECT_THAT(Calls(), ElementsAre("-0@1", "-1@1"));
  EXPECT_EQ(store_.Heartbeat("other", kDuration, {})->held.size(), 2);
}

TEST_F(LeaseSessionTest, StopWithoutAStoreStillTellsTheLoss) {
  LeaseSession session = NewSession();
  session.Tick();
  Calls();
  store_.FailWith(absl::UnavailableError("away"));

  session.Stop();

  EXPECT_THAT(Calls(), ElementsAre("-0@1", "-1@1"));
}

}  // namespace
}  // namespace crier::lease
