#include "services/evaluator/domain/partitions/partition_set.h"

#include <thread>

#include "gtest/gtest.h"
#include "services/evaluator/domain/fakes/fake_cap_store.h"
#include "services/evaluator/domain/fakes/fake_delivery_sink.h"
#include "services/evaluator/domain/fakes/fake_event_source.h"
#include "services/evaluator/domain/fakes/fake_member_ledger.h"
#include "services/evaluator/domain/fakes/fake_pace_store.h"
#include "services/evaluator/domain/fakes/fake_workflow_store.h"

namespace crier::evaluator {
namespace {

constexpr int kPartitions = 4;

class PartitionSetTest : public testing::Test {
 protected:
  void WaitForSubscriptions(int count) {
    while (events_.subscriptions() != count) std::this_thread::yield();
  }

  FakeClock clock_{absl::FromUnixSeconds(1'681'726'886)};
  FakeWorkflowStore store_;
  FakeEventSource events_{kPartitions};
  FakeDeliverySink deliveries_;
  metrics::Registry registry_;
  EvaluatorMetrics metrics_{registry_};
  FakeMemberLedger members_;
  FakeCapStore caps_;
  FakePaceStore paces_;
  SendRate rate_{0};
  PartitionSet partitions_{
      {store_, events_, deliveries_, members_, caps_, paces_, rate_, clock_, metrics_},
      RunnerOptions()};
};

TEST_F(PartitionSetTest, RunsALoopForEachLease) {
  partitions_.Add(1);
  partitions_.Add(3);
  partitions_.Add(3);

  WaitForSubscriptions(2);
  EXPECT_EQ(metrics_.leased_log_partitions.Value(), 2);
}

TEST_F(PartitionSetTest, ALostLeaseEndsItsLoop) {
  partitions_.Add(1);
  partitions_.Add(3);
  WaitForSubscriptions(2);

  partitions_.Remove(1);
  partitions_.Remove(2);  // was never there

  WaitForSubscriptions(1);
  EXPECT_EQ(metrics_.leased_log_partitions.Value(), 1);
}

TEST_F(PartitionSetTest, ALeaseMayComeBackAtOnce) {
  partitions_.Add(1);
  partitions_.Remove(1);
  partitions_.Add(1);
  partitions_.ClearEnded();

  EXPECT_EQ(metrics_.leased_log_partitions.Value(), 1);
  partitions_.StopAll();
  EXPECT_EQ(events_.subscriptions(), 0);
}

TEST_F(PartitionSetTest, TellsWhatIsHandedOver) {
  entity::v1::Event event;
  event.set_community_id(1);
  events_.Append(event);
  deliveries_.MoveProducer("evaluator/log-partitions/1", 1);
  partitions_.Add(1);
  partitions_.Add(3);

  std::vector<LogHead> confirmed;
  while (confirmed.empty()) confirmed = partitions_.Confirmed();

  ASSERT_EQ(confirmed.size(), 1u) << "nothing is handed over of the other";
  EXPECT_EQ(confirmed[0].log_partition, 1);
  EXPECT_EQ(confirmed[0].position, 1);
}

TEST_F(PartitionSetTest, StoppingEndsAllLoops) {
  for (int i = 0; i < kPartitions; ++i) partitions_.Add(i);

  partitions_.StopAll();
  partitions_.StopAll();

  EXPECT_EQ(events_.subscriptions(), 0);
  EXPECT_EQ(metrics_.leased_log_partitions.Value(), 0);
}

TEST_F(PartitionSetTest, TheLagIsThatOfTheLeasedPartitions) {
  partitions_.Add(1);
  WaitForSubscriptions(1);

  partitions_.UpdateLag({{0, 1'000}, {1, 7}, {2, 1'000}, {3, 1'000}});

  EXPECT_EQ(metrics_.lag_events.Value(), 7);
}

TEST_F(PartitionSetTest, TheLagInTimeBeginsWhenThereIsSomethingToDo) {
  partitions_.Add(1);
  WaitForSubscriptions(1);

  partitions_.UpdateLag({{1, 0}});
  clock_.Advance(absl::Hours(1));
  partitions_.UpdateLag({{1, 0}});
  EXPECT_EQ(metrics_.lag_seconds.Value(), 0);

  clock_.Advance(absl::Seconds(5));
  partitions_.UpdateLag({{1, 7}});
  clock_.Advance(absl::Seconds(5));
  partitions_.UpdateLag({{1, 9}});
  EXPECT_EQ(metrics_.lag_seconds.Value(), 10);

  partitions_.UpdateLag({{1, 0}});
  EXPECT_EQ(metrics_.lag_seconds.Value(), 0);
}

}  // namespace
}  // namespace crier::evaluator
