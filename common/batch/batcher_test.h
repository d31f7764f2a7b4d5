// What the tests of the batcher share: a gate that work waits at, and a clock that tells who looks.
#ifndef CRIER_COMMON_BATCH_BATCHER_TEST_H_
#define CRIER_COMMON_BATCH_BATCHER_TEST_H_

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/cond_var.h"
#include "common/batch/batcher.h"
#include "gtest/gtest.h"

namespace crier::batch {

// So long that no test waits for it.
inline constexpr absl::Duration kForever = absl::Hours(1);

// After so long a test gives up on something that should have happened at once.
inline constexpr absl::Duration kPatience = absl::Seconds(30);

using Numbers = std::vector<int>;
using TestBatcher = Batcher<int, std::string>;

// Waits until `condition` holds, which is signalled by `changed` and may need `mutex`.
template <typename Condition>
void AwaitCondition(absl::Mutex& mutex, CondVar& changed, Condition condition)
    ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
  const absl::Duration end = SystemClock().Monotonic() + kPatience;
  while (!condition()) {
    if (changed.WaitUntil(&mutex, end)) {
      ADD_FAILURE() << "waited in vain";
      return;
    }
  }
}

// Tells when another thread has looked at it. Thread-safe.
class WatchedClock : public FakeClock {
 public:
  using FakeClock::FakeClock;

  absl::Duration Monotonic() const override {
    absl::MutexLock lock(&mutex_);
    if (std::this_thread::get_id() != owner_) ++looks_;
    changed_.SignalAll();
    return FakeClock::Monotonic();
  }

  // How often another thread has looked.
  int looks() const {
    absl::MutexLock lock(&mutex_);
    return looks_;
  }

  // Returns when it has looked `count` times more, or more often than `before`.
  void AwaitLooks(int count) { AwaitMoreThan(looks() + count - 1); }
  void AwaitMoreThan(int before) {
    absl::MutexLock lock(&mutex_);
    AwaitCondition(mutex_, changed_, [&] {
      mutex_.AssertHeld();
      return looks_ > before;
    });
  }

 private:
  const std::thread::id owner_ = std::this_thread::get_id();
  mutable absl::Mutex mutex_;
  mutable CondVar changed_;
  mutable int looks_ ABSL_GUARDED_BY(mutex_) = 0;
};

// Work that waits at a gate, so that a test decides what is queued while a batch runs. Thread-safe.
class GatedWork {
 public:
  TestBatcher::Work AsWork() {
    return [this](Numbers items) { return Run(std::move(items)); };
  }

  // From now on batches go through.
  void Open() {
    absl::MutexLock lock(&mutex_);
    open_ = true;
    changed_.SignalAll();
  }

  // Returns when `count` batches have begun.
  void AwaitBatches(size_t count) {
    absl::MutexLock lock(&mutex_);
    AwaitCondition(mutex_, changed_, [&] {
      mutex_.AssertHeld();
      return batches_.size() >= count;
    });
  }

  std::vector<Numbers> batches() {
    absl::MutexLock lock(&mutex_);
    return batches_;
  }

 private:
  std::vector<absl::StatusOr<std::string>> Run(Numbers items) {
    const size_t count = items.size();
    absl::MutexLock lock(&mutex_);
    batches_.push_back(std::move(items));
    changed_.SignalAll();
    while (!open_) changed_.Wait(&mutex_);
    return {count, std::string("done")};
  }

  absl::Mutex mutex_;
  CondVar changed_;
  std::vector<Numbers> batches_ ABSL_GUARDED_BY(mutex_);
  bool open_ ABSL_GUARDED_BY(mutex_) = false;
};

// Collects the results of items by number. Thread-safe.
class Results {
 public:
  TestBatcher::Done For(int item) {
    return [this, item](absl::StatusOr<std::string> result) {
      absl::MutexLock lock(&mutex_);
      results_.emplace_back(item, std::move(result));
      changed_.SignalAll();
    };
  }

  std::vector<std::pair<int, absl::StatusOr<std::string>>> Await(size_t count) {
    absl::MutexLock lock(&mutex_);
    AwaitCondition(mutex_, changed_, [&] {
      mutex_.AssertHeld();
      return results_.size() >= count;
    });
    return results_;
  }

  size_t size() {
    absl::MutexLock lock(&mutex_);
    return results_.size();
  }

 private:
  absl::Mutex mutex_;
  CondVar changed_;
  std::vector<std::pair<int, absl::StatusOr<std::string>>> results_ ABSL_GUARDED_BY(mutex_);
};

class BatcherTest : public testing::Test {
 protected:
  BatcherTest() {
    options_.gather = kForever;
    options_.max_items = 100;
  }

  void Start() { batcher_ = std::make_unique<TestBatcher>(options_, work_.AsWork(), clock_); }

  void Submit(const Numbers& items, size_t bytes = 1, size_t lane = 0) {
    for (const int item : items) {
      const absl::Status status = batcher_->Submit(item, bytes, results_.For(item), lane);
      ASSERT_TRUE(status.ok()) << status;
    }
  }

  // With two lanes, of which the first works on item 1 until the gate is opened.
  void StartWithALaneAtWork() {
    options_.workers = options_.lanes = 2;
    Start();
    Submit({1}, 1, /*lane=*/0);
    work_.AwaitBatches(1);
  }

  // Makes the batcher busy, so that it gathers: one batch of one item, then one of the two that
  // arrived meanwhile. Both items of the latter are under work when this returns, and wait at the
  // gate if it is closed.
  void MakeBusy() {
    Submit({-1});
    work_.AwaitBatches(1);
    Submit({-2, -3});
    work_.Open();
    results_.Await(3);
  }

  WatchedClock clock_{absl::UnixEpoch()};
  BatcherOptions options_;
  GatedWork work_;
  Results results_;
  std::unique_ptr<TestBatcher> batcher_;  // last: it uses all of the above
};

}  // namespace crier::batch

#endif  // CRIER_COMMON_BATCH_BATCHER_TEST_H_
