// Group commit: many callers share one unit of work, and each gets its own result.
#ifndef CRIER_COMMON_BATCH_BATCHER_H_
#define CRIER_COMMON_BATCH_BATCHER_H_

#include <algorithm>
#include <cstddef>
#include <deque>
#include <functional>
#include <iterator>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/cond_var.h"
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
  // Items and bytes that may wait in a lane; one more is refused with RESOURCE_EXHAUSTED.
  size_t max_queued_items = 4000;
  size_t max_queued_bytes = 64 * 1024 * 1024;
  // The part of both that SubmitInBulk may fill; the rest is for those who cannot wait.
  double bulk_share = 0.5;
  // Batches worked on at the same time.
  int workers = 1;
  // Divides the workers. Each lane has a queue of its own, whose batches are begun in the order of
  // its items, `workers / lanes` at a time.
  int lanes = 1;
  // What waits in all free lanes makes one batch when it is less than so many items twice; and
  // fewer items than these are not worked on beside another batch, which would cost more than it
  // gains, but when the oldest of them has waited for `patience`.
  size_t worth_a_batch = 1;
  absl::Duration patience = absl::Milliseconds(20);
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

  // Adds an item of about `bytes` bytes to a lane. RESOURCE_EXHAUSTED, without calling `done`, when
  // its queue is full.
  absl::Status Submit(Item item, size_t bytes, Done done, size_t lane = 0);

  struct Bulk {
    Item item;
    size_t bytes;
    Done done;
    size_t lane = 0;
  };

  // As Submit(), for callers that can wait. False when there is no room in the bulk share of the
  // lane: then `bulk` is left as it was.
  [[nodiscard]] bool SubmitInBulk(Bulk& bulk);

  // Calls `wake` once, from a worker thread and without locks held, when it is worth trying again
  // to submit an item of so many bytes in bulk; nothing is reserved for whom it wakes. False,
  // without calling it, when there is room now.
  bool AwaitRoom(size_t bytes, std::function<void()> wake, size_t lane = 0);

 private:
  struct Entry {
    Item item;
    size_t bytes;
    Done done;
    absl::Duration submitted;  // on the monotonic clock
  };

  struct Lane {
    std::deque<Entry> queue;
    size_t bytes = 0;  // of the queue
    int at_work = 0;   // batches with items of the lane
    std::vector<std::function<void()>> waiters;
  };

  struct Batch {
    std::vector<Entry> entries;
    std::vector<Lane*> lanes;  // that the entries are of
  };

  // What waits in the lanes that another batch may be begun of.
  struct Waiting {
    size_t items = 0;
    absl::Duration oldest = absl::InfiniteDuration();
    bool full = false;  // no batch could hold more
  };

  void Push(Lane& lane, Item item, size_t bytes, Done done, absl::Duration now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool HasRoomForBulk(const Lane& lane, size_t bytes) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WakeWaiters() ABSL_LOCKS_EXCLUDED(mutex_);

  void RunWorker();
  void WorkOn(Batch batch);

  // The next batch; empty only when the batcher is stopping and the queues are empty.
  Batch TakeBatch() ABSL_LOCKS_EXCLUDED(mutex_);
  void WaitForBatch() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool IsFree(const Lane& lane) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Waiting WhatWaits() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool AnyWaits() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Duration TimeToBatch() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Batch PopBatch() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void PopFrom(Lane& lane, size_t& bytes, Batch& batch) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Release(const Batch& batch) ABSL_LOCKS_EXCLUDED(mutex_);

  const BatcherOptions options_;
  const Work work_;
  const Clock& clock_;

  absl::Mutex mutex_;
  CondVar changed_;
  std::vector<Lane> lanes_ ABSL_GUARDED_BY(mutex_);
  int at_work_ ABSL_GUARDED_BY(mutex_) = 0;        // batches
  size_t last_items_ ABSL_GUARDED_BY(mutex_) = 0;  // of the batch that was begun last
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  std::vector<std::thread> workers_;  // last: they use all of the above
};

