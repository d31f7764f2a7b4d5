#include "common/pg/text_format.h"

#include <cstdint>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"

namespace crier::pg {
namespace {

// Takes `width` digits off the front of `text`.
bool ConsumeDigits(absl::string_view& text, size_t width, int64_t& value) {
  if (text.size() < width) return false;
  value = 0;
  for (size_t i = 0; i < width; ++i) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(text[i]))) return false;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(width);
  return true;
}

// Takes `.123` (up to six digits) off the front of `text`, if it is there.
bool ConsumeFraction(absl::string_view& text, int64_t& micros) {
  micros = 0;
  if (!absl::ConsumePrefix(&text, ".")) return true;
  int64_t scale = 1000000;
  while (!text.empty() && absl::ascii_isdigit(static_cast<unsigned char>(text[0]))) {
    scale /= 10;
    if (scale == 0) return false;
    micros += (text[0] - '0') * scale;
    text.remove_prefix(1);
  }
  return scale != 1000000;
}

void AppendBigEndian(uint32_t number, std::string& data) {
  for (int shift = 24; shift >= 0; shift -= 8) data.push_back(static_cast<char>(number >> shift));
}

// Years have four digits, or more where they need more.
bool ConsumeYear(absl::string_view& text, int64_t& year) {
  const size_t width = text.find('-');
  return width != absl::string_view::npos && width >= 4 && width <= 6 &&
         ConsumeDigits(text, width, year);
}

}  // namespace

std::string EncodeTime(absl::Time time) {
  if (time == absl::InfiniteFuture()) return "infinity";
  if (time == absl::InfinitePast()) return "-infinity";
  // Not by way of microseconds since 1970, which end before Postgres' calendar does.
  const absl::CivilSecond second = absl::ToCivilSecond(time, absl::UTCTimeZone());
  const int64_t micros =
      absl::ToInt64Microseconds(time - absl::FromCivil(second, absl::UTCTimeZone()));
  // Postgres, like history, has no year 0: it comes out as 1 BC.
  const bool before_christ = second.year() <= 0;
  const int64_t year = before_christ ? 1 - second.year() : second.year();
  return absl::StrFormat("%04d-%02d-%02d %02d:%02d:%02d.%06d+00%s", year, second.month(),
                         second.day(), second.hour(), second.minute(), second.second(), micros,
                         before_christ ? " BC" : "");
}

std::optional<absl::Time> DecodeTime(absl::string_view text) {
  if (text == "infinity") return absl::InfiniteFuture();
  if (text == "-infinity") return absl::InfinitePast();
  int64_t year, month, day, hour, minute, second, micros;
  const bool well_formed = ConsumeYear(text, year) && absl::ConsumePrefix(&text, "-") &&
                           ConsumeDigits(text, 2, month) && absl::ConsumePrefix(&text, "-") &&
                           ConsumeDigits(text, 2, day) && absl::ConsumePrefix(&text, " ") &&
                           ConsumeDigits(text, 2, hour) && absl::ConsumePrefix(&text, ":") &&
                           ConsumeDigits(text, 2, minute) && absl::ConsumePrefix(&text, ":") &&
                           ConsumeDigits(text, 2, second) && ConsumeFraction(text, micros) &&
                           absl::ConsumePrefix(&text, "+00");
  if (!well_formed) return std::nullopt;
  if (absl::ConsumePrefix(&text, " BC")) year = 1 - year;
  if (!text.empty()) return std::nullopt;
  const absl::CivilSecond civil(year, month, day, hour, minute, second);
  return absl::FromCivil(civil, absl::UTCTimeZone()) + absl::Microseconds(micros);
}

std::string EncodeBytes(absl::string_view bytes) {
  return absl::StrCat("\\x", absl::BytesToHexString(bytes));
}

std::optional<std::string> DecodeBytes(absl::string_view text) {
  if (!absl::ConsumePrefix(&text, "\\x") || text.size() % 2 != 0) return std::nullopt;
  for (const char c : text) {
    if (!absl::ascii_isxdigit(static_cast<unsigned char>(c))) return std::nullopt;
  }
  return absl::HexStringToBytes(text);
}

std::string EncodeBinaryArray(const std::vector<std::string>& values) {
  constexpr uint32_t kByteaOid = 17;
  std::string data;
  size_t size = 5 * sizeof(uint32_t);
  for (const std::string& value : values) size += sizeof(uint32_t) + value.size();
  data.reserve(size);
  AppendBigEndian(values.empty() ? 0 : 1, data);  // dimensions
  AppendBigEndian(0, data);                       // no NULLs
  AppendBigEndian(kByteaOid, data);
  if (values.empty()) return data;
  AppendBigEndian(static_cast<uint32_t>(values.size()), data);
  AppendBigEndian(1, data);  // index of the first element
  for (const std::string& value : values) {
    AppendBigEndian(static_cast<uint32_t>(value.size()), data);
    data += value;
  }
  return data;
}

std::string QuoteIdentifier(absl::string_view name) {
  return absl::StrCat("\"", absl::StrReplaceAll(name, {{"\"", "\"\""}}), "\"");
}

void ArrayLiteral::AddPlain(absl::string_view element) {
  Separate();
  absl::StrAppend(&text_, element);
}

void ArrayLiteral::AddQuoted(absl::string_view element) {
  Separate();
  text_.push_back('"');
  for (const char c : element) {
    if (c == '"' || c == '\\') text_.push_back('\\');
    text_.push_back(c);
  }
  text_.push_back('"');
}

std::string ArrayLiteral::Finish() {
  text_.push_back('}');
  return std::exchange(text_, "{");
}

void ArrayLiteral::Separate() {
  if (text_.size() > 1) text_.push_back(',');
}

}  // namespace crier::pg
