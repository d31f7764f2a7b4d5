#include "common/process/level_file.h"

#include <fstream>
#include <utility>

namespace crier::process {
namespace {

// The first word, which is all that is looked at; cut to a length that a line of logs can show.
std::string FirstWord(const std::string& path) {
  std::ifstream file(path);
  std::string word;
  file.width(20);
  file >> word;
  return word;
}

}  // namespace

log::Level LevelOf(const ServeOptions& options) {
  log::Level level = log::Level::kInfo;
  log::ParseLevel(options.log_level, &level);  // checked by Parse()
  return level;
}

LevelFile::LevelFile(std::string path, log::Level otherwise)
    : path_(std::move(path)), otherwise_(otherwise) {}

void LevelFile::Follow() {
  if (path_.empty()) return;
  std::string content = FirstWord(path_);
  if (content == content_) return;
  content_ = std::move(content);
  log::Level level = otherwise_;
  if (!content_.empty() && !log::ParseLevel(content_, &level)) {
    log::Warning("the file of the log level holds no level; use debug, info, warning or error",
                 {{"file", path_}, {"content", content_}});
    return;
  }
  log::SetLevel(level);
  // Whatever the level: who changed it looks for this line.
  log::WriteRecord(log::Level::kError, "log level changed",
                   {{"to", content_.empty() ? "that of the settings" : content_}});
}

}  // namespace crier::process
