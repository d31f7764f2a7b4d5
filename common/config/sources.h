// The three places that options are read from.
#ifndef CRIER_COMMON_CONFIG_SOURCES_H_
#define CRIER_COMMON_CONFIG_SOURCES_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace crier::config {

// A value as it was written, and where: `--listen`, `CRIER_LISTEN`, `crier.conf:3: listen`.
struct FoundValue {
  std::string text;
  std::string place;
};

// What one source says, by name of the option.
using FoundValues = std::map<std::string, FoundValue>;

// The names that may occur, each with whether the bare flag means `true`.
using KnownNames = std::map<std::string, bool>;

struct CommandLine {
  FoundValues values;
  std::vector<std::string> words;  // what is no flag
  bool help = false;
  bool version = false;
};

// Each of the following adds a line to `mistakes` for whatever it does not understand, and goes on.
// No line repeats a value, which may be a secret in the wrong place.

// `--name=value`, `--name value` and `--switch`.
CommandLine ReadCommandLine(int argc, const char* const* argv, const KnownNames& known,
                            std::vector<std::string>& mistakes);

// `CRIER_NAME=value`. An unknown variable is a mistake only when it looks like a misspelt known
// one: others share the environment (crierctl, other binaries of the suite, and Kubernetes, which
// sets CRIER_INGEST_PORT and the like for every service).
FoundValues ReadEnvironment(const char* const* environment, const KnownNames& known,
                            std::vector<std::string>& mistakes);

// Lines `name = value`; white space around both is dropped, and so are empty lines and lines that
// begin with `#`.
FoundValues ReadConfigFile(const std::string& path, const KnownNames& known,
                           std::vector<std::string>& mistakes);

// The content of a file of at most 1 MiB. The error names the path and the reason.
absl::StatusOr<std::string> ReadSmallFile(const std::string& path);

}  // namespace crier::config

#endif  // CRIER_COMMON_CONFIG_SOURCES_H_
