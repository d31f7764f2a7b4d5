#include "common/pg/lease_store.h"

#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/synchronization/notification.h"
#include "common/lease/lease_store_conformance.h"
#include "common/pg/lease_store_sql.h"
#include "common/pg/listener.h"
#include "common/status/macros.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/test_database.h"

namespace crier::pg {
namespace {

using lease::HeartbeatResult;
using lease::Lease;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using tests::TestDatabase;

class PgLeaseStoreFixture {
 public:
  PgLeaseStoreFixture() {
    server_.Run(database_, kLeaseTablesSql);
    EXPECT_TRUE(store_.InitializeSlots(lease::kConformanceSlots, TestDatabase::Deadline()).ok());
  }

  lease::LeaseStore& store() { return store_; }

  // The database's clock goes by itself; what is stored moves back instead.
  void Advance(absl::Duration time) {
    for (const char* table : {"leases", "lease_owners"}) {
      server_.Run(database_,
                  absl::StrFormat("UPDATE %s SET expire_time = expire_time - interval '%d us'",
                                  table, absl::ToInt64Microseconds(time)));
    }
  }

  TestDatabase server_;
  const Database database_ = server_.NewSchema();
  Pool pool_{database_, {}};
  PgLeaseStore store_{pool_};
};

}  // namespace
}  // namespace crier::pg

namespace crier::lease {
INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, LeaseStoreConformance, pg::PgLeaseStoreFixture);
}  // namespace crier::lease

namespace crier::pg {
namespace {

class PgLeaseStoreTest : public testing::Test {
 protected:
  static constexpr absl::Duration kDuration = absl::Seconds(10);

  std::vector<Lease> Heartbeat(absl::string_view owner) {
    const auto result = fixture_.store().Heartbeat(owner, kDuration, {});
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? result->held : std::vector<Lease>();
  }

  // What LockLeases answers in a transaction of its own.
  std::vector<Lease> Locked(absl::string_view owner, const std::vector<Lease>& leases) {
    std::vector<Lease> locked;
    EXPECT_TRUE(fixture_.pool_
                    .Run(TestDatabase::Deadline(),
                         [&](Transaction& transaction) -> absl::Status {
                           ASSIGN_OR_RETURN(locked, LockLeases(transaction, owner, leases));
                           return absl::OkStatus();
                         })
                    .ok());
    return locked;
  }

