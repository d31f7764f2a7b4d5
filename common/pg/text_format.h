// Values as Postgres reads and writes them, mostly in its text format. Internal to common/pg.
//
// Sessions run with TimeZone UTC, DateStyle ISO and bytea_output hex (connection_settings.h), which
// is what the decoders expect.
#ifndef CRIER_COMMON_PG_TEXT_FORMAT_H_
#define CRIER_COMMON_PG_TEXT_FORMAT_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace crier::pg {

// A timestamptz, rounded down to the microsecond, which is all that Postgres keeps; the infinite
// times are `infinity` and `-infinity`.
std::string EncodeTime(absl::Time time);

// The time that EncodeTime or a session of ours wrote; nothing when `text` is something else.
std::optional<absl::Time> DecodeTime(absl::string_view text);

// A bytea in hex format: `\x` and two digits a byte.
std::string EncodeBytes(absl::string_view bytes);

// The bytes of a bytea in hex format; nothing when `text` is something else.
std::optional<std::string> DecodeBytes(absl::string_view text);

// A bytea[] in Postgres' binary format. Arrays of payloads are the bulk of what is written, and as
// text they would have two digits for each byte, and quotes, for the server to read.
std::string EncodeBinaryArray(const std::vector<std::string>& values);

// A name in SQL, in double quotes, as it is: case, dots and quotes included.
std::string QuoteIdentifier(absl::string_view name);

// Builds an array literal, `{1,NULL,"a \"b\""}`, element by element.
class ArrayLiteral {
 public:
  // An element without characters that mean something in a literal: numbers, booleans.
  void AddPlain(absl::string_view element);
  // Any other element; quoted and escaped.
  void AddQuoted(absl::string_view element);
  void AddNull() { AddPlain("NULL"); }

  // The literal; the builder is empty afterwards.
  std::string Finish();

 private:
  void Separate();

  std::string text_ = "{";
};

}  // namespace crier::pg

#endif  // CRIER_COMMON_PG_TEXT_FORMAT_H_
