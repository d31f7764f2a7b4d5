#include "services/ingest/engine.h"

#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/ingest/domain/fakes/fake_entity_store.h"
#include "services/ingest/domain/fakes/test_records.h"
#include "services/ingest/domain/log/log_partition.h"

namespace crier::ingest {
namespace {

using testing::ElementsAre;

class CountingObserver : public IngestObserver {
 public:
  void OnCommit(size_t records, absl::Duration) override {
    absl::MutexLock lock(&mutex);
    commits.push_back(records);
  }
  void OnEvent(entity::v1::Event::Kind) override {}
  void OnRefused(size_t records) override { refused += static_cast<int>(records); }

  absl::Mutex mutex;
  std::vector<size_t> commits;  // read when all are done
  std::atomic<int> refused{0};
};

// An engine whose first commit is held until the test lets it go.
class EngineTest : public testing::Test {
 protected:
  EngineTest() {
    store_.fail = [this](const Changes&) {
      if (!entered_.HasBeenNotified()) entered_.Notify();
      let_go_.WaitForNotification();
      return absl::OkStatus();
    };
  }

  static absl::Time Soon() { return absl::Now() + absl::Seconds(30); }

  FakeClock clock_{absl::FromUnixSeconds(1700000000)};
  FakeEntityStore store_{1};
  LogTail tail_;
  CountingObserver observer_;
  RecentEvents recent_{clock_};
  Ingester ingester_{store_, recent_, tail_, clock_, observer_};
  absl::Notification entered_, let_go_;
};

TEST_F(EngineTest, ManyCallersShareACommitInTheOrderOfSubmission) {
  std::vector<std::string> names(4);  // by submission: who is answered first is chance
  {
    IngestEngine engine(ingester_, observer_);
    const auto keep_as = [&](size_t place) {
      return [&names, place](absl::StatusOr<Ingested> result) {
        names[place] = result.ok() ? result->name : result.status().ToString();
      };
    };
    ASSERT_TRUE(engine.Submit(OrganizationOf(1, "a.com", ""), Soon(), keep_as(0)).ok());
    entered_.WaitForNotification();
    const std::vector<std::string> domains = {"b.com", "c.com", "b.com"};
    for (size_t i = 0; i < domains.size(); ++i) {
      ASSERT_TRUE(engine.Submit(OrganizationOf(1, domains[i], ""), Soon(), keep_as(i + 1)).ok());
    }
    let_go_.Notify();
  }

  EXPECT_THAT(names, ElementsAre("communities/1/organizations/1", "communities/1/organizations/2",
                                 "communities/1/organizations/3", "communities/1/organizations/2"));
  EXPECT_THAT(observer_.commits, ElementsAre(1, 3));
}

TEST_F(EngineTest, FewOfSeveralLanesShareACommit) {
  batch::BatcherOptions options = IngestEngine::DefaultOptions();
  options.patience = absl::InfiniteDuration();
  IngestEngine engine(ingester_, observer_, options);
  absl::BlockingCounter left(11);
  const auto count = [&](absl::StatusOr<Ingested>) { left.DecrementCount(); };
  ASSERT_TRUE(engine.Submit(OrganizationOf(1, "a.com", ""), Soon(), count).ok());
  entered_.WaitForNotification();

  // Other lanes are free, but so few are not worth a commit beside the one that is under way.
  for (int64_t community = 1; community <= 10; ++community) {
    ASSERT_TRUE(engine.Submit(OrganizationOf(community, "b.com", ""), Soon(), count).ok());
  }
  let_go_.Notify();
  left.Wait();

  EXPECT_THAT(observer_.commits, ElementsAre(1, 10));
}

TEST_F(EngineTest, ACommitThatTakesLongHoldsUpNoCommunityOfAnotherLane) {
  int64_t other = 2;
  while (LogPartitionOf(other, IngestEngine::kLanes) == LogPartitionOf(1, IngestEngine::kLanes)) {
    ++other;
  }
  store_.fail = [this](const Changes& changes) {
    if (changes.organizations.begin()->first.community == 1) {
      entered_.Notify();
      let_go_.WaitForNotification();
    }
    return absl::OkStatus();
  };
  absl::Notification done;
  IngestEngine engine(ingester_, observer_);
  const auto ignore = [](absl::StatusOr<Ingested>) {};
  ASSERT_TRUE(engine.Submit(OrganizationOf(1, "a.com", ""), Soon(), ignore).ok());
  entered_.WaitForNotification();

  ASSERT_TRUE(engine
                  .Submit(OrganizationOf(other, "a.com", ""), Soon(),
                          [&](absl::StatusOr<Ingested>) { done.Notify(); })
                  .ok());

  EXPECT_TRUE(done.WaitForNotificationWithTimeout(absl::Seconds(30)));
  let_go_.Notify();
}

TEST_F(EngineTest, RefusesWhenTooManyWait) {
  IngestEngine engine(ingester_, observer_, {.max_queued_items = 1});
  const auto ignore = [](absl::StatusOr<Ingested>) {};
  ASSERT_TRUE(engine.Submit(OrganizationOf(1, "a.com", ""), Soon(), ignore).ok());
  entered_.WaitForNotification();
  ASSERT_TRUE(engine.Submit(OrganizationOf(1, "b.com", ""), Soon(), ignore).ok());

  const absl::Status refused = engine.Submit(
      OrganizationOf(1, "c.com", ""), Soon(),
      [](absl::StatusOr<Ingested>) { ADD_FAILURE() << "called for a refused record"; });

  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(refused.GetPayload("type.googleapis.com/google.rpc.RetryInfo").has_value());
  EXPECT_EQ(observer_.refused.load(), 1);
  let_go_.Notify();
}

TEST_F(EngineTest, LeavesOutRecordsWhoseCallersHaveGivenUp) {
  absl::Status expired, in_time;
  {
    IngestEngine engine(ingester_, observer_);
    ASSERT_TRUE(engine
                    .Submit(OrganizationOf(1, "late.com", ""), absl::InfinitePast(),
                            [&](absl::StatusOr<Ingested> r) { expired = r.status(); })
                    .ok());
    ASSERT_TRUE(engine
                    .Submit(OrganizationOf(1, "a.com", ""), Soon(),
                            [&](absl::StatusOr<Ingested> r) { in_time = r.status(); })
                    .ok());
    let_go_.Notify();
  }

  EXPECT_EQ(ErrorReason(expired), "EXPIRED_IN_QUEUE");
  EXPECT_EQ(expired.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(in_time, absl::OkStatus());
  EXPECT_EQ(store_.known.organizations.size(), 1u);
}

}  // namespace
}  // namespace crier::ingest
