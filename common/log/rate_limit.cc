#include "common/log/rate_limit.h"

#include <algorithm>
#include <utility>

namespace crier::log {

std::optional<int64_t> RateLimit::Admit(absl::string_view site, absl::Duration now) {
  absl::MutexLock lock(&mutex_);
  auto found = buckets_.find(std::string(site));
  if (found == buckets_.end()) {
    const bool room = buckets_.size() < kMaxSites;
    found = buckets_.try_emplace(room ? std::string(site) : "", Bucket{kBurst, now}).first;
  }
  Bucket& bucket = found->second;
  const double earned = absl::ToDoubleSeconds(now - bucket.filled) * kLinesPerSecond;
  bucket.lines = std::min(kBurst, bucket.lines + earned);
  bucket.filled = now;
  if (bucket.lines < 1) {
    ++bucket.suppressed;
    return std::nullopt;
  }
  bucket.lines -= 1;
  return std::exchange(bucket.suppressed, 0);
}

}  // namespace crier::log
