// Values on their way to Postgres and back: each arrives as it was, and text from elsewhere is read
// or refused.
#include <fuzzer/FuzzedDataProvider.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "common/pg/text_format.h"
#include "tests/support/fuzzing.h"

namespace crier::pg {
namespace {

using tests::FuzzCheck;

using Elements = std::vector<std::optional<std::string>>;

// One element of an array literal, by Postgres' rules for arrays of text.
std::optional<std::string> ReadElement(absl::string_view& text) {
  if (absl::ConsumePrefix(&text, "NULL")) return std::nullopt;
  FuzzCheck(absl::ConsumePrefix(&text, "\""), "an element that is not NULL is in quotes");
  std::string element;
  while (!text.empty() && text.front() != '"') {
    if (text.front() == '\\') text.remove_prefix(1);
    FuzzCheck(!text.empty(), "an escape is followed by what it escapes");
    element.push_back(text.front());
    text.remove_prefix(1);
  }
  FuzzCheck(absl::ConsumePrefix(&text, "\""), "a quote is closed");
  return element;
}

Elements ReadArray(absl::string_view text) {
  Elements elements;
  FuzzCheck(absl::ConsumePrefix(&text, "{"), "an array begins with a brace");
  while (!absl::ConsumePrefix(&text, "}")) {
    if (!elements.empty()) FuzzCheck(absl::ConsumePrefix(&text, ","), "commas part elements");
    elements.push_back(ReadElement(text));
  }
  FuzzCheck(text.empty(), "an array ends with a brace");
  return elements;
}

uint32_t ReadBigEndian(absl::string_view& bytes) {
  FuzzCheck(bytes.size() >= 4, "a number has four bytes");
  uint32_t number = 0;
  for (int i = 0; i < 4; ++i) number = number << 8 | static_cast<uint8_t>(bytes[i]);
  bytes.remove_prefix(4);
  return number;
}

std::vector<std::string> ReadBinaryArray(absl::string_view bytes) {
  std::vector<std::string> values;
  const uint32_t dimensions = ReadBigEndian(bytes);
  FuzzCheck(ReadBigEndian(bytes) == 0, "there are no NULLs");
  FuzzCheck(ReadBigEndian(bytes) == 17, "the elements are bytea");
  if (dimensions != 0) {
    const uint32_t count = ReadBigEndian(bytes);
    FuzzCheck(ReadBigEndian(bytes) == 1, "the first element is number 1");
    for (uint32_t i = 0; i < count; ++i) {
      const uint32_t size = ReadBigEndian(bytes);
      FuzzCheck(size <= bytes.size(), "a value has the size that it says");
      values.emplace_back(bytes.substr(0, size));
      bytes.remove_prefix(size);
    }
  }
  FuzzCheck(bytes.empty(), "nothing follows the last value");
  return values;
}

void CheckArrays(FuzzedDataProvider& input) {
  ArrayLiteral literal;
  Elements elements;
  std::vector<std::string> values;
  while (input.remaining_bytes() > 0 && elements.size() < 100) {
    if (input.ConsumeBool()) {
      literal.AddNull();
      elements.push_back(std::nullopt);
    } else {
      const std::string value = input.ConsumeRandomLengthString(64);
      literal.AddQuoted(value);
      elements.emplace_back(value);
      values.push_back(value);
    }
  }
  FuzzCheck(ReadArray(literal.Finish()) == elements, "an array literal keeps its elements");
  FuzzCheck(ReadBinaryArray(EncodeBinaryArray(values)) == values, "a bytea[] keeps its values");
}

void CheckTimes(int64_t micros, absl::string_view text) {
  // What Postgres can hold of what EncodeTime can write: years -4712 to 294276.
  constexpr int64_t kFirst = -210'866'803'200'000'000, kLast = 9'223'371'331'200'000'000;
  if (micros >= kFirst && micros <= kLast) {
    const absl::Time time = absl::FromUnixMicros(micros);
    FuzzCheck(DecodeTime(EncodeTime(time)) == time, "a time keeps its microseconds");
  }
  const std::optional<absl::Time> read = DecodeTime(text);
  if (read) FuzzCheck(DecodeTime(EncodeTime(*read)) == read, "a time that was read can be written");
}

void CheckBytes(absl::string_view text) {
  FuzzCheck(DecodeBytes(EncodeBytes(text)) == text, "a bytea keeps its bytes");
  const std::optional<std::string> read = DecodeBytes(text);
  if (read) FuzzCheck(EncodeBytes(*read).size() == text.size(), "two digits are a byte");
}

}  // namespace
}  // namespace crier::pg

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text = crier::tests::FuzzText(data, size);
  crier::pg::CheckBytes(text);
  FuzzedDataProvider input(data, size);
  crier::pg::CheckTimes(input.ConsumeIntegral<int64_t>(), text);
  crier::pg::CheckArrays(input);
  return 0;
}
