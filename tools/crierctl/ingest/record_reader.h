// Cutting a file into JSON records.
#ifndef CRIER_TOOLS_CRIERCTL_INGEST_RECORD_READER_H_
#define CRIER_TOOLS_CRIERCTL_INGEST_RECORD_READER_H_

#include <cstdint>
#include <istream>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace crier::crierctl {

// A record, or what stands in its place.
struct Record {
  std::string file;  // as given on the command line
  int64_t line = 0;  // where it begins; from 1
  // The JSON object, or INVALID_ARGUMENT that says what is wrong at this line.
  absl::StatusOr<std::string> json;
};

// Reads one JSON object, a JSON array of objects, or objects one after another (NDJSON when each
// has a line of its own). Holds one record at a time, so files may be of any size. Braces are
// matched, nothing else: whether a record is proper JSON is for its parser to say.
//
// Where every record has a line of its own a broken line costs that record only. A broken array
// ends the file, since nothing says where the next element begins. Not thread-safe.
class RecordReader {
 public:
  // A longer record is an error: twice what any entity may need.
  static constexpr size_t kMaxRecordBytes = 2 * 1024 * 1024;

  // `in` must outlive the reader; `file` is for the records' places.
  RecordReader(std::istream& in, std::string file);

  // The next record; nothing at the end.
  std::optional<Record> Next();

  // Bytes read so far.
  int64_t bytes_read() const { return bytes_read_; }

 private:
  enum class Layout {
    kUnknown,  // before the first record has ended
    kLines,    // a record ends with its line
    kFree,     // records may span lines
    kArray,
  };

  std::optional<Record> NextOfArray();
  std::optional<Record> NextOfSequence();
  Record ReadObject();
  Record Broken(int64_t line, absl::string_view problem) const;
  Record Abandon(absl::string_view problem);
  void SkipLine();
  void SkipSpace();
  int Peek();
  int Get();

  std::istream& in_;
  const std::string file_;
  Layout layout_ = Layout::kUnknown;
  bool started_ = false;
  bool ended_ = false;
  bool after_element_ = false;  // of an array: a comma or the end must follow
  int64_t line_ = 1;
  int64_t bytes_read_ = 0;
};

}  // namespace crier::crierctl

#endif  // CRIER_TOOLS_CRIERCTL_INGEST_RECORD_READER_H_
