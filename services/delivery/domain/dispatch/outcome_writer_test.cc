#include "services/delivery/domain/dispatch/outcome_writer.h"

#include <atomic>
#include <memory>
#include <vector>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "common/base/message_id.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/delivery/domain/fakes/fake_delivery_store.h"

namespace crier::delivery {
namespace {

using Fate = OutcomeWriter::Fate;
using testing::SizeIs;

class OutcomeWriterTest : public testing::Test {
 protected:
  OutcomeWriterTest() { options_.retry_delay = absl::Milliseconds(1); }

  void Start() {
    writer_ = std::make_unique<OutcomeWriter>(
        store_, SystemClock(), registry_, [this](const lease::Lease&) { return holds_.load(); },
        options_);
  }

  // Of a delivery on the queue.
  AttemptOutcome NewOutcome() {
    AttemptOutcome outcome;
    outcome.lease = {1, 1};
    outcome.id = {{1, 1}, ids_.Next()};
    outcome.state = DeliveryState::kSucceeded;
    outcome.attempt = Attempt{1, {}};
    store_.Add(outcome.id, {}, absl::UnixEpoch());
    return outcome;
  }

  // Writes the outcome and returns its fate.
  Fate Write(const AttemptOutcome& outcome) {
    Fate result = Fate::kFailed;
    absl::Notification done;
    writer_->Submit(outcome, [&](Fate fate) {
      result = fate;
      done.Notify();
    });
    done.WaitForNotification();
    return result;
  }

  metrics::Registry registry_;
  MessageIdGenerator ids_{SystemClock()};
  OutcomeWriterOptions options_;
  FakeDeliveryStore store_;
  std::atomic<bool> holds_ = true;
  std::unique_ptr<OutcomeWriter> writer_;
};

TEST_F(OutcomeWriterTest, WritesOutcomes) {
  Start();
  const AttemptOutcome outcome = NewOutcome();

  EXPECT_EQ(Write(outcome), Fate::kWritten);

  EXPECT_THAT(store_.Outcomes(outcome.id.message), SizeIs(1));
}

TEST_F(OutcomeWriterTest, TellsOfWhatWasCancelledMeanwhile) {
  Start();
  const AttemptOutcome outcome = NewOutcome();
  store_.Cancel(outcome.id.message);

  EXPECT_EQ(Write(outcome), Fate::kCancelled);
}

TEST_F(OutcomeWriterTest, TriesAgainUntilTheDatabaseIsBack) {
  Start();
  store_.FailTimes(20, absl::UnavailableError("away"));
  const AttemptOutcome outcome = NewOutcome();

  EXPECT_EQ(Write(outcome), Fate::kWritten);

  EXPECT_THAT(store_.Outcomes(outcome.id.message), SizeIs(1));
}

TEST_F(OutcomeWriterTest, GivesUpWhenTheLeaseIsLostMeanwhile) {
  Start();
  store_.FailTimes(1'000'000, absl::UnavailableError("away"));
  std::atomic<int> tries = 0;
  store_.BeforeEach([&] {
    if (++tries == 3) holds_ = false;
  });

  EXPECT_EQ(Write(NewOutcome()), Fate::kFenced);
}

TEST_F(OutcomeWriterTest, TheDatabaseDecidesWhetherALeaseIsGood) {
  Start();
  holds_ = false;  // being given back; the epoch has not moved yet
  EXPECT_EQ(Write(NewOutcome()), Fate::kWritten);

  store_.Fence({1, 1});
  EXPECT_EQ(Write(NewOutcome()), Fate::kFenced);
}

TEST_F(OutcomeWriterTest, AnOutcomeThatIsRefusedHoldsUpNoOther) {
  options_.batch_size = 10;
  Start();
  const AttemptOutcome bad = NewOutcome();
  store_.RefuseOutcomesOf(bad.id.message);
  std::vector<AttemptOutcome> good;
  std::atomic<int> written = 0;
  std::atomic<int> failed = 0;
  absl::BlockingCounter done(10);
  const auto count = [&](Fate fate) {
    if (fate == Fate::kWritten) ++written;
    if (fate == Fate::kFailed) ++failed;
    done.DecrementCount();
  };

  // The first is written alone and keeps the writer busy, so that the rest comes as one batch.
  absl::Notification submitted;
  store_.BeforeEach([&] { submitted.WaitForNotification(); });
  for (int i = 0; i < 9; ++i) {
    good.push_back(NewOutcome());
    writer_->Submit(good.back(), count);
    if (i == 4) writer_->Submit(bad, count);
  }
  submitted.Notify();
  done.Wait();

  EXPECT_EQ(written, 9);
  EXPECT_EQ(failed, 1);
  for (const AttemptOutcome& outcome : good) {
    EXPECT_THAT(store_.Outcomes(outcome.id.message), SizeIs(1));
  }
}

TEST_F(OutcomeWriterTest, EndsDuringAnOutage) {
  Start();
  store_.FailTimes(1'000'000, absl::UnavailableError("away"));
  absl::Notification tried;
  std::atomic<int> tries = 0;
  store_.BeforeEach([&] {
    if (++tries == 2) tried.Notify();
  });
  Fate fate = Fate::kWritten;
  writer_->Submit(NewOutcome(), [&](Fate told) { fate = told; });
  tried.WaitForNotification();

  writer_.reset();

  EXPECT_EQ(fate, Fate::kFailed);
}

TEST_F(OutcomeWriterTest, TellsWhenTooMuchIsWaiting) {
  options_.queue_bytes = 10'000;
  Start();
  EXPECT_FALSE(writer_->saturated());
  absl::Notification go;
  store_.BeforeEach([&] { go.WaitForNotification(); });
  AttemptOutcome large = NewOutcome();
  large.attempt->exchange.result.body = std::string(20'000, 'x');
  absl::Notification done;

  writer_->Submit(large, [&](Fate) { done.Notify(); });
  EXPECT_TRUE(writer_->saturated());

  go.Notify();
  done.WaitForNotification();
  EXPECT_FALSE(writer_->saturated());
}

}  // namespace
}  // namespace crier::delivery
