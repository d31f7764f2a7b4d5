// Group commit: many callers share one unit of work, and each gets its own result.
#ifndef CRIER_COMMON_BATCH_BATCHER_H_
#define CRIER_COMMON_BATCH_BATCHER_H_

#include <algorithm>
#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/base/clock.h"
#include "common/status/errors.h"

namespace crier::batch {

struct BatcherOptions {
  // Items in one batch at most.
  size_t max_items = 500;
  // Bytes in one batch at most, by the sizes given to Submit; a larger single item goes alone.
  size_t max_bytes = 4 * 1024 * 1024;
  // While batches come in succession, a batch starts at the latest when its oldest item has waited
  // for so long. The first batch after a quiet time (the last one held a single item) starts at
  // once, so an idle server answers fast.
  absl::Duration gather = absl::Milliseconds(2);
  // Items and bytes that may wait; one more is refused with RESOURCE_EXHAUSTED.
  size_t max_queued_items = 4000;
  size_t max_queued_bytes = 64 * 1024 * 1024;
  // The part of both that SubmitInBulk may fill; the rest is for those who cannot wait.
  double bulk_share = 0.5;
  // Batches worked on at the same time.
  int workers = 1;
};

// Thread-safe. `work` is called from a worker thread, without locks held, with 1 to max_items
// items, and returns one result for each, in order. Every accepted item gets its callback exactly
// once, from the worker thread; items accepted before the destructor runs are still worked on.
template <typename Item, typename Result>
class Batcher {
 public:
  using Work = std::function<std::vector<absl::StatusOr<Result>>(std::vector<Item> items)>;
  using Done = std::function<void(absl::StatusOr<Result>)>;

  // `clock` tells the age of items and must outlive the batcher.
  Batcher(BatcherOptions options, Work work, const Clock& clock = SystemClock());
  // Returns when every accepted item has got its callback. Nobody may submit any more.
  ~Batcher();

  Batcher(const Batcher&) = delete;
  Batcher& operator=(const Batcher&) = delete;

  // Adds an item of about `bytes` bytes. RESOURCE_EXHAUSTED, without calling `done`, when the queue
  // is full.
  absl::Status Submit(Item item, size_t bytes, Done done);

  struct Bulk {
    Item item;
    size_t bytes;
    Done done;
  };

  // For callers that can wait: adds as many of the items, from the front, as there is room for in
  // the bulk share of the queue, and returns their number. The others are left as they were.
  size_t SubmitInBulk(absl::Span<Bulk> items);

  // Calls `wake` once, from a worker thread and without locks held, when it is worth trying again
  // to submit an item of so many bytes in bulk; nothing is reserved for whom it wakes. False,
  // without calling it, when there is room now.
  bool AwaitRoom(size_t bytes, std::function<void()> wake);

 private:
  struct Entry {
    Item item;
    size_t bytes;
    Done done;
    absl::Duration submitted;  // on the monotonic clock
  };

  void Push(Item item, size_t bytes, Done done, absl::Duration now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool HasRoomForBulk(size_t bytes) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WakeWaiters() ABSL_LOCKS_EXCLUDED(mutex_);

  void RunWorker();
  void WorkOn(std::vector<Entry> batch);

  // The next batch; empty only when the batcher is stopping and the queue is empty.
  std::vector<Entry> TakeBatch() ABSL_LOCKS_EXCLUDED(mutex_);
  void WaitForBatch() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Duration GatherTimeLeft() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::vector<Entry> PopBatch() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const BatcherOptions options_;
  const Work work_;
  const Clock& clock_;

  absl::Mutex mutex_;
  absl::CondVar changed_;
  std::deque<Entry> queue_ ABSL_GUARDED_BY(mutex_);
  size_t queued_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::function<void()>> waiters_ ABSL_GUARDED_BY(mutex_);
  bool busy_ ABSL_GUARDED_BY(mutex_) = false;  // the last batch held more than one item
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  std::vector<std::thread> workers_;  // last: they use all of the above
};

template <typename Item, typename Result>
Batcher<Item, Result>::Batcher(BatcherOptions options, Work work, const Clock& clock)
    : options_(options), work_(std::move(work)), clock_(clock) {
  for (int i = 0; i < options_.workers; ++i) workers_.emplace_back([this] { RunWorker(); });
}

template <typename Item, typename Result>
Batcher<Item, Result>::~Batcher() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    changed_.SignalAll();
  }
  for (std::thread& worker : workers_) worker.join();
}

template <typename Item, typename Result>
absl::Status Batcher<Item, Result>::Submit(Item item, size_t bytes, Done done) {
  const absl::Duration now = clock_.Monotonic();
  absl::MutexLock lock(&mutex_);
  if (queue_.size() >= options_.max_queued_items ||
      (!queue_.empty() && queued_bytes_ + bytes > options_.max_queued_bytes)) {
    return OverloadedError("the server's queue is full; retry after the given delay",
                           absl::Milliseconds(100));
  }
  Push(std::move(item), bytes, std::move(done), now);
  return absl::OkStatus();
}

