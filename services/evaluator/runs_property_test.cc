// Runs while everything around them happens at random.
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "services/evaluator/runs_fixture.h"

namespace crier::evaluator {
namespace {

// Replicas, faults, merges, deletions and changes of members at random. In the end every person who
// meets the criteria was sent, as one of the contacts that they were, and nobody twice.
TEST_F(RunsTest, NoneIsMissingAndNoneIsSentTwiceWhateverHappens) {
  const int seed = testing::UnitTest::GetInstance()->random_seed();
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  std::mt19937_64 random(seed);
  const auto chance = [&](double p) {
    return std::uniform_real_distribution<double>(0, 1)(random) < p;
  };
  FakeDeliverySink deliveries([&] {
    if (!chance(0.2)) return Fault::kNone;
    return chance(0.5) ? Fault::kBefore : Fault::kAfter;
  });
  MemberChanges changes(ledger_, deliveries);
  std::map<int64_t, int64_t> winner_of;  // contact → the person's contact now
  std::set<int64_t> deleted;
  std::vector<Event> unseen;
  int64_t last_id = 0;
  const auto live = [&](int64_t id) { return winner_of[id] == id && !deleted.contains(id); };
  const auto put = [&](int64_t id) { Put(id, chance(0.8) ? 90 : 10); };
  const auto apply_some = [&] {
    while (!unseen.empty() && chance(0.5)) {
      Frame frame;
      *frame.Add() = unseen.front();
      if (changes.Apply(frame, clock_.Now(), Deadline).ok()) unseen.erase(unseen.begin());
    }
  };
  const auto sent_now = [&] {
    std::set<int64_t> sent;
    for (const auto& message : deliveries.messages()) {
      sent.insert(api::ParseResource("name", api::kContacts, message.event().contact().name())->id);
    }
    return sent;
  };
  const auto disturb = [&] {
    clock_.Advance(absl::Seconds(1));
    if (chance(0.5)) put(++last_id), winner_of[last_id] = last_id;
    if (last_id > 1 && chance(0.5)) {
      const int64_t a = 1 + random() % last_id;
      const int64_t b = 1 + random() % last_id;
      if (a < b && live(a) && live(b)) {
        unseen.push_back(Merge(a, b));
        for (auto& [contact, winner] : winner_of) {
          if (winner == b) winner = a;
        }
      } else if (live(a)) {
        put(a);
      }
    }
    if (last_id > 1 && chance(0.1)) {
      const int64_t a = 1 + random() % last_id;
      if (live(a)) {
        deleted.insert(a);
        contacts_.Delete(kCommunity, a);
        std::vector<int64_t> merged;
        for (const auto& [contact, winner] : winner_of) {
          if (winner == a && contact != a) merged.push_back(contact);
        }
        unseen.push_back(Append(Event::CONTACT_DELETED, a, merged));
      }
    }
    apply_some();
  };
  for (int i = 0; i < 60; ++i) put(++last_id), winner_of[last_id] = last_id;
  contacts_.SetPageSize(7);
  contacts_.SetBeforePage(disturb);
  options_.slice = absl::Hours(1);
  RunExecutor executor(pages_, contacts_, events_, deliveries, rate_, clock_, metrics_, options_);
  Enable();

  std::string owner = "replica";
  for (int round = 0; round < 120; ++round) {
    if (chance(0.2)) {
      GiveLeaseBack(owner);
      owner = absl::StrCat("replica ", round);
      fence_ = TakeLease(owner);
    }
    const int stop_after = static_cast<int>(random() % 6);
    int pages = 0;
    executor.Work(fence_, workflow_, [&] { return ++pages > stop_after; });
    clock_.Advance(absl::Seconds(2));
    if (IsFinished(LastRun().state)) BeginRun(chance(0.2));
  }
  // Quiet at last: one more run over what is left.
  contacts_.SetBeforePage(nullptr);
  while (!unseen.empty()) apply_some();
  for (int i = 0; i < 400 && !IsFinished(LastRun().state); ++i) {
    executor.Work(fence_, workflow_, NeverStop);
    clock_.Advance(absl::Seconds(2));
  }
  BeginRun();
  for (int i = 0; i < 400 && !IsFinished(LastRun().state); ++i) {
    executor.Work(fence_, workflow_, NeverStop);
    clock_.Advance(absl::Seconds(2));
  }
  ASSERT_EQ(LastRun().state, RunState::kSucceeded) << LastRun().error;

  std::map<int64_t, int> times;
  for (const auto& message : deliveries.messages()) {
    ++times[api::ParseResource("name", api::kContacts, message.event().contact().name())->id];
  }
  for (const auto& [contact, count] : times) EXPECT_EQ(count, 1) << "contact " << contact;
  std::set<int64_t> people_sent;
  for (const int64_t contact : sent_now()) people_sent.insert(winner_of[contact]);
  contacts_.SetPageSize(10'000);
  const std::vector<FoundContact> matching =
      *contacts_.Stream(kCommunity, "lead_score >= 50", clock_.Now(), 0, Deadline())->Next();
  for (const FoundContact& found : matching) {
    EXPECT_TRUE(people_sent.contains(found.candidate.contact))
        << "contact " << found.candidate.contact << " is missing";
  }
}

}  // namespace
}  // namespace crier::evaluator
