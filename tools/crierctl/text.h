// Text for terminals.
#ifndef CRIER_TOOLS_CRIERCTL_TEXT_H_
#define CRIER_TOOLS_CRIERCTL_TEXT_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace crier::crierctl {

// `text` without anything that could steer a terminal: control characters and bytes that are not
// UTF-8 become U+FFFD. What a receiver or a customer chose passes through here before it is shown.
// Line breaks and tabs stay when `multiline`.
std::string Printable(absl::string_view text, bool multiline = false);

// Columns that valid UTF-8 takes on a terminal: 2 for East Asian wide characters and emoji, 0 for
// combining marks.
size_t DisplayWidth(absl::string_view text);

// The candidate that `word` was most likely meant to be; empty when none is near.
std::string Closest(absl::string_view word, const std::vector<std::string>& candidates);

// `2023-04-17 10:21:26Z`.
std::string ReadableTime(absl::Time time);

// `0.43 ms`, `352 ms` or `1.5 s`.
std::string ReadableDuration(absl::Duration duration);

// `12,345`.
std::string ReadableCount(int64_t count);

// `1 record` or `12,345 records`.
std::string Counted(int64_t count, absl::string_view one, absl::string_view many);

}  // namespace crier::crierctl

#endif  // CRIER_TOOLS_CRIERCTL_TEXT_H_
