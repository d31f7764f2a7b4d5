#include "common/base/message_id.h"

#include <algorithm>

#include "absl/numeric/int128.h"
#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"

namespace crier {
namespace {

// The fields of a UUIDv7 (RFC 9562), from the most significant bit: 48 bits of milliseconds since
// 1970, 4 of version, 12 of randomness, 2 of variant, 62 of randomness.
constexpr int kRandomBits = 74;
constexpr int kLowRandomBits = 62;
constexpr int64_t kMaxMillis = (int64_t{1} << 48) - 1;
constexpr uint64_t kVersion = 7;
constexpr uint64_t kVariant = 2;

// What clocks are corrected by as a rule is less, and ids ascend through it.
constexpr absl::Duration kMaxLead = absl::Seconds(1);

// Crockford's base32. Its digits ascend in ASCII, so that texts sort like the ids.
constexpr absl::string_view kDigits = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr absl::string_view kPrefix = "msg_";
constexpr size_t kDigitCount = 26;

absl::uint128 ToInteger(const std::array<uint8_t, 16>& bytes) {
  absl::uint128 value = 0;
  for (const uint8_t byte : bytes) value = (value << 8) | byte;
  return value;
}

std::array<uint8_t, 16> ToBytes(absl::uint128 value) {
  std::array<uint8_t, 16> bytes;
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte, value >>= 8) {
    *byte = static_cast<uint8_t>(absl::Uint128Low64(value));
  }
  return bytes;
}

// Version and variant are fixed, so the rest of an id is one counter: milliseconds, then
// randomness.
MessageId FromCounter(absl::uint128 counter) {
  const uint64_t low = absl::Uint128Low64(counter) & ((uint64_t{1} << kLowRandomBits) - 1);
  const uint64_t above = absl::Uint128Low64(counter >> kLowRandomBits);  // time and 12 bits
  const uint64_t high = (above >> 12) << 16 | kVersion << 12 | (above & 0xFFF);
  return MessageId(ToBytes(absl::MakeUint128(high, kVariant << kLowRandomBits | low)));
}

int64_t ClampedMillis(absl::Time time) {
  return std::clamp<int64_t>(absl::ToUnixMillis(time), 0, kMaxMillis);
}

absl::uint128 FirstCounterAt(absl::Time time) {
  return absl::uint128(ClampedMillis(time)) << kRandomBits;
}

}  // namespace

MessageId MessageId::FirstAt(absl::Time time) { return FromCounter(FirstCounterAt(time)); }

absl::StatusOr<MessageId> MessageId::FromString(absl::string_view text) {
  const absl::Status malformed = absl::InvalidArgumentError(absl::StrCat(
      "a message id is `", kPrefix, "` and ", kDigitCount, " lower-case letters and digits"));
  if (!absl::ConsumePrefix(&text, kPrefix) || text.size() != kDigitCount) return malformed;
  // 26 digits hold two bits more than an id.
  if (text.front() > '7') return malformed;
  absl::uint128 value = 0;
  for (const char digit : text) {
    const size_t digit_value = kDigits.find(digit);
    if (digit_value == absl::string_view::npos) return malformed;
    value = (value << 5) | digit_value;
  }
  return MessageId(ToBytes(value));
}

absl::StatusOr<MessageId> MessageId::FromUuid(absl::string_view uuid) {
  const absl::Status malformed =
      absl::InvalidArgumentError("a uuid is 36 characters, xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
  if (uuid.size() != 36) return malformed;
  for (size_t i = 0; i < uuid.size(); ++i) {
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (is_dash ? uuid[i] != '-' : !absl::ascii_isxdigit(uuid[i])) return malformed;
  }
  const std::string raw = absl::HexStringToBytes(absl::StrReplaceAll(uuid, {{"-", ""}}));
  std::array<uint8_t, 16> bytes;
  std::copy_n(raw.begin(), bytes.size(), bytes.begin());
  return MessageId(bytes);
}

std::string MessageId::ToString() const {
  std::string digits(kDigitCount, '0');
  absl::uint128 value = ToInteger(bytes_);
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, value >>= 5) {
    *digit = kDigits[absl::Uint128Low64(value) & 31];
  }
  return absl::StrCat(kPrefix, digits);
}

std::string MessageId::ToUuid() const {
  const std::string hex = absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(bytes_.data()), bytes_.size()));
  const absl::string_view view = hex;
  return absl::StrCat(view.substr(0, 8), "-", view.substr(8, 4), "-", view.substr(12, 4), "-",
                      view.substr(16, 4), "-", view.substr(20));
}

absl::Time MessageId::time() const {
  return absl::FromUnixMillis(static_cast<int64_t>(absl::Uint128High64(ToInteger(bytes_)) >> 16));
}

MessageId MessageIdGenerator::Next() {
  const absl::Time now = clock_.Now();
  absl::MutexLock lock(&mutex_);
  const absl::uint128 random =
      absl::MakeUint128(absl::Uniform<uint64_t>(random_), absl::Uniform<uint64_t>(random_)) >>
      (128 - kRandomBits);
  const absl::uint128 counter = FirstCounterAt(now) | random;
  // Within one millisecond, or when the clock has stepped back a little, the id after the last one;
  // it may run into the next millisecond.
  const bool follows = last_counter_ < FirstCounterAt(now + kMaxLead);
  last_counter_ = follows ? std::max(counter, last_counter_ + 1) : counter;
  return FromCounter(last_counter_);
}

}  // namespace crier
