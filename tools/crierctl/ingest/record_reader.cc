#include "tools/crierctl/ingest/record_reader.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace crier::crierctl {
namespace {

constexpr int kEnd = std::char_traits<char>::eof();

bool IsSpace(int c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::string Describe(int c) {
  if (c == kEnd) return "the end of the file";
  if (c > 0x20 && c < 0x7F) return absl::StrCat("`", std::string(1, static_cast<char>(c)), "`");
  return "something that is not JSON";
}

}  // namespace

RecordReader::RecordReader(std::istream& in, std::string file) : in_(in), file_(std::move(file)) {}

std::optional<Record> RecordReader::Next() {
  if (ended_) return std::nullopt;
  if (!started_) {
    started_ = true;
    // The byte order mark that some programs put in front.
    if (Peek() == 0xEF) {
      for (const int mark : {0xEF, 0xBB, 0xBF}) {
        if (Get() != mark) return Abandon("the file is not JSON");
      }
    }
    SkipSpace();
    if (Peek() == '[') {
      Get();
      layout_ = Layout::kArray;
    }
  }
  SkipSpace();
  return layout_ == Layout::kArray ? NextOfArray() : NextOfSequence();
}

std::optional<Record> RecordReader::NextOfArray() {
  if (Peek() == ']') {
    Get();
    SkipSpace();
    if (Peek() != kEnd) return Abandon("nothing may follow the array");
    ended_ = true;
    return std::nullopt;
  }
  if (after_element_) {
    if (Peek() != ',') {
      return Abandon(absl::StrCat("expected `,` or `]`, found ", Describe(Peek())));
    }
    Get();
    SkipSpace();
  }
  if (Peek() != '{') {
    return Abandon(absl::StrCat("expected an object in the array, found ", Describe(Peek())));
  }
  after_element_ = true;
  return ReadObject();
}

std::optional<Record> RecordReader::NextOfSequence() {
  if (Peek() == kEnd) {
    ended_ = true;
    if (in_.bad()) return Broken(line_, "the file cannot be read");
    return std::nullopt;
  }
  if (Peek() == '{') return ReadObject();
  Record record = Broken(line_, absl::StrCat("expected a JSON object, found ", Describe(Peek())));
  SkipLine();
  return record;
}

Record RecordReader::ReadObject() {
  const int64_t begin = line_;
  std::string json;
  int depth = 0;
  bool in_string = false;
  bool escaped = false;
  do {
    if (Peek() == kEnd) {
      ended_ = true;
      return Broken(begin, "the object that begins here does not end");
    }
    if (Peek() == '\n' && layout_ == Layout::kLines) {
      return Broken(begin, "the object does not end with its line");
    }
    const int c = Get();
    if (json.size() <= kMaxRecordBytes) json += static_cast<char>(c);
    if (in_string) {
      in_string = escaped || c != '"';
      escaped = !escaped && c == '\\';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  } while (depth > 0);
  if (layout_ == Layout::kUnknown) layout_ = line_ == begin ? Layout::kLines : Layout::kFree;
  if (json.size() > kMaxRecordBytes) {
    return Broken(begin, absl::StrCat("the object is larger than ", kMaxRecordBytes, " bytes"));
  }
  return {file_, begin, std::move(json)};
}

Record RecordReader::Broken(int64_t line, absl::string_view problem) const {
  return {file_, line, absl::InvalidArgumentError(problem)};
}

// For mistakes after which it is anybody's guess where a record begins.
Record RecordReader::Abandon(absl::string_view problem) {
  ended_ = true;
  return Broken(line_, absl::StrCat(problem, "; the rest of the file was not read"));
}

void RecordReader::SkipLine() {
  while (Peek() != kEnd && Peek() != '\n') Get();
}

void RecordReader::SkipSpace() {
  while (IsSpace(Peek())) Get();
}

int RecordReader::Peek() { return in_.peek(); }

int RecordReader::Get() {
  const int c = in_.get();
  if (c == kEnd) return c;
  ++bytes_read_;
  if (c == '\n') ++line_;
  return c;
}

}  // namespace crier::crierctl
