// Settings of a binary, from flags, environment and a file, checked as a whole at start.
#ifndef CRIER_COMMON_CONFIG_OPTIONS_H_
#define CRIER_COMMON_CONFIG_OPTIONS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace crier::config {

// A set of options. Each option `some-name` is read, first match wins, from the flag
// `--some-name=value` (or `--some-name value`), the environment variable `CRIER_SOME_NAME`, or a
// line `some-name = value` of the file that `--config` (or CRIER_CONFIG) names; otherwise its
// target keeps the value it has, which is the documented default. Lines that begin with `#` are
// comments. Options may be grouped with a prefix (`ingest.`), whose dot becomes `_` in the
// environment.
//
// Argument parsers stop at the first mistake, and know nothing of the line of a file that a value
// came from; that is why this is not built on one.
//
// Not thread-safe; used in main only.
class Options {
 public:
  // These head the text of --help.
  Options(std::string program, std::string description, std::string version);
  ~Options();

  // Declares an option. `target` must outlive Parse() and holds the default. `help` is one sentence
  // with unit and range. The name is given without dashes in front.
  void Add(absl::string_view name, std::string* target, absl::string_view help);
  // `true` or `false`; the bare flag means true.
  void Add(absl::string_view name, bool* target, absl::string_view help);
  void Add(absl::string_view name, int* target, int min, int max, absl::string_view help);
  // Written as `1.5s`, `200ms`, `2m`, `24h`.
  void Add(absl::string_view name, absl::Duration* target, absl::Duration min, absl::Duration max,
           absl::string_view help);
  // A comma-separated list.
  void Add(absl::string_view name, std::vector<std::string>* target, absl::string_view help);

  // The last declared option must not be empty at the end.
  void Required();
  // The last declared option holds a secret: it may also be given as `<name>-file`, the path of a
  // file whose content (less trailing white space) is the value; no output ever shows it.
  void Secret();
  // A check that spans options; runs only when each is right by itself. Returns the mistake in one
  // line, or empty.
  void Check(std::function<std::string()> check);
  // A check of what one of the Commands() needs, and the others do without.
  void CheckFor(absl::string_view command, std::function<std::string()> check);

  // Positional words (`migrate`, `serve`) that the binary takes, with a help line each. At most one
  // may be given; Parse() stores it in `target`, which holds the default.
  void Commands(std::string* target, std::vector<std::pair<std::string, std::string>> commands);

  // What Parse() found beside the settings.
  enum class Request { kRun, kHelp, kVersion };

  // Reads everything. INVALID_ARGUMENT lists every mistake, one a line, each naming the flag,
  // variable or file line and the remedy; the targets are of no use then. Unknown flags and keys
  // are mistakes and come with the closest known name; so are CRIER_… variables that look like a
  // misspelt known one (others share the environment). --help and --version are answered whatever
  // else is there; the caller prints Help() or the version.
  absl::StatusOr<Request> Parse(int argc, const char* const* argv, const char* const* environment);

  // The text of --help.
  std::string Help() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace crier::config

#endif  // CRIER_COMMON_CONFIG_OPTIONS_H_
