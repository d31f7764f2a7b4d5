// What receivers that never answer cost the others: the real dispatcher, scheduler, pace and turns
// in simulated time, with and without black holes.
#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "services/delivery/domain/dispatch/dispatcher.h"
#include "services/delivery/domain/fakes/fake_delivery_store.h"
#include "services/delivery/domain/fakes/fake_webhook_store.h"
#include "services/delivery/domain/payloads/samples.h"
#include "services/delivery/domain/queue/queue_loader.h"
#include "services/delivery/domain/queue/shard.h"

namespace crier::delivery {
namespace {

constexpr absl::Duration kTick = absl::Milliseconds(1);

// What is simulated.
struct Scenario {
  int webhooks = 60;  // in six communities; every tenth may be a black hole
  // Deliveries to each webhook a second, at random times; 0: there is always one that waits.
  double rate = 10;
  absl::Duration answer_after = absl::Milliseconds(5);  // at least, and at most four times as long
  // The black holes answer like the others until then.
  absl::Duration silent_from = absl::ZeroDuration();
  absl::Duration length = absl::Seconds(12);
  SchedulerOptions options;
};

// What the receivers got that answer throughout.
struct Result {
  int answered = 0;
  absl::Duration p99;  // from the storing of a delivery to its answer
};

// Answers when the simulated time has come.
class SimulatedSender : public Sender {
 public:
  // When to answer a request to a webhook, which is named by its URL; never means at its time-out.
  using Delay = std::function<absl::Duration(const std::string& url)>;

  SimulatedSender(const Clock& clock, Delay delay) : clock_(clock), delay_(std::move(delay)) {}

  void Send(AttemptRequest request, int64_t, std::function<void(AttemptResult)> done) override {
    AttemptResult result;
    result.duration = delay_(request.url);
    result.outcome = Outcome::kSucceeded;
    result.status = 200;
    if (result.duration >= request.timeout) {
      result.duration = request.timeout;
      result.outcome = Outcome::kTimedOut;
      result.status = 0;
    }
    const absl::Time end = clock_.Now() + result.duration;
    pending_.emplace(end, std::pair(std::move(done), std::move(result)));
  }

  void AnswerDue() {
    while (!pending_.empty() && pending_.begin()->first <= clock_.Now()) AnswerFirst();
  }
  void AnswerFirst() {
    auto [done, result] = std::move(pending_.extract(pending_.begin()).mapped());
    done(std::move(result));
  }

  int pending() const { return static_cast<int>(pending_.size()); }

 private:
  const Clock& clock_;
  const Delay delay_;
  std::multimap<absl::Time, std::pair<std::function<void(AttemptResult)>, AttemptResult>> pending_;
};

class Simulation {
 public:
  Simulation(const Scenario& scenario, bool with_black_holes)
      : scenario_(scenario), with_black_holes_(with_black_holes) {
    for (int32_t shard = 0; shard < kShardCount; ++shard) scheduler_.Gain({shard, 1});
    for (int i = 0; i < scenario.webhooks; ++i) {
      Webhook webhook;
      webhook.id.community = 1 + i % 6;
      webhook.url = std::to_string(i);
      webhook.signing_keys = {{.number = 1, .key = "key"}};
      const WebhookId id = webhooks_.Create(webhook, "", absl::InfiniteFuture())->id;
      receivers_.push_back({id, IsBlackHole(i), NextArrival(clock_.Now())});
    }
    // So that each run is the same, whatever the others draw.
    for (Receiver& receiver : receivers_) receiver.random.seed(random_());
    entity::v1::Event event;
    event.set_community_id(1);
    event.set_kind(entity::v1::Event::CONTACT_FOUND);
    event.mutable_contact()->set_name("communities/1/contacts/1");
    event.mutable_contact()->set_full_name("Marion Sanford");
    event_ = TakeSnapshot(event).bytes;
  }

  Result Run() {
    const absl::Time end = start_ + scenario_.length;
    for (; clock_.Now() < end; clock_.Advance(kTick)) {
      sender_.AnswerDue();
      WaitForOutcomes();
      Arrive();
      loader_.LoadOnce();
      for (int sent = -1; sent != sender_.pending();) {
        sent = sender_.pending();
        EXPECT_TRUE(dispatcher_.DispatchOnce(sender_).ok());
      }
    }
    Result result = Measure();
    while (sender_.pending() > 0) sender_.AnswerFirst();
    WaitForOutcomes();
    return result;
  }

 private:
  struct Receiver {
    WebhookId id;
    bool black_hole = false;
    absl::Time next_arrival;
    std::mt19937_64 random{};
    int backlog = 0;
  };

  bool IsBlackHole(int webhook) const { return webhook % 10 == 3; }

  absl::Time NextArrival(absl::Time now) {
    if (scenario_.rate == 0) return now;
    return now + absl::Seconds(std::exponential_distribution<double>(scenario_.rate)(random_));
  }

  void Arrive() {
    for (Receiver& receiver : receivers_) {
      if (scenario_.rate == 0) {
        for (; receiver.backlog < 100; ++receiver.backlog) Enqueue(receiver);
      }
      for (; scenario_.rate > 0 && receiver.next_arrival <= clock_.Now();
           receiver.next_arrival +=
           absl::Seconds(std::exponential_distribution<double>(scenario_.rate)(receiver.random))) {
        Enqueue(receiver);
      }
    }
  }

