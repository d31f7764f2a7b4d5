// What every LeaseStore does; instantiated by the tests of each implementation:
//
//   INSTANTIATE_TYPED_TEST_SUITE_P(Fake, LeaseStoreConformance, FakeLeaseStoreFixture);
//
// where the fixture has, default-constructible:
//
//   LeaseStore& store();                 // with kConformanceSlots slots, all free
//   void Advance(absl::Duration time);   // lets the store's time go on
#ifndef CRIER_COMMON_LEASE_LEASE_STORE_CONFORMANCE_H_
#define CRIER_COMMON_LEASE_LEASE_STORE_CONFORMANCE_H_

#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/lease/lease_store.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::lease {

inline constexpr int kConformanceSlots = 8;

template <typename Fixture>
class LeaseStoreConformance : public testing::Test {
 protected:
  static constexpr absl::Duration kDuration = absl::Seconds(10);

  HeartbeatResult Heartbeat(const std::string& owner, const std::vector<Lease>& finished = {}) {
    absl::StatusOr<HeartbeatResult> result = fixture_.store().Heartbeat(owner, kDuration, finished);
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? *result : HeartbeatResult{};
  }

  std::vector<Lease> Held(const std::string& owner, const std::vector<Lease>& finished = {}) {
    return Heartbeat(owner, finished).held;
  }

  // Whatever may have been given back: for owners with nothing under way.
  static std::vector<Lease> Everything() {
    std::vector<Lease> everything;
    for (int32_t slot = 0; slot < kConformanceSlots; ++slot) {
      for (int64_t epoch = 1; epoch < 100; ++epoch) everything.push_back({slot, epoch});
    }
    return everything;
  }

  // Heartbeats of all owners in turn, as many as it takes for slots to find their new owners.
  void Settle(const std::vector<std::string>& owners) {
    for (int round = 0; round < 3; ++round) {
      for (const std::string& owner : owners) Heartbeat(owner, Everything());
    }
  }

  // Fails unless each slot has one owner among `owners`.
  void ExpectEachSlotHeldOnce(const std::vector<std::string>& owners) {
    std::map<int32_t, std::string> holders;
    for (const std::string& owner : owners) {
      for (const Lease& lease : Held(owner)) {
        EXPECT_TRUE(holders.emplace(lease.slot, owner).second) << lease;
      }
    }
    EXPECT_EQ(holders.size(), kConformanceSlots);
  }

  Fixture fixture_;
};

TYPED_TEST_SUITE_P(LeaseStoreConformance);

TYPED_TEST_P(LeaseStoreConformance, ALoneOwnerHoldsEverySlot) {
  const HeartbeatResult result = this->Heartbeat("a");
  EXPECT_EQ(result.live_owners, 1);
  ASSERT_EQ(result.held.size(), kConformanceSlots);
  for (int slot = 0; slot < kConformanceSlots; ++slot) EXPECT_EQ(result.held[slot].slot, slot);
}

TYPED_TEST_P(LeaseStoreConformance, ARenewalKeepsTheEpochs) {
  const std::vector<Lease> before = this->Held("a");
  this->fixture_.Advance(this->kDuration / 2);
  EXPECT_EQ(this->Held("a"), before);
  this->fixture_.Advance(this->kDuration * 3 / 4);  // beyond the end of the first lease
  EXPECT_EQ(this->Held("a"), before);
}

TYPED_TEST_P(LeaseStoreConformance, ANewOwnerGetsAHalfAfterItWasFinished) {
  const std::vector<Lease> before = this->Held("a");

  EXPECT_THAT(this->Held("b"), testing::IsEmpty()) << "nothing is free yet";
  const std::vector<Lease> kept = this->Held("a");
  EXPECT_EQ(kept.size(), kConformanceSlots / 2);
  EXPECT_EQ(this->Held("a"), kept);
  EXPECT_THAT(this->Held("b"), testing::IsEmpty()) << "what is in flight may be finished";
  EXPECT_EQ(this->Held("a", before), kept);
  const std::vector<Lease> moved = this->Held("b");

  EXPECT_EQ(moved.size(), kConformanceSlots / 2);
  for (const Lease& lease : moved) {
    EXPECT_GT(lease.epoch, before[lease.slot].epoch) << lease;
    EXPECT_THAT(kept, testing::Each(testing::Field(&Lease::slot, testing::Ne(lease.slot))));
  }
}

