#include "services/evaluator/domain/limits/send_rate.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace crier::evaluator {
namespace {

// Beyond this many, those that are full again are forgotten.
constexpr size_t kSweepAbove = 10'000;

}  // namespace

int64_t SendRate::Allowance(int64_t community, absl::Duration now) {
  if (per_second_ == 0) return std::numeric_limits<int64_t>::max();
  absl::MutexLock lock(&mutex_);
  return std::max<int64_t>(0, static_cast<int64_t>(std::floor(Fill(community, now).level)));
}

void SendRate::Take(int64_t community, int64_t count, absl::Duration now) {
  if (per_second_ == 0) return;
  absl::MutexLock lock(&mutex_);
  Fill(community, now).level -= static_cast<double>(count);
}

absl::Duration SendRate::Book(int64_t community, absl::Duration now) {
  if (per_second_ == 0) return absl::ZeroDuration();
  absl::MutexLock lock(&mutex_);
  Bucket& bucket = Fill(community, now);
  bucket.level -= 1;
  return absl::Seconds(std::max(0.0, -bucket.level / static_cast<double>(per_second_)));
}

void SendRate::Owe(int64_t community, absl::Duration until_full, absl::Duration now) {
  if (per_second_ == 0) return;
  absl::MutexLock lock(&mutex_);
  const double rate = static_cast<double>(per_second_);
  Bucket& bucket = Fill(community, now);
  bucket.level = std::min(bucket.level, rate - absl::ToDoubleSeconds(until_full) * rate);
}

int SendRate::waiting(absl::Duration now) const {
  absl::MutexLock lock(&mutex_);
  return static_cast<int>(std::count_if(buckets_.begin(), buckets_.end(), [&](const auto& entry) {
    return LevelAt(entry.second, now) < 0;
  }));
}

absl::Duration SendRate::UntilFull(int64_t community, absl::Duration now) {
  if (per_second_ == 0) return absl::ZeroDuration();
  absl::MutexLock lock(&mutex_);
  const double rate = static_cast<double>(per_second_);
  return absl::Seconds((rate - Fill(community, now).level) / rate);
}

double SendRate::LevelAt(const Bucket& bucket, absl::Duration now) const {
  const double rate = static_cast<double>(per_second_);
  return std::min(rate, bucket.level + absl::ToDoubleSeconds(now - bucket.time) * rate);
}

SendRate::Bucket& SendRate::Fill(int64_t community, absl::Duration now) {
  const double rate = static_cast<double>(per_second_);
  if (buckets_.size() > kSweepAbove) {
    absl::erase_if(buckets_, [&](const auto& entry) { return LevelAt(entry.second, now) >= rate; });
  }
  const auto [entry, is_new] = buckets_.try_emplace(community);
  Bucket& bucket = entry->second;
  bucket.level = is_new ? rate : LevelAt(bucket, now);
  bucket.time = now;
  return bucket;
}

}  // namespace crier::evaluator