  void Enqueue(Receiver& receiver) {
    QueuedDelivery delivery;
    delivery.id = {receiver.id, ids_.Next()};
    delivery.due_time = clock_.Now();
    delivery.content = DeliveryContent{event_, {1, "w"}};
    store_.Add(delivery.id, *delivery.content, delivery.due_time);
    deliveries_.push_back({&receiver, delivery.id.message, clock_.Now()});
    if (scheduler_.Expect(delivery)) {
      scheduler_.Offer(std::move(delivery));
    } else {
      scheduler_.NoteStored(receiver.id, delivery.due_time);
    }
  }

  absl::Duration DelayOf(const std::string& url) {
    Receiver& receiver = receivers_[std::stoi(url)];
    --receiver.backlog;
    const absl::Duration answer_after =
        scenario_.answer_after * std::uniform_real_distribution<double>(1, 4)(receiver.random);
    const bool silent =
        with_black_holes_ && receiver.black_hole && clock_.Now() >= start_ + scenario_.silent_from;
    return silent ? absl::InfiniteDuration() : answer_after;
  }

  // Until the outcome of everything that is not on the wire is stored.
  void WaitForOutcomes() {
    while (scheduler_.unsettled() > sender_.pending()) std::this_thread::yield();
  }

  Result Measure() const {
    std::vector<absl::Duration> waits;
    for (const Delivery& delivery : deliveries_) {
      if (delivery.receiver->black_hole) continue;
      for (const AttemptOutcome& outcome : store_.Outcomes(delivery.message)) {
        const Exchange& exchange = outcome.attempt->exchange;
        waits.push_back(exchange.start_time + exchange.result.duration - delivery.stored);
      }
    }
    std::sort(waits.begin(), waits.end());
    return {static_cast<int>(waits.size()), waits[waits.size() * 99 / 100]};
  }

  struct Delivery {
    const Receiver* receiver;
    MessageId message;
    absl::Time stored;
  };

  const Scenario scenario_;
  const bool with_black_holes_;
  const absl::Time start_ = absl::FromUnixSeconds(1'700'000'000);
  FakeClock clock_{start_};
  MessageIdGenerator ids_{clock_};
  std::mt19937_64 random_{20231114};
  std::shared_ptr<const std::string> event_;
  std::vector<Receiver> receivers_;
  std::vector<Delivery> deliveries_;
  metrics::Registry registry_;
  std::mt19937_64 jitter_{1};
  RetrySchedule schedule_{jitter_};
  FakeDeliveryStore store_;
  FakeWebhookStore webhooks_;
  ShardScheduler scheduler_{clock_, scenario_.options};
  OutcomeWriter outcomes_{store_,
                          clock_,
                          registry_,
                          [this](const lease::Lease& lease) { return scheduler_.Holds(lease); },
                          {.gather = absl::ZeroDuration()}};
  ClaimReader reader_{store_, webhooks_, clock_};
  AttemptMaker attempts_{scheduler_, outcomes_, schedule_,
                         clock_,     registry_, {.app_base_url = "https://app.example.com"}};
  Dispatcher dispatcher_{scheduler_, reader_, attempts_, outcomes_, registry_};
  QueueLoader loader_{scheduler_, store_, clock_};
  SimulatedSender sender_{clock_, [this](const std::string& url) { return DelayOf(url); }};
};

// Compares the receivers that answer, with and without black holes among the others.
void ExpectTheOthersKeepTheirPace(const Scenario& scenario) {
  const Result without = Simulation(scenario, false).Run();
  const Result with = Simulation(scenario, true).Run();
  std::cout << "without: " << without.answered << " answered, p99 " << without.p99
            << "; with: " << with.answered << ", p99 " << with.p99 << "\n";

  EXPECT_GE(with.answered, 0.95 * without.answered);
  EXPECT_LE(with.p99, 1.05 * without.p99 + kTick);
}

TEST(BlackHoleTest, UnderModerateLoad) {
  Scenario scenario;
  scenario.length = absl::Seconds(6);
  ExpectTheOthersKeepTheirPace(scenario);
}

TEST(BlackHoleTest, WherePlacesOnTheWireAreScarce) {
  Scenario scenario;
  scenario.rate = 0;
  scenario.options.max_in_flight = 20;
  scenario.options.max_suspect = 80;
  scenario.answer_after = absl::Milliseconds(20);
  scenario.length = absl::Seconds(6);
  ExpectTheOthersKeepTheirPace(scenario);
}

// What is on the wire to them has places that they took while they worked: enough to fill all.
TEST(BlackHoleTest, WhenReceiversThatWorkedFallSilent) {
  Scenario scenario;
  scenario.webhooks = 10;
  scenario.rate = 100;
  scenario.answer_after = absl::Milliseconds(2);
  scenario.options.max_in_flight = 10;
  scenario.options.max_suspect = 40;
  scenario.silent_from = absl::Seconds(2);
  scenario.length = absl::Seconds(6);
  ExpectTheOthersKeepTheirPace(scenario);
}

}  // namespace
}  // namespace crier::delivery
