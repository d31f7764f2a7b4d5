#include "common/lease/lease_keeper.h"

#include <vector>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "common/lease/fake_lease_store.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::lease {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Says when it has had a number of heartbeats.
class CountingStore : public FakeLeaseStore {
 public:
  CountingStore(const Clock& clock, int heartbeats)
      : FakeLeaseStore(1, clock), awaited_(heartbeats) {}

  absl::StatusOr<HeartbeatResult> Heartbeat(absl::string_view owner, absl::Duration duration,
                                            const std::vector<Lease>& finished) override {
    auto result = FakeLeaseStore::Heartbeat(owner, duration, finished);
    if (heartbeats() == awaited_) reached_.Notify();
    return result;
  }

  absl::Notification reached_;

 private:
  const int awaited_;
};

TEST(LeaseKeeperTest, GainsAtOnceAndGivesBackWhenItStops) {
  FakeClock clock(absl::UnixEpoch());
  FakeLeaseStore store(2, clock);
  absl::BlockingCounter gained(2);
  std::vector<Lease> lost;
  // A heartbeat that never comes by itself: only Start and Stop move things.
  LeaseKeeper keeper(store, clock, {"me", absl::Hours(2), absl::Hours(1)},
                     {[&](const Lease&) { gained.DecrementCount(); },
                      [&](const Lease& lease) { lost.push_back(lease); }});

  keeper.Start();
  gained.Wait();
  keeper.Stop();

  EXPECT_THAT(lost, ElementsAre(Lease{0, 1}, Lease{1, 1}));
  EXPECT_EQ(store.Heartbeat("other", absl::Hours(2), {})->held.size(), 2);
  keeper.Stop();
  EXPECT_EQ(lost.size(), 2) << "the second Stop does nothing";
}

TEST(LeaseKeeperTest, HeartbeatsAgainAndAgain) {
  FakeClock clock(absl::UnixEpoch());
  CountingStore store(clock, /*heartbeats=*/5);
  std::vector<Lease> gained;
  LeaseKeeper keeper(store, clock, {"me", absl::Seconds(5), absl::Milliseconds(1)},
                     {[&](const Lease& lease) { gained.push_back(lease); }, [](const Lease&) {}});

  keeper.Start();
  store.reached_.WaitForNotification();
  keeper.Stop();

  EXPECT_THAT(gained, ElementsAre(Lease{0, 1}));
}

TEST(LeaseKeeperTest, HeartbeatsSoonWhenTold) {
  FakeClock clock(absl::UnixEpoch());
  CountingStore store(clock, /*heartbeats=*/2);
  absl::Notification gained;
  // A second heartbeat that never comes by itself.
  LeaseKeeper keeper(store, clock, {"me", absl::Hours(2), absl::Hours(1)},
                     {[&](const Lease&) { gained.Notify(); }, [](const Lease&) {}});
  keeper.Start();
  gained.WaitForNotification();

  keeper.HeartbeatSoon();

  store.reached_.WaitForNotification();
}

TEST(LeaseKeeperTest, MayStopWithoutHavingStarted) {
  FakeClock clock(absl::UnixEpoch());
  FakeLeaseStore store(2, clock);
  std::vector<Lease> calls;
  const auto note = [&](const Lease& lease) { calls.push_back(lease); };
  { LeaseKeeper keeper(store, clock, {"me"}, {note, note}); }
  EXPECT_THAT(calls, IsEmpty());
  EXPECT_EQ(store.heartbeats(), 0);
}

}  // namespace
}  // namespace crier::lease
