#include "tools/crierctl/ingest/backoff.h"

#include <algorithm>

namespace crier::crierctl {
namespace {

constexpr absl::Duration kFirst = absl::Milliseconds(100);
constexpr absl::Duration kLongest = absl::Seconds(10);

}  // namespace

std::optional<absl::Duration> Backoff::Next(std::optional<absl::Duration> retry_after) {
  if (waits_ == kMaxWaits) return std::nullopt;
  const absl::Duration wait = std::min(kLongest, kFirst * (1 << waits_++));
  return std::max(wait * absl::Uniform(random_, 0.5, 1.5),
                  retry_after.value_or(absl::ZeroDuration()));
}

}  // namespace crier::crierctl
