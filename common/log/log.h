// Structured logs: one JSON object a line on standard error. Field names are an API:
// `time` (RFC 3339, UTC), `level`, `service`, `message`, `trace_id` when the thread works for a
// trace (trace::Current()), `suppressed` (see below), then the fields of the site.
//
// A site that writes more than 10 lines a second, after a burst of 100, is cut short; its next line
// says in `suppressed` how many were left out. A site is known by its message, so a message is a
// constant, and what varies is a field.
//
//   log::Info("lease gained", {{"slot", lease.slot}, {"epoch", lease.epoch}});
//
// A field of a site that is named like one of these six is written as `field_<name>`, so that no
// line has a name twice. Any bytes may be given: what is not UTF-8 is replaced by U+FFFD. Never log
// payloads, secrets, e-mail addresses, URLs of customers or SQL.
#ifndef CRIER_COMMON_LOG_LOG_H_
#define CRIER_COMMON_LOG_LOG_H_

#include <cstdint>
#include <initializer_list>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace crier::log {

enum class Level { kDebug, kInfo, kWarning, kError };

// A field of a log line. Implicit conversions keep log sites short.
class Field {
 public:
  Field(absl::string_view name, int64_t value);
  Field(absl::string_view name, int value) : Field(name, static_cast<int64_t>(value)) {}
  Field(absl::string_view name, size_t value);
  Field(absl::string_view name, double value);  // null when not finite
  Field(absl::string_view name, bool value);
  Field(absl::string_view name, const char* value) : Field(name, absl::string_view(value)) {}
  Field(absl::string_view name, absl::string_view value);
  Field(absl::string_view name, const std::string& value) : Field(name, absl::string_view(value)) {}
  Field(absl::string_view name, absl::Duration value);       // in seconds
  Field(absl::string_view name, const absl::Status& value);  // code and message

  const std::string& json() const { return json_; }

 private:
  std::string json_;  // `"name":value`
};

// Called once, early in main: the `service` field and the lowest level shown. Before that, and in
// tests, lines have no service and start at warning. Not thread-safe.
void Initialize(absl::string_view service, Level level);

// Changes the lowest level shown, from now on. Thread-safe.
void SetLevel(Level level);

// Whether lines of this level are written: for sites whose fields cost something. Thread-safe.
bool Shown(Level level);

// `debug`, `info`, `warning`, `error`; false, and `level` as it was, for anything else.
bool ParseLevel(absl::string_view text, Level* level);

// Thread-safe, as are the following. One write(2) a line, so lines of several threads never mix. A
// line that cannot be written is lost.
void Write(Level level, absl::string_view message, std::initializer_list<Field> fields);

// As Write(), for lines that are a record of what happened and sampled by their site: never left
// out for their number.
void WriteRecord(Level level, absl::string_view message, std::initializer_list<Field> fields);

inline void Debug(absl::string_view message, std::initializer_list<Field> fields = {}) {
  Write(Level::kDebug, message, fields);
}
inline void Info(absl::string_view message, std::initializer_list<Field> fields = {}) {
  Write(Level::kInfo, message, fields);
}
inline void Warning(absl::string_view message, std::initializer_list<Field> fields = {}) {
  Write(Level::kWarning, message, fields);
}
inline void Error(absl::string_view message, std::initializer_list<Field> fields = {}) {
  Write(Level::kError, message, fields);
}

}  // namespace crier::log

#endif  // CRIER_COMMON_LOG_LOG_H_
