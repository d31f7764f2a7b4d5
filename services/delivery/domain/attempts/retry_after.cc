#include "services/delivery/domain/attempts/retry_after.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"

namespace crier::delivery {
namespace {

// RFC 9110, section 5.6.7: as HTTP writes dates now, and two ways in which it once did. Nobody says
// what is in them of time zones: it is always GMT.
constexpr const char* kDateFormats[] = {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT",
                                        "%a %b %e %H:%M:%S %Y"};

// Seconds beyond this are as good as for ever, and are no trouble to compute with.
constexpr absl::Duration kMost = absl::Hours(24 * 366);

bool IsNumber(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

}  // namespace

std::optional<absl::Duration> ParseRetryAfter(absl::string_view value, absl::Time now) {
  const absl::string_view text = absl::StripAsciiWhitespace(value);
  if (IsNumber(text)) {
    int64_t seconds = 0;
    const bool fits = absl::SimpleAtoi(text, &seconds);
    return fits ? std::min(absl::Seconds(seconds), kMost) : kMost;
  }
  for (const char* const format : kDateFormats) {
    absl::Time time;
    if (!absl::ParseTime(format, text, &time, nullptr)) continue;
    // By every format, `infinite-future` and `infinite-past` are times, too.
    if (time == absl::InfiniteFuture() || time == absl::InfinitePast()) return std::nullopt;
    return std::clamp(time - now, absl::ZeroDuration(), kMost);
  }
  return std::nullopt;
}

std::optional<absl::Duration> RetryAfter(const std::vector<Header>& headers, absl::Time now) {
  for (const Header& header : headers) {
    if (header.name == "retry-after") return ParseRetryAfter(header.value, now);
  }
  return std::nullopt;
}

}  // namespace crier::delivery
