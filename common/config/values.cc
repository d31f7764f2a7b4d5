#include "common/config/values.h"

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace crier::config {

std::string ParseBool(absl::string_view text, bool* target) {
  if (text != "true" && text != "false") return "must be true or false";
  *target = text == "true";
  return "";
}

std::string ParseInt(absl::string_view text, int min, int max, int* target) {
  int value = 0;
  if (!absl::SimpleAtoi(text, &value) || value < min || value > max) {
    return absl::StrCat("must be a whole number from ", min, " to ", max);
  }
  *target = value;
  return "";
}

std::string ParseDuration(absl::string_view text, absl::Duration min, absl::Duration max,
                          absl::Duration* target) {
  absl::Duration value;
  if (!absl::ParseDuration(text, &value) || value < min || value > max) {
    return absl::StrCat("must be a duration from ", absl::FormatDuration(min), " to ",
                        absl::FormatDuration(max), ", such as 200ms, 1.5s or 2m");
  }
  *target = value;
  return "";
}

std::vector<std::string> ParseList(absl::string_view text) {
  std::vector<std::string> items;
  for (const absl::string_view item : absl::StrSplit(text, ',', absl::SkipWhitespace())) {
    items.emplace_back(absl::StripAsciiWhitespace(item));
  }
  return items;
}

}  // namespace crier::config
