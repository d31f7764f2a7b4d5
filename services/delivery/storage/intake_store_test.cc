#include "services/delivery/storage/intake_store.h"

#include <atomic>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/base/cond_var.h"
#include "common/pg/listener.h"
#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "services/delivery/storage/delivery_fixture.h"
#include "services/delivery/storage/queue_notices.h"

namespace crier::delivery::storage {
namespace {

class PgIntakeStoreTest : public DeliveryStorageTest {
 protected:
  int64_t Position(const char* producer = "producer") {
    const auto position = intake_.ProducerPosition(producer, Deadline());
    EXPECT_TRUE(position.ok()) << position.status();
    return position.value_or(-1);
  }
};

TEST_F(PgIntakeStoreTest, MovesThePositionWithTheDeliveries) {
  Intake intake = NewIntake(0, 7);
  intake.messages = {Message({a_, b_}), Message({a_})};

  ASSERT_TRUE(intake_.Enqueue(intake, Deadline()).ok());

  EXPECT_EQ(Position(), 7);
  EXPECT_EQ(Count("deliveries"), 3);
  EXPECT_EQ(Count("queue"), 3);
  EXPECT_EQ(Count("snapshots"), 2);  // an event is stored once for all its targets
}

TEST_F(PgIntakeStoreTest, StoresNothingForAProducerThatStandsElsewhere) {
  ASSERT_TRUE(intake_.Enqueue(NewIntake(0, 3), Deadline()).ok());
  for (const int64_t expected : {0, 2, 4}) {
    Intake intake = NewIntake(expected, 10);
    intake.messages.push_back(Message({a_}));

    const absl::Status status = intake_.Enqueue(intake, Deadline());

    EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
    EXPECT_EQ(ErrorReason(status), "POSITION_MISMATCH");
    EXPECT_EQ(ErrorMetadata(status, "actual_position"), "3");
  }
  EXPECT_EQ(Position(), 3);
  EXPECT_EQ(Count("deliveries"), 0);
  EXPECT_EQ(Count("snapshots"), 0);
}

TEST_F(PgIntakeStoreTest, OfTwoCallersAtOncePreciselyOneWins) {
  for (int64_t round = 0; round < 20; ++round) {
    Intake one = NewIntake(round, round + 1);
    one.messages.push_back(Message({a_}));
    Intake other = NewIntake(round, round + 1);
    other.messages.push_back(Message({b_}));
    absl::Status first, second;

    std::thread thread([&] { first = intake_.Enqueue(one, Deadline()); });
    second = intake_.Enqueue(other, Deadline());
    thread.join();

    EXPECT_NE(first.ok(), second.ok());
    EXPECT_EQ(ErrorReason(first.ok() ? second : first), "POSITION_MISMATCH");
    EXPECT_EQ(Count("queue"), round + 1);
  }
}

TEST_F(PgIntakeStoreTest, TellsOthersWithTheCommit) {
  absl::Mutex mutex;
  CondVar changed;
  bool listening = false;
  std::vector<WebhookId> heard;
  pg::Listener listener(schema_, QueueChannel(schema_.schema),
                        {.on_notify =
                             [&](absl::string_view payload) {
                               absl::MutexLock lock(&mutex);
                               heard = DecodeNotice(payload);
                               changed.SignalAll();
                             },
                         .on_gap =
                             [&] {
                               absl::MutexLock lock(&mutex);
                               listening = true;
                               changed.SignalAll();
                             }});
  {
    absl::MutexLock lock(&mutex);
    while (!listening) changed.Wait(&mutex);
  }
  Intake intake = NewIntake(0, 1);
  intake.messages.push_back(Message({a_, b_}));
  intake.announce = {a_, b_};

  ASSERT_TRUE(intake_.Enqueue(intake, Deadline()).ok());

  absl::MutexLock lock(&mutex);
  while (heard.empty()) changed.Wait(&mutex);
  EXPECT_THAT(heard, testing::ElementsAre(a_, b_));
}

}  // namespace
}  // namespace crier::delivery::storage