  PgLeaseStoreFixture fixture_;
};

TEST_F(PgLeaseStoreTest, SlotsAreOnlyEverAdded) {
  ASSERT_TRUE(fixture_.store_.InitializeSlots(10, TestDatabase::Deadline()).ok());
  ASSERT_TRUE(fixture_.store_.InitializeSlots(4, TestDatabase::Deadline()).ok());
  EXPECT_THAT(Heartbeat("a"), SizeIs(10));
}

TEST_F(PgLeaseStoreTest, ExpiredOwnersAreForgotten) {
  Heartbeat("a");
  fixture_.Advance(kDuration * 2);
  Heartbeat("b");
  const Rows owners = fixture_.server_.Run(fixture_.database_, "SELECT owner FROM lease_owners");
  ASSERT_EQ(owners.size(), 1);
  EXPECT_EQ(owners[0].Text(0), "b");
}

TEST_F(PgLeaseStoreTest, LocksWhatIsStillHeldWithItsEpoch) {
  Heartbeat("a");
  EXPECT_THAT(Locked("a", {{5, 1}, {2, 1}, {3, 7}, {99, 1}}),
              ElementsAre(Lease{2, 1}, Lease{5, 1}));
  EXPECT_THAT(Locked("b", {{2, 1}}), IsEmpty());
  EXPECT_THAT(Locked("a", {}), IsEmpty());
}

TEST_F(PgLeaseStoreTest, ReleasingIsHeard) {
  absl::Notification listening, heard;
  Listener listener(fixture_.database_, LeaseChannel(fixture_.database_.schema),
                    {.on_notify = [&](absl::string_view) { heard.Notify(); },
                     .on_gap = [&] { listening.Notify(); }});
  listening.WaitForNotification();
  Heartbeat("a");

  ASSERT_TRUE(fixture_.store().Release("a").ok());

  heard.WaitForNotification();
}

TEST_F(PgLeaseStoreTest, WhatIsFinishedIsHeardOf) {
  absl::Notification listening, heard;
  Listener listener(fixture_.database_, LeaseChannel(fixture_.database_.schema),
                    {.on_notify = [&](absl::string_view) { heard.Notify(); },
                     .on_gap = [&] { listening.Notify(); }});
  listening.WaitForNotification();
  const std::vector<Lease> before = Heartbeat("a");
  Heartbeat("b");
  Heartbeat("a");

  ASSERT_TRUE(fixture_.store().Heartbeat("a", kDuration, before).ok());

  heard.WaitForNotification();
}

TEST_F(PgLeaseStoreTest, ALeaseThatMovedIsNotLocked) {
  const std::vector<Lease> before = Heartbeat("a");
  ASSERT_TRUE(fixture_.store().Release("a").ok());
  EXPECT_THAT(Locked("a", before), IsEmpty());
  Heartbeat("b");
  EXPECT_THAT(Locked("a", before), IsEmpty());
}

TEST_F(PgLeaseStoreTest, ALockedLeaseIsRenewedButNotHandedOver) {
  const std::vector<Lease> before = Heartbeat("a");
  std::vector<Lease> renewed, taken;

  const absl::Status status =
      fixture_.pool_.Run(TestDatabase::Deadline(), [&](Transaction& transaction) -> absl::Status {
        ASSIGN_OR_RETURN(const std::vector<Lease> locked,
                         LockLeases(transaction, "a", {before[3]}));
        EXPECT_THAT(locked, ElementsAre(before[3]));
        renewed = Heartbeat("a");  // does not wait for this transaction
        fixture_.Advance(kDuration * 2);
        taken = Heartbeat("b");
        return absl::OkStatus();
      });

  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(renewed, before);
  EXPECT_THAT(taken, SizeIs(lease::kConformanceSlots - 1));
  EXPECT_THAT(taken, testing::Each(testing::Field(&Lease::slot, testing::Ne(3))));
  EXPECT_THAT(Heartbeat("b"), SizeIs(lease::kConformanceSlots)) << "now that the write is done";
}

// A release makes a new version of the row, and the lock must be found on that as well.
// As when its process is stopped between two statements of a heartbeat.
TEST_F(PgLeaseStoreTest, AnOwnerThatHangsWithinItsHeartbeatHoldsUpNobodyElses) {
  constexpr absl::Duration kUsual = absl::Seconds(5);
  absl::Notification hangs, over;
  std::thread hanging([&] {
    fixture_.pool_
        .Run(TestDatabase::Deadline(),
             [&](Transaction& transaction) {
               const absl::Status locked = transaction.Execute(sql::kLockLeases).status();
               hangs.Notify();
               over.WaitForNotification();
               return locked;
             })
        .IgnoreError();
  });
  hangs.WaitForNotification();

  const absl::StatusOr<HeartbeatResult> result = fixture_.store().Heartbeat("b", kUsual, {});
  over.Notify();
  hanging.join();

  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(result->held, SizeIs(lease::kConformanceSlots));
}

TEST_F(PgLeaseStoreTest, ALockOutlivesAReleaseThatComesAfterIt) {
  const std::vector<Lease> before = Heartbeat("a");
  std::vector<Lease> taken;

  const absl::Status status =
      fixture_.pool_.Run(TestDatabase::Deadline(), [&](Transaction& transaction) -> absl::Status {
        RETURN_IF_ERROR(LockLeases(transaction, "a", {before[0]}).status());
        RETURN_IF_ERROR(fixture_.store().Release("a"));
        taken = Heartbeat("b");
        return absl::OkStatus();
      });

  EXPECT_TRUE(status.ok()) << status;
  EXPECT_THAT(taken, testing::Each(testing::Field(&Lease::slot, testing::Ne(0))));
  EXPECT_THAT(Heartbeat("b"), SizeIs(lease::kConformanceSlots));
}

TEST_F(PgLeaseStoreTest, ALockTakenDuringARenewalHoldsOnTheRenewedRow) {
  const std::vector<Lease> before = Heartbeat("a");
  absl::Notification locked, taken;
  std::thread write;
  const absl::Status renewal =
      fixture_.pool_.Run(TestDatabase::Deadline(), [&](Transaction& transaction) -> absl::Status {
        RETURN_IF_ERROR(transaction.ExecuteScript("UPDATE leases SET expire_time = now()"));
        write = std::thread([&] {
          EXPECT_TRUE(fixture_.pool_
                          .Run(TestDatabase::Deadline(),
                               [&](Transaction& writing) -> absl::Status {
                                 EXPECT_THAT(*LockLeases(writing, "a", {before[0]}), SizeIs(1));
                                 locked.Notify();
                                 taken.WaitForNotification();
                                 return absl::OkStatus();
                               })
                          .ok());
        });
        locked.WaitForNotification();
        return absl::OkStatus();
      });
  EXPECT_TRUE(renewal.ok()) << renewal;

  EXPECT_THAT(Heartbeat("b"), testing::Each(testing::Field(&Lease::slot, testing::Ne(0))));

  taken.Notify();
  write.join();
}

TEST_F(PgLeaseStoreTest, AWriteThatMeetsAHandOverIsFencedWhenItIsDone) {
  const std::vector<Lease> before = Heartbeat("a");
  ASSERT_TRUE(fixture_.store().Release("a").ok());
  std::vector<Lease> locked = before;
  std::thread write;

  const absl::Status status =
      fixture_.pool_.Run(TestDatabase::Deadline(), [&](Transaction& transaction) -> absl::Status {
        RETURN_IF_ERROR(
            transaction.ExecuteScript("SELECT slot FROM leases FOR UPDATE;"
                                      "UPDATE leases SET owner = 'b', epoch = epoch + 1"));
        write = std::thread([&] { locked = Locked("a", before); });
        return absl::OkStatus();
      });
  write.join();

  EXPECT_TRUE(status.ok()) << status;
  EXPECT_THAT(locked, IsEmpty());
}

TEST_F(PgLeaseStoreTest, RenewalsTouchNoIndex) {
  const auto index_size = [&] {
    return fixture_.server_.Run(fixture_.database_, "SELECT pg_relation_size('leases_pkey')")[0]
        .Int64(0);
  };
  Heartbeat("a");
  const int64_t before = index_size();

  for (int i = 0; i < 300; ++i) Heartbeat("a");

  EXPECT_EQ(index_size(), before);
}

}  // namespace
}  // namespace crier::pg