template <typename Item, typename Result>
Batcher<Item, Result>::Batcher(BatcherOptions options, Work work, const Clock& clock)
    : options_(options),
      work_(std::move(work)),
      clock_(clock),
      lanes_(static_cast<size_t>(options.lanes)) {
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
absl::Status Batcher<Item, Result>::Submit(Item item, size_t bytes, Done done, size_t lane_index) {
  const absl::Duration now = clock_.Monotonic();
  absl::MutexLock lock(&mutex_);
  Lane& lane = lanes_[lane_index];
  if (lane.queue.size() >= options_.max_queued_items ||
      (!lane.queue.empty() && lane.bytes + bytes > options_.max_queued_bytes)) {
    return OverloadedError("the server's queue is full; retry after the given delay",
                           absl::Milliseconds(100));
  }
  Push(lane, std::move(item), bytes, std::move(done), now);
  return absl::OkStatus();
}

template <typename Item, typename Result>
void Batcher<Item, Result>::Push(Lane& lane, Item item, size_t bytes, Done done,
                                 absl::Duration now) {
  lane.queue.push_back({std::move(item), bytes, std::move(done), now});
  lane.bytes += bytes;
  // One worker needs to hear of the first item; after that only when there is nothing more to wait
  // for, so that gathering does not cost a wake-up an item.
  if (lane.queue.size() == 1 || TimeToBatch() <= absl::ZeroDuration()) changed_.Signal();
}

template <typename Item, typename Result>
bool Batcher<Item, Result>::SubmitInBulk(Bulk& bulk) {
  const absl::Duration now = clock_.Monotonic();
  absl::MutexLock lock(&mutex_);
  Lane& lane = lanes_[bulk.lane];
  if (!HasRoomForBulk(lane, bulk.bytes)) return false;
  Push(lane, std::move(bulk.item), bulk.bytes, std::move(bulk.done), now);
  return true;
}

template <typename Item, typename Result>
bool Batcher<Item, Result>::HasRoomForBulk(const Lane& lane, size_t bytes) const {
  const auto share = [&](size_t limit) { return static_cast<double>(limit) * options_.bulk_share; };
  return lane.queue.empty() ||
         (static_cast<double>(lane.queue.size()) < share(options_.max_queued_items) &&
          static_cast<double>(lane.bytes + bytes) <= share(options_.max_queued_bytes));
}

template <typename Item, typename Result>
bool Batcher<Item, Result>::AwaitRoom(size_t bytes, std::function<void()> wake, size_t lane_index) {
  absl::MutexLock lock(&mutex_);
  Lane& lane = lanes_[lane_index];
  if (HasRoomForBulk(lane, bytes)) return false;
  lane.waiters.push_back(std::move(wake));
  return true;
}

template <typename Item, typename Result>
void Batcher<Item, Result>::WakeWaiters() {
  std::vector<std::function<void()>> waiters;
  {
    absl::MutexLock lock(&mutex_);
    for (Lane& lane : lanes_) {
      if (lane.waiters.empty() || !HasRoomForBulk(lane, 0)) continue;
      std::move(lane.waiters.begin(), lane.waiters.end(), std::back_inserter(waiters));
      lane.waiters.clear();
    }
  }
  for (const auto& wake : waiters) wake();
}

template <typename Item, typename Result>
bool Batcher<Item, Result>::IsFree(const Lane& lane) const {
  return lane.at_work < options_.workers / options_.lanes;
}

template <typename Item, typename Result>
typename Batcher<Item, Result>::Waiting Batcher<Item, Result>::WhatWaits() const {
  Waiting waiting;
  for (const Lane& lane : lanes_) {
    if (lane.queue.empty() || !IsFree(lane)) continue;
    waiting.items += lane.queue.size();
    waiting.oldest = std::min(waiting.oldest, lane.queue.front().submitted);
    waiting.full =
        waiting.full || lane.queue.size() >= options_.max_items || lane.bytes >= options_.max_bytes;
  }
  return waiting;
}

template <typename Item, typename Result>
bool Batcher<Item, Result>::AnyWaits() const {
  return std::any_of(lanes_.begin(), lanes_.end(),
                     [](const Lane& lane) { return !lane.queue.empty(); });
}

// How long no batch may be begun yet; for ever, when one must end before.
template <typename Item, typename Result>
absl::Duration Batcher<Item, Result>::TimeToBatch() const {
  const Waiting waiting = WhatWaits();
  if (waiting.items == 0) return absl::InfiniteDuration();
  if (waiting.full || stopping_) return absl::ZeroDuration();
  absl::Duration start = -absl::InfiniteDuration();
  if (at_work_ > 0 && waiting.items < options_.worth_a_batch) {
    start = waiting.oldest + options_.patience;
  } else if (last_items_ > 1) {
    start = waiting.oldest + options_.gather;
  }
  return start - clock_.Monotonic();
}

// Returns when there is a batch to take, or none will ever come. Looks again after each wake-up:
// it may be spurious, and another worker may have taken the items.
template <typename Item, typename Result>
void Batcher<Item, Result>::WaitForBatch() {
  while (true) {
    if (stopping_ && !AnyWaits()) return;
    const absl::Duration left = TimeToBatch();
    if (left <= absl::ZeroDuration()) return;
    changed_.WaitWithTimeout(&mutex_, left);
  }
}

template <typename Item, typename Result>
void Batcher<Item, Result>::PopFrom(Lane& lane, size_t& bytes, Batch& batch) {
  std::vector<Entry>& entries = batch.entries;
  const size_t before = entries.size();
  while (!lane.queue.empty() && entries.size() < options_.max_items &&
         (entries.empty() || bytes + lane.queue.front().bytes <= options_.max_bytes)) {
    bytes += lane.queue.front().bytes;
    lane.bytes -= lane.queue.front().bytes;
    entries.push_back(std::move(lane.queue.front()));
    lane.queue.pop_front();
  }
  if (entries.size() == before) return;
  ++lane.at_work;
  batch.lanes.push_back(&lane);
}

// Of all free lanes when that is little, otherwise of the fullest.
template <typename Item, typename Result>
typename Batcher<Item, Result>::Batch Batcher<Item, Result>::PopBatch() {
  Batch batch;
  size_t bytes = 0;
  Lane* fullest = nullptr;
  for (Lane& lane : lanes_) {
    if (!IsFree(lane)) continue;
    if (fullest == nullptr || lane.queue.size() > fullest->queue.size()) fullest = &lane;
  }
  if (fullest == nullptr) return batch;
  const bool little = WhatWaits().items < 2 * options_.worth_a_batch;
  PopFrom(*fullest, bytes, batch);
  for (Lane& lane : lanes_) {
    if (little && &lane != fullest && IsFree(lane)) PopFrom(lane, bytes, batch);
  }
  return batch;
}

template <typename Item, typename Result>
typename Batcher<Item, Result>::Batch Batcher<Item, Result>::TakeBatch() {
  absl::MutexLock lock(&mutex_);
  WaitForBatch();
  Batch batch = PopBatch();
  if (batch.entries.empty()) return batch;
  ++at_work_;
  last_items_ = batch.entries.size();
  // What is left is for another worker, which may have been woken for the items just taken.
  if (AnyWaits()) changed_.Signal();
  return batch;
}

// The work on the batch is done, though its callers have yet to hear of it.
template <typename Item, typename Result>
void Batcher<Item, Result>::Release(const Batch& batch) {
  absl::MutexLock lock(&mutex_);
  --at_work_;
  for (Lane* const lane : batch.lanes) --lane->at_work;
  if (stopping_) {
    // Those who waited for a lane to be free may have nothing left to wait for.
    changed_.SignalAll();
  } else if (AnyWaits()) {
    changed_.Signal();
  }
}

template <typename Item, typename Result>
void Batcher<Item, Result>::WorkOn(Batch batch) {
  std::vector<Item> items;
  items.reserve(batch.entries.size());
  for (Entry& entry : batch.entries) items.push_back(std::move(entry.item));
  std::vector<absl::StatusOr<Result>> results = work_(std::move(items));
  Release(batch);
  for (size_t i = 0; i < batch.entries.size(); ++i) {
    batch.entries[i].done(i < results.size()
                              ? std::move(results[i])
                              : absl::InternalError("the batch returned fewer results than items"));
  }
}

template <typename Item, typename Result>
void Batcher<Item, Result>::RunWorker() {
  while (true) {
    Batch batch = TakeBatch();
    WakeWaiters();
    if (batch.entries.empty()) return;
    WorkOn(std::move(batch));
  }
}

}  // namespace crier::batch

#endif  // CRIER_COMMON_BATCH_BATCHER_H_
