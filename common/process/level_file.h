// The level of logs, changed while the process runs.
#ifndef CRIER_COMMON_PROCESS_LEVEL_FILE_H_
#define CRIER_COMMON_PROCESS_LEVEL_FILE_H_

#include <string>

#include "common/log/log.h"
#include "common/process/process.h"

namespace crier::process {

// The level of `log-level`, which has been checked.
log::Level LevelOf(const ServeOptions& options);

// Follows a file that holds `debug`, `info`, `warning` or `error`. A file and no signal, because a
// container without a shell has nobody to send one, and a mounted ConfigMap changes by itself.
// While there is no file, or an empty one, the level of the settings holds; what is no level
// changes nothing, and is told once. For one thread.
class LevelFile {
 public:
  // `path` may be empty: there is no file then.
  LevelFile(std::string path, log::Level otherwise);

  // Reads the file and sets the level if it has changed; to be called every second or so.
  void Follow();

 private:
  const std::string path_;
  const log::Level otherwise_;
  std::string content_;  // as last seen
};

}  // namespace crier::process

#endif  // CRIER_COMMON_PROCESS_LEVEL_FILE_H_
