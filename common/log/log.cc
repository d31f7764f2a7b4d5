#include "common/log/log.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/utf8.h"
#include "common/log/rate_limit.h"
#include "common/trace/context.h"

namespace crier::log {
namespace {

// What Initialize() sets; the service is read without a lock because it is set before any thread is
// started.
struct Settings {
  std::string service;
  std::atomic<Level> lowest = Level::kWarning;
  RateLimit rate_limit;
};

Settings& CurrentSettings() {
  static Settings* const settings = new Settings;
  return *settings;
}

constexpr struct {
  Level level;
  absl::string_view name;
} kLevels[] = {
    {Level::kDebug, "debug"},
    {Level::kInfo, "info"},
    {Level::kWarning, "warning"},
    {Level::kError, "error"},
};

absl::string_view LevelName(Level level) { return kLevels[static_cast<int>(level)].name; }

// The text of one JSON value.
template <typename WriteValue>
std::string Json(WriteValue write_value) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  write_value(writer);
  return std::string(buffer.GetString(), buffer.GetSize());
}

std::string JsonText(absl::string_view text) {
  const std::string valid = ReplaceInvalidUtf8(text);
  return Json([&](auto& writer) { writer.String(valid.data(), valid.size()); });
}

// `"name":value`, without a comma.
std::string Member(absl::string_view name, absl::string_view json) {
  return absl::StrCat(JsonText(name), ":", json);
}

std::string FieldMember(absl::string_view name, absl::string_view json) {
  const bool is_reserved = name == "time" || name == "level" || name == "service" ||
                           name == "message" || name == "trace_id" || name == "suppressed";
  return Member(is_reserved ? absl::StrCat("field_", name) : std::string(name), json);
}

std::string JsonNumber(double value) {
  if (!std::isfinite(value)) return "null";
  return Json([&](auto& writer) { writer.Double(value); });
}

std::string JsonTime(absl::Time time) {
  return JsonText(absl::FormatTime("%Y-%m-%d%ET%H:%M:%E6SZ", time, absl::UTCTimeZone()));
}

// Standard error may be a pipe with a signal in between; anything else that fails has no place left
// to be reported to.
void WriteToStandardError(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    bytes.remove_prefix(written);
  }
}

}  // namespace

Field::Field(absl::string_view name, int64_t value)
    : json_(FieldMember(name, absl::StrCat(value))) {}

Field::Field(absl::string_view name, size_t value)
    : json_(FieldMember(name, absl::StrCat(value))) {}

Field::Field(absl::string_view name, double value) : json_(FieldMember(name, JsonNumber(value))) {}

Field::Field(absl::string_view name, bool value)
    : json_(FieldMember(name, value ? "true" : "false")) {}

Field::Field(absl::string_view name, absl::string_view value)
    : json_(FieldMember(name, JsonText(value))) {}

Field::Field(absl::string_view name, absl::Duration value)
    : Field(name, absl::ToDoubleSeconds(value)) {}

// Not Status::ToString(), which would show the payloads.
Field::Field(absl::string_view name, const absl::Status& value)
    : Field(name, value.ok() ? std::string("OK")
                             : absl::StrCat(absl::StatusCodeToString(value.code()), ": ",
                                            value.message())) {}

void Initialize(absl::string_view service, Level level) {
  CurrentSettings().service = std::string(service);
  SetLevel(level);
}

bool ParseLevel(absl::string_view text, Level* level) {
  for (const auto& known : kLevels) {
    if (text == known.name) {
      *level = known.level;
      return true;
    }
  }
  return false;
}

void SetLevel(Level level) { CurrentSettings().lowest = level; }

bool Shown(Level level) { return level >= CurrentSettings().lowest; }

namespace {

void WriteLine(Level level, absl::string_view message, int64_t suppressed,
               std::initializer_list<Field> fields) {
  const Settings& settings = CurrentSettings();
  std::string line = absl::StrCat("{", Member("time", JsonTime(absl::Now())), ",",
                                  Member("level", JsonText(LevelName(level))), ",");
  if (!settings.service.empty()) {
    absl::StrAppend(&line, Member("service", JsonText(settings.service)), ",");
  }
  absl::StrAppend(&line, Member("message", JsonText(message)));
  if (trace::Current().valid()) {
    absl::StrAppend(&line, ",", Member("trace_id", JsonText(trace::Current().trace_id_hex())));
  }
  if (suppressed > 0) absl::StrAppend(&line, ",", Member("suppressed", absl::StrCat(suppressed)));
  for (const Field& field : fields) absl::StrAppend(&line, ",", field.json());
  absl::StrAppend(&line, "}\n");
  WriteToStandardError(line);
}

}  // namespace

void Write(Level level, absl::string_view message, std::initializer_list<Field> fields) {
  if (!Shown(level)) return;
  const absl::Duration now = absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
  const std::optional<int64_t> suppressed = CurrentSettings().rate_limit.Admit(message, now);
  if (suppressed) WriteLine(level, message, *suppressed, fields);
}

void WriteRecord(Level level, absl::string_view message, std::initializer_list<Field> fields) {
  if (Shown(level)) WriteLine(level, message, 0, fields);
}

}  // namespace crier::log
