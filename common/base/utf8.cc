#include "common/base/utf8.h"

#include <rapidjson/encodings.h>
#include <rapidjson/memorystream.h>

#include <cstdint>
#include <cstring>

namespace crier {
namespace {

constexpr char kReplacement[] = "\xEF\xBF\xBD";  // U+FFFD

// The length of the well-formed character that `text`, which is not empty, begins with; 0 if none.
size_t CharacterLength(absl::string_view text) {
  rapidjson::MemoryStream stream(text.data(), text.size());
  unsigned codepoint = 0;
  return rapidjson::UTF8<>::Decode(stream, &codepoint) ? stream.Tell() : 0;
}

// The number of ASCII characters that `text` begins with; most texts have no others.
size_t AsciiPrefixLength(absl::string_view text) {
  size_t length = 0;
  uint64_t word = 0;
  while (length + sizeof(word) <= text.size()) {
    std::memcpy(&word, text.data() + length, sizeof(word));
    if ((word & 0x8080808080808080) != 0) break;
    length += sizeof(word);
  }
  while (length < text.size() && (text[length] & 0x80) == 0) ++length;
  return length;
}

// The length of the well-formed beginning of `text`.
size_t ValidPrefixLength(absl::string_view text) {
  size_t valid = AsciiPrefixLength(text);
  while (valid < text.size()) {
    const size_t length = CharacterLength(text.substr(valid));
    if (length == 0) break;
    valid += length;
  }
  return valid;
}

}  // namespace

bool IsValidUtf8(absl::string_view text) { return ValidPrefixLength(text) == text.size(); }

std::string ReplaceInvalidUtf8(absl::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (true) {
    const size_t valid = ValidPrefixLength(text);
    result.append(text.data(), valid);
    text.remove_prefix(valid);
    if (text.empty()) return result;
    result.append(kReplacement);
    text.remove_prefix(1);
  }
}

absl::string_view TruncateUtf8(absl::string_view text, size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  const auto is_continuation = [&](size_t at) {
    return (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
  };
  while (max_bytes > 0 && is_continuation(max_bytes)) --max_bytes;
  return text.substr(0, max_bytes);
}

}  // namespace crier
