// The records of several files.
#ifndef CRIER_TOOLS_CRIERCTL_INGEST_RECORD_FILES_H_
#define CRIER_TOOLS_CRIERCTL_INGEST_RECORD_FILES_H_

#include <cstdint>
#include <fstream>
#include <istream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/crierctl/ingest/record_reader.h"

namespace crier::crierctl {

// Reads the files one after another. Not thread-safe.
class RecordFiles {
 public:
  // NOT_FOUND, naming the file, when one of the paths cannot be read: better before the first
  // record is sent than in the middle. `-` stands for `standard_input`, which must outlive this.
  static absl::StatusOr<RecordFiles> Open(std::vector<std::string> paths,
                                          std::istream& standard_input);

  // The next record; nothing after the last file.
  std::optional<Record> Next();

  // Bytes read of all files so far.
  int64_t bytes_read() const;

  // Bytes of all files; nothing when standard input is one of them.
  std::optional<int64_t> total_bytes() const { return total_bytes_; }

 private:
  RecordFiles(std::vector<std::string> paths, std::istream& standard_input,
              std::optional<int64_t> total_bytes);

  void OpenNext();

  std::vector<std::string> paths_;
  std::istream* standard_input_;
  std::optional<int64_t> total_bytes_;
  size_t next_path_ = 0;
  int64_t finished_bytes_ = 0;
  std::unique_ptr<std::ifstream> file_;  // unique_ptr: the reader refers to it, and this may move
  std::optional<RecordReader> reader_;
};

}  // namespace crier::crierctl

#endif  // CRIER_TOOLS_CRIERCTL_INGEST_RECORD_FILES_H_
