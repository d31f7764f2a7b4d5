#include "common/trace/context.h"

#include <cstring>

#include "absl/random/random.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace crier::trace {
namespace {

constexpr size_t kLength = 55;  // 2 + 1 + 32 + 1 + 16 + 1 + 2
constexpr uint8_t kSampled = 0x01;

Context& MutableCurrent() {
  static thread_local Context current;
  return current;
}

// The value of a lower-case hexadecimal digit; -1 for other characters.
int DigitValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// False when `hex` has a character that is no lower-case hexadecimal digit.
bool ParseHex(absl::string_view hex, uint8_t* bytes) {
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    const int high = DigitValue(hex[i]);
    const int low = DigitValue(hex[i + 1]);
    if (high < 0 || low < 0) return false;
    bytes[i / 2] = static_cast<uint8_t>(high << 4 | low);
  }
  return true;
}

std::string Hex(const uint8_t* bytes, size_t size) {
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(bytes), size));
}

// Ids need to be different, not secret.
template <size_t size>
void Randomize(std::array<uint8_t, size>& bytes) {
  static thread_local absl::InsecureBitGen random;
  static_assert(size % sizeof(uint64_t) == 0);
  do {
    for (size_t i = 0; i < size; i += sizeof(uint64_t)) {
      const auto word = absl::Uniform<uint64_t>(random);
      std::memcpy(&bytes[i], &word, sizeof(word));
    }
  } while (bytes == std::array<uint8_t, size>{});
}

}  // namespace

std::string Context::trace_id_hex() const { return Hex(trace_id.data(), trace_id.size()); }

std::optional<Context> ParseTraceparent(absl::string_view text) {
  if (text.size() < kLength || text[2] != '-' || text[35] != '-' || text[52] != '-') {
    return std::nullopt;
  }
  const absl::string_view version = text.substr(0, 2);
  if (version == "00" && text.size() != kLength) return std::nullopt;
  if (text.size() > kLength && text[kLength] != '-') return std::nullopt;

  Context context;
  uint8_t version_number, flags;
  const bool parsed =
      ParseHex(version, &version_number) && ParseHex(text.substr(3, 32), context.trace_id.data()) &&
      ParseHex(text.substr(36, 16), context.span_id.data()) && ParseHex(text.substr(53, 2), &flags);
  if (!parsed || version_number == 0xff || !context.valid()) return std::nullopt;
  context.sampled = (flags & kSampled) != 0;
  return context;
}

std::string FormatTraceparent(const Context& context) {
  if (!context.valid()) return "";
  return absl::StrCat("00-", context.trace_id_hex(), "-",
                      Hex(context.span_id.data(), context.span_id.size()),
                      context.sampled ? "-01" : "-00");
}

Context NewTrace(bool sampled) {
  Context context;
  Randomize(context.trace_id);
  Randomize(context.span_id);
  context.sampled = sampled;
  return context;
}

Context NewChild(const Context& parent) {
  Context child = parent;
  Randomize(child.span_id);
  return child;
}

const Context& Current() { return MutableCurrent(); }

Scope::Scope(const Context& context) : previous_(MutableCurrent()) { MutableCurrent() = context; }

Scope::~Scope() { MutableCurrent() = previous_; }

}  // namespace crier::trace
