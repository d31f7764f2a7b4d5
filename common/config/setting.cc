#include "common/config/setting.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace crier::config {

std::string FlagName(absl::string_view name) { return absl::StrCat("--", name); }

std::string VariableName(absl::string_view name) {
  return absl::StrCat("CRIER_",
                      absl::AsciiStrToUpper(absl::StrReplaceAll(name, {{"-", "_"}, {".", "_"}})));
}

std::string SecretFileName(absl::string_view name) { return absl::StrCat(name, "-file"); }

}  // namespace crier::config
