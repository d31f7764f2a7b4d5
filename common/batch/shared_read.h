// Group reading: what many ask at the same time is read at once.
#ifndef CRIER_COMMON_BATCH_SHARED_READ_H_
#define CRIER_COMMON_BATCH_SHARED_READ_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/cond_var.h"

namespace crier::batch {

// For threads that wait for an answer which must be as new as their question. While one of them
// reads, whoever comes waits for the next reading, which one of those does for all. Without others
// a caller reads at once, on its own thread; a Batcher would hand the question to a thread of its
// own and back. Thread-safe.
template <typename Key, typename Value>
class SharedRead {
 public:
  // Reads a value for each key, in order. Called by one thread at a time, without locks held.
  using Read = std::function<absl::StatusOr<std::vector<Value>>(const std::vector<Key>& keys,
                                                                absl::Time deadline)>;

  explicit SharedRead(Read read) : read_(std::move(read)) {}

  // The value by a reading that began after this call. A failure, also one by the deadline of the
  // caller who reads, is that of all who share the reading. DEADLINE_EXCEEDED when the reading
  // before took until `deadline`.
  absl::StatusOr<Value> Get(const Key& key, absl::Time deadline);

  // How many wait for a reading that has not begun.
  size_t waiting() const;

 private:
  struct Round {
    std::vector<Key> keys;  // until the reading begins
    std::vector<Value> values;
    absl::Status status;
    bool over = false;
    CondVar changed;  // over, or nobody reads any more
  };

  // Reads for all who have asked until now.
  void ReadRound(absl::Time deadline) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Read read_;

  mutable absl::Mutex mutex_;
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
  // The reading that has not begun; those who wait share it.
  std::shared_ptr<Round> next_ ABSL_GUARDED_BY(mutex_) = std::make_shared<Round>();
};

template <typename Key, typename Value>
absl::StatusOr<Value> SharedRead<Key, Value>::Get(const Key& key, absl::Time deadline) {
  absl::MutexLock lock(&mutex_);
  const std::shared_ptr<Round> round = next_;
  const size_t place = round->keys.size();
  round->keys.push_back(key);
  const absl::Duration end = MonotonicAt(deadline);
  bool late = false;
  while (!round->over) {
    if (!reading_) {
      ReadRound(deadline);
    } else if (late) {
      return absl::DeadlineExceededError("an earlier reading took until the deadline");
    } else {
      late = round->changed.WaitUntil(&mutex_, end);
    }
  }
  if (!round->status.ok()) return round->status;
  return round->values[place];
}

// Only when nobody reads: so the caller's round is the one that has not begun.
template <typename Key, typename Value>
void SharedRead<Key, Value>::ReadRound(absl::Time deadline) {
  const std::shared_ptr<Round> round = std::exchange(next_, std::make_shared<Round>());
  reading_ = true;
  mutex_.Unlock();
  absl::StatusOr<std::vector<Value>> values = read_(round->keys, deadline);
  mutex_.Lock();
  reading_ = false;
  round->status = values.status();
  if (values.ok()) round->values = *std::move(values);
  if (round->status.ok() && round->values.size() != round->keys.size()) {
    round->status = absl::InternalError("the reading has returned another number than asked for");
  }
  round->over = true;
  round->changed.SignalAll();
  next_->changed.Signal();
}

template <typename Key, typename Value>
size_t SharedRead<Key, Value>::waiting() const {
  absl::MutexLock lock(&mutex_);
  return next_->keys.size();
}

}  // namespace crier::batch

#endif  // CRIER_COMMON_BATCH_SHARED_READ_H_