template <typename Item, typename Result>
void Batcher<Item, Result>::Push(Item item, size_t bytes, Done done, absl::Duration now) {
  queue_.push_back({std::move(item), bytes, std::move(done), now});
  queued_bytes_ += bytes;
  // One worker needs to hear of the first item; after that only when there is nothing more to wait
  // for, so that gathering does not cost a wake-up an item.
  if (queue_.size() == 1 || GatherTimeLeft() <= absl::ZeroDuration()) changed_.Signal();
}

template <typename Item, typename Result>
size_t Batcher<Item, Result>::SubmitInBulk(absl::Span<Bulk> items) {
  const absl::Duration now = clock_.Monotonic();
  absl::MutexLock lock(&mutex_);
  size_t count = 0;
  while (count < items.size() && HasRoomForBulk(items[count].bytes)) {
    Bulk& bulk = items[count++];
    Push(std::move(bulk.item), bulk.bytes, std::move(bulk.done), now);
  }
  return count;
}

template <typename Item, typename Result>
bool Batcher<Item, Result>::HasRoomForBulk(size_t bytes) const {
  const auto share = [&](size_t limit) { return static_cast<double>(limit) * options_.bulk_share; };
  return queue_.empty() ||
         (static_cast<double>(queue_.size()) < share(options_.max_queued_items) &&
          static_cast<double>(queued_bytes_ + bytes) <= share(options_.max_queued_bytes));
}

template <typename Item, typename Result>
bool Batcher<Item, Result>::AwaitRoom(size_t bytes, std::function<void()> wake) {
  absl::MutexLock lock(&mutex_);
  if (HasRoomForBulk(bytes)) return false;
  waiters_.push_back(std::move(wake));
  return true;
}

template <typename Item, typename Result>
void Batcher<Item, Result>::WakeWaiters() {
  std::vector<std::function<void()>> waiters;
  {
    absl::MutexLock lock(&mutex_);
    if (!waiters_.empty() && HasRoomForBulk(0)) waiters.swap(waiters_);
  }
  for (const auto& wake : waiters) wake();
}

// How long a batch of what is queued, at least one item, may still be put off.
template <typename Item, typename Result>
absl::Duration Batcher<Item, Result>::GatherTimeLeft() const {
  if (!busy_ || stopping_ || queue_.size() >= options_.max_items ||
      queued_bytes_ >= options_.max_bytes) {
    return absl::ZeroDuration();
  }
  return queue_.front().submitted + options_.gather - clock_.Monotonic();
}

// Returns when there is a batch to take, or none will ever come. Looks again after each wake-up:
// it may be spurious, and another worker may have taken the items. The wait itself is by the wall
// clock, which may step; the age of items is not.
template <typename Item, typename Result>
void Batcher<Item, Result>::WaitForBatch() {
  while (true) {
    if (queue_.empty()) {
      if (stopping_) return;
      changed_.Wait(&mutex_);
      continue;
    }
    const absl::Duration left = GatherTimeLeft();
    if (left <= absl::ZeroDuration()) return;
    changed_.WaitWithTimeout(&mutex_, left);
  }
}

template <typename Item, typename Result>
std::vector<typename Batcher<Item, Result>::Entry> Batcher<Item, Result>::PopBatch() {
  std::vector<Entry> batch;
  size_t bytes = 0;
  while (!queue_.empty() && batch.size() < options_.max_items &&
         (batch.empty() || bytes + queue_.front().bytes <= options_.max_bytes)) {
    bytes += queue_.front().bytes;
    batch.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  queued_bytes_ -= bytes;
  return batch;
}

template <typename Item, typename Result>
std::vector<typename Batcher<Item, Result>::Entry> Batcher<Item, Result>::TakeBatch() {
  absl::MutexLock lock(&mutex_);
  WaitForBatch();
  std::vector<Entry> batch = PopBatch();
  busy_ = batch.size() > 1;
  // What is left is for another worker, which may have been woken for the items just taken.
  if (!queue_.empty()) changed_.Signal();
  return batch;
}

template <typename Item, typename Result>
void Batcher<Item, Result>::WorkOn(std::vector<Entry> batch) {
  std::vector<Item> items;
  items.reserve(batch.size());
  for (Entry& entry : batch) items.push_back(std::move(entry.item));
  std::vector<absl::StatusOr<Result>> results = work_(std::move(items));
  for (size_t i = 0; i < batch.size(); ++i) {
    batch[i].done(i < results.size()
                      ? std::move(results[i])
                      : absl::InternalError("the batch returned fewer results than items"));
  }
}

template <typename Item, typename Result>
void Batcher<Item, Result>::RunWorker() {
  while (true) {
    std::vector<Entry> batch = TakeBatch();
    WakeWaiters();
    if (batch.empty()) return;
    WorkOn(std::move(batch));
  }
}

}  // namespace crier::batch

#endif  // CRIER_COMMON_BATCH_BATCHER_H_