TYPED_TEST_P(LeaseStoreConformance, OnlyWhatIsNamedIsFinished) {
  const std::vector<Lease> before = this->Held("a");
  this->Held("b");
  this->Held("a");
  const Lease finished = before[6];
  const Lease of_an_earlier_epoch = {7, before[7].epoch - 1};
  const Lease of_nobody = {99, 1};

  this->Held("a", {finished, of_an_earlier_epoch, of_nobody});

  EXPECT_THAT(this->Held("b"), testing::ElementsAre(testing::Field(&Lease::slot, finished.slot)));
}

TYPED_TEST_P(LeaseStoreConformance, NobodyElseFinishesALease) {
  const std::vector<Lease> before = this->Held("a");
  this->Held("b");
  this->Held("a");
  EXPECT_THAT(this->Held("b", before), testing::IsEmpty());
}

TYPED_TEST_P(LeaseStoreConformance, WhatIsNeverFinishedLastsNoLongerThanItsLease) {
  this->Held("a");
  this->Held("b");
  const std::vector<Lease> kept = this->Held("a");
  this->fixture_.Advance(this->kDuration / 2);
  EXPECT_EQ(this->Held("a"), kept);
  EXPECT_THAT(this->Held("b"), testing::IsEmpty());
  this->fixture_.Advance(this->kDuration * 2 / 3);

  EXPECT_EQ(this->Held("b").size(), kConformanceSlots / 2);
  EXPECT_EQ(this->Held("a"), kept);
}

TYPED_TEST_P(LeaseStoreConformance, WhoRemainsTakesBackWhatHeHasFinished) {
  const std::vector<Lease> before = this->Held("a");
  this->Held("b");
  this->Held("a");
  ASSERT_TRUE(this->fixture_.store().Release("b").ok());

  const std::vector<Lease> after = this->Held("a", before);

  ASSERT_EQ(after.size(), kConformanceSlots);
  EXPECT_EQ(after[0], before[0]);
  EXPECT_GT(after[7].epoch, before[7].epoch);
}

TYPED_TEST_P(LeaseStoreConformance, SharesDifferByOneAtMost) {
  const std::vector<std::string> owners = {"a", "b", "c"};
  this->Settle(owners);
  for (const std::string& owner : owners) {
    const HeartbeatResult result = this->Heartbeat(owner);
    EXPECT_EQ(result.live_owners, 3);
    EXPECT_THAT(result.held.size(), testing::AnyOf(2, 3)) << owner;
  }
  this->ExpectEachSlotHeldOnce(owners);
}

TYPED_TEST_P(LeaseStoreConformance, MoreOwnersThanSlotsIsFine) {
  std::vector<std::string> owners;
  for (int i = 0; i < kConformanceSlots + 2; ++i) owners.push_back(absl::StrCat("owner ", i));
  this->Settle(owners);
  for (const std::string& owner : owners) {
    EXPECT_THAT(this->Held(owner).size(), testing::Le(1)) << owner;
  }
  this->ExpectEachSlotHeldOnce(owners);
}

TYPED_TEST_P(LeaseStoreConformance, AnOwnerThatFallsSilentIsReplaced) {
  this->Settle({"a", "b"});
  const std::vector<Lease> of_b = this->Held("b");
  this->fixture_.Advance(this->kDuration / 2);
  this->Heartbeat("a");
  this->fixture_.Advance(this->kDuration * 2 / 3);

  const HeartbeatResult result = this->Heartbeat("a");

  EXPECT_EQ(result.live_owners, 1);
  ASSERT_EQ(result.held.size(), kConformanceSlots);
  for (const Lease& lease : of_b) EXPECT_GT(result.held[lease.slot].epoch, lease.epoch);
}

