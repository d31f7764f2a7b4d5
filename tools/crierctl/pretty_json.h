// JSON with line breaks, for reading.
#ifndef CRIER_TOOLS_CRIERCTL_PRETTY_JSON_H_
#define CRIER_TOOLS_CRIERCTL_PRETTY_JSON_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace crier::crierctl {

// The JSON text, indented by two spaces. Keys keep their order; strings and numbers keep their
// exact spelling. Nothing when `json` is not JSON in UTF-8.
std::optional<std::string> PrettyJson(absl::string_view json);

}  // namespace crier::crierctl

#endif  // CRIER_TOOLS_CRIERCTL_PRETTY_JSON_H_
