// The one definition of what text is, shared by whoever checks it and whoever writes it.
#ifndef CRIER_COMMON_BASE_UTF8_H_
#define CRIER_COMMON_BASE_UTF8_H_

#include <string>

#include "absl/strings/string_view.h"

namespace crier {

// Whether `text` is well-formed UTF-8: no overlong forms, surrogates or values above U+10FFFF.
bool IsValidUtf8(absl::string_view text);

// `text` with each byte that is not part of well-formed UTF-8 replaced by U+FFFD, for places that
// must print something whatever they are given.
std::string ReplaceInvalidUtf8(absl::string_view text);

// The longest beginning of `text` that has at most `max_bytes` and does not end inside a character.
absl::string_view TruncateUtf8(absl::string_view text, size_t max_bytes);

}  // namespace crier

#endif  // CRIER_COMMON_BASE_UTF8_H_