TYPED_TEST_P(LeaseStoreConformance, AnExpiredLeaseComesBackWithANewEpoch) {
  const std::vector<Lease> before = this->Held("a");
  this->fixture_.Advance(this->kDuration * 2);

  const std::vector<Lease> after = this->Held("a");

  ASSERT_EQ(after.size(), before.size());
  for (size_t i = 0; i < after.size(); ++i) EXPECT_GT(after[i].epoch, before[i].epoch);
}

TYPED_TEST_P(LeaseStoreConformance, ReleaseFreesEverythingAtOnce) {
  this->Settle({"a", "b"});
  ASSERT_TRUE(this->fixture_.store().Release("b").ok());

  const HeartbeatResult result = this->Heartbeat("a");

  EXPECT_EQ(result.live_owners, 1);
  EXPECT_EQ(result.held.size(), kConformanceSlots);
}

TYPED_TEST_P(LeaseStoreConformance, ReleaseOfAStrangerChangesNothing) {
  const std::vector<Lease> before = this->Held("a");
  EXPECT_TRUE(this->fixture_.store().Release("stranger").ok());
  EXPECT_EQ(this->Held("a"), before);
}

TYPED_TEST_P(LeaseStoreConformance, WhatWasReleasedComesBackWithANewEpoch) {
  const std::vector<Lease> before = this->Held("a");
  ASSERT_TRUE(this->fixture_.store().Release("a").ok());

  const std::vector<Lease> after = this->Held("a");

  ASSERT_EQ(after.size(), before.size());
  for (size_t i = 0; i < after.size(); ++i) EXPECT_GT(after[i].epoch, before[i].epoch);
}

TYPED_TEST_P(LeaseStoreConformance, NoSlotHasTwoOwnersWhenAllHeartbeatAtOnce) {
  const std::vector<std::string> owners = {"a", "b", "c", "d"};
  absl::Mutex mutex;
  std::map<std::pair<int32_t, int64_t>, std::string> holders;  // slot and epoch → owner

  std::vector<std::thread> threads;
  for (const std::string& owner : owners) {
    threads.emplace_back([&, owner] {
      for (int round = 0; round < 10; ++round) {
        for (const Lease& lease : this->Held(owner, this->Everything())) {
          absl::MutexLock lock(&mutex);
          const auto entry = holders.emplace(std::make_pair(lease.slot, lease.epoch), owner).first;
          EXPECT_EQ(entry->second, owner) << lease;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  this->Settle(owners);
  this->ExpectEachSlotHeldOnce(owners);
}

REGISTER_TYPED_TEST_SUITE_P(LeaseStoreConformance, ALoneOwnerHoldsEverySlot, ARenewalKeepsTheEpochs,
                            ANewOwnerGetsAHalfAfterItWasFinished, OnlyWhatIsNamedIsFinished,
                            NobodyElseFinishesALease, WhatIsNeverFinishedLastsNoLongerThanItsLease,
                            WhoRemainsTakesBackWhatHeHasFinished, SharesDifferByOneAtMost,
                            MoreOwnersThanSlotsIsFine, AnOwnerThatFallsSilentIsReplaced,
                            AnExpiredLeaseComesBackWithANewEpoch, ReleaseFreesEverythingAtOnce,
                            ReleaseOfAStrangerChangesNothing, WhatWasReleasedComesBackWithANewEpoch,
                            NoSlotHasTwoOwnersWhenAllHeartbeatAtOnce);

}  // namespace crier::lease

#endif  // CRIER_COMMON_LEASE_LEASE_STORE_CONFORMANCE_H_
