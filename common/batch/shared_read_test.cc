#include "common/batch/shared_read.h"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/cond_var.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::batch {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

using Keys = std::vector<int>;

// A table with one value for all keys. A reading takes the value when it begins, as a statement
// takes its snapshot, and ends when the test lets it. Thread-safe.
class Table {
 public:
  absl::StatusOr<std::vector<std::string>> Read(const Keys& keys) {
    absl::MutexLock lock(&mutex_);
    readings_.push_back(keys);
    const absl::StatusOr<std::string> value = value_;
    while (held_) changed_.Wait(&mutex_);
    if (!value.ok()) return value.status();
    std::vector<std::string> values;
    for (const int key : keys) values.push_back(absl::StrCat(key, *value));
    return values;
  }

  void Set(absl::StatusOr<std::string> value) {
    absl::MutexLock lock(&mutex_);
    value_ = std::move(value);
  }

  void Hold() {
    absl::MutexLock lock(&mutex_);
    held_ = true;
  }

  void Release() {
    absl::MutexLock lock(&mutex_);
    held_ = false;
    changed_.SignalAll();
  }

  // What was asked for in each reading that has begun.
  std::vector<Keys> readings() {
    absl::MutexLock lock(&mutex_);
    return readings_;
  }

 private:
  absl::Mutex mutex_;
  CondVar changed_;
  absl::StatusOr<std::string> value_ ABSL_GUARDED_BY(mutex_) = "";
  bool held_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<Keys> readings_ ABSL_GUARDED_BY(mutex_);
};

class SharedReadTest : public testing::Test {
 protected:
  ~SharedReadTest() override {
    for (std::thread& thread : threads_) thread.join();
  }

  // Asks on a thread of its own; the answer is in answers() after AwaitAnswers().
  void Ask(int key, absl::Time deadline = absl::InfiniteFuture()) {
    threads_.emplace_back([this, key, deadline] {
      const absl::StatusOr<std::string> answer = shared_.Get(key, deadline);
      absl::MutexLock lock(&mutex_);
      answers_.push_back(answer.ok() ? *answer : std::string(answer.status().message()));
    });
  }

  // A reading of `key` is under way when this returns.
  void AskAndHold(int key) {
    table_.Hold();
    const size_t before = table_.readings().size();
    Ask(key);
    while (table_.readings().size() == before) std::this_thread::yield();
  }

  void AwaitWaiting(size_t count) {
    while (shared_.waiting() < count) std::this_thread::yield();
  }

  std::vector<std::string> AwaitAnswers() {
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    absl::MutexLock lock(&mutex_);
    return answers_;
  }

  Table table_;
  SharedRead<int, std::string> shared_{
      [this](const Keys& keys, absl::Time) { return table_.Read(keys); }};

 private:
  std::vector<std::thread> threads_;
  absl::Mutex mutex_;
  std::vector<std::string> answers_ ABSL_GUARDED_BY(mutex_);
};

TEST_F(SharedReadTest, WhoIsAloneReadsAtOnce) {
  table_.Set(" old");
  EXPECT_EQ(*shared_.Get(1, absl::InfiniteFuture()), "1 old");
  table_.Set(" new");
  EXPECT_EQ(*shared_.Get(2, absl::InfiniteFuture()), "2 new");
  EXPECT_THAT(table_.readings(), ElementsAre(Keys{1}, Keys{2}));
}

TEST_F(SharedReadTest, WhoComeDuringAReadingShareTheNext) {
  AskAndHold(1);
  for (int key = 2; key <= 5; ++key) {
    Ask(key);
    AwaitWaiting(static_cast<size_t>(key) - 1);
  }

  table_.Release();

  EXPECT_THAT(AwaitAnswers(), UnorderedElementsAre("1", "2", "3", "4", "5"));
  EXPECT_THAT(table_.readings(), ElementsAre(Keys{1}, Keys{2, 3, 4, 5}));
}

TEST_F(SharedReadTest, WhatChangesBetweenTheBeginOfAReadingAndTheQuestionIsSeen) {
  table_.Set(" old");
  AskAndHold(1);
  table_.Set(" new");
  Ask(1);
  AwaitWaiting(1);

  table_.Release();

  EXPECT_THAT(AwaitAnswers(), UnorderedElementsAre("1 old", "1 new"));
}

TEST_F(SharedReadTest, AFailureIsThatOfItsReadingAlone) {
  table_.Set(absl::UnavailableError("away"));
  AskAndHold(1);
  table_.Set(" back");
  Ask(2);
  AwaitWaiting(1);

  table_.Release();

  EXPECT_THAT(AwaitAnswers(), UnorderedElementsAre("away", "2 back"));
}

TEST_F(SharedReadTest, WaitsForAnotherReadingUntilTheDeadline) {
  AskAndHold(1);
  const absl::Status late = shared_.Get(2, absl::Now() + absl::Milliseconds(1)).status();
  Ask(3);
  AwaitWaiting(2);

  table_.Release();

  EXPECT_EQ(late.code(), absl::StatusCode::kDeadlineExceeded) << late;
  EXPECT_THAT(AwaitAnswers(), UnorderedElementsAre("1", "3"));
}

TEST_F(SharedReadTest, TooFewValuesAreAFailure) {
  SharedRead<int, std::string> shared(
      [](const Keys&, absl::Time) { return std::vector<std::string>(); });
  EXPECT_EQ(shared.Get(1, absl::InfiniteFuture()).status().code(), absl::StatusCode::kInternal);
}

// A counter only grows, so no answer may be less than what it was when the question was asked.
TEST_F(SharedReadTest, NoAnswerIsOlderThanItsQuestion) {
  std::atomic<int64_t> counter = 0;
  SharedRead<int, int64_t> shared([&](const Keys& keys, absl::Time) {
    return std::vector<int64_t>(keys.size(), counter.load());
  });
  std::atomic<int> too_old = 0;

  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 2000; ++round) {
        const int64_t asked = ++counter;
        if (*shared.Get(i, absl::InfiniteFuture()) < asked) ++too_old;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(too_old, 0);
}

}  // namespace
}  // namespace crier::batch
