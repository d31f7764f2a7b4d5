#include "tools/crierctl/ingest/record_files.h"

#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/status/macros.h"

namespace crier::crierctl {
namespace {

constexpr char kStandardInput[] = "-";

// Its size, or nothing for pipes and devices, which have none.
absl::StatusOr<std::optional<int64_t>> CheckReadable(const std::string& path) {
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", path));
  }
  if (S_ISDIR(info.st_mode)) {
    return absl::NotFoundError(absl::StrCat("cannot read ", path, ": it is a directory"));
  }
  if (!S_ISREG(info.st_mode)) return std::nullopt;  // opening a pipe twice would lose its data
  if (!std::ifstream(path)) return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", path));
  return info.st_size;
}

}  // namespace

absl::StatusOr<RecordFiles> RecordFiles::Open(std::vector<std::string> paths,
                                              std::istream& standard_input) {
  std::optional<int64_t> total = 0;
  for (const std::string& path : paths) {
    std::optional<int64_t> size;
    if (path != kStandardInput) {
      ASSIGN_OR_RETURN(size, CheckReadable(path));
    }
    total = total && size ? std::optional<int64_t>(*total + *size) : std::nullopt;
  }
  return RecordFiles(std::move(paths), standard_input, total);
}

RecordFiles::RecordFiles(std::vector<std::string> paths, std::istream& standard_input,
                         std::optional<int64_t> total_bytes)
    : paths_(std::move(paths)), standard_input_(&standard_input), total_bytes_(total_bytes) {}

std::optional<Record> RecordFiles::Next() {
  while (true) {
    if (reader_) {
      if (std::optional<Record> record = reader_->Next()) return record;
      finished_bytes_ += reader_->bytes_read();
      reader_.reset();
    }
    if (next_path_ == paths_.size()) return std::nullopt;
    OpenNext();
  }
}

void RecordFiles::OpenNext() {
  const std::string& path = paths_[next_path_++];
  if (path == kStandardInput) {
    reader_.emplace(*standard_input_, "standard input");
    return;
  }
  // A file that vanished since Open() fails to read, which the reader reports.
  file_ = std::make_unique<std::ifstream>(path, std::ios::binary);
  if (!*file_) file_->setstate(std::ios::badbit);
  reader_.emplace(*file_, path);
}

int64_t RecordFiles::bytes_read() const {
  return finished_bytes_ + (reader_ ? reader_->bytes_read() : 0);
}

}  // namespace crier::crierctl
