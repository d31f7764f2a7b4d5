#include "common/http/response_reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"

namespace crier::http {
namespace {

constexpr size_t kMaxHeaders = 100;
constexpr size_t kMaxHeaderBytes = 65'536;
// Up to here the rest is read and dropped, which leaves the connection usable.
constexpr size_t kMaxBodyBytes = 200'000;

// 1xx, as in `HTTP/1.1 100 Continue`.
bool IsInterim(absl::string_view status_line) {
  const size_t space = status_line.find(' ');
  return space != absl::string_view::npos && absl::StartsWith(status_line.substr(space + 1), "1") &&
         !absl::StartsWith(status_line.substr(space + 1), "101");
}

std::string WithoutControlCharacters(absl::string_view value) {
  std::string clean(value.substr(0, kKeptValueBytes));
  for (char& c : clean) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) c = ' ';
  }
  return clean;
}

}  // namespace

bool ResponseReader::AddHeaderLine(absl::string_view line) {
  header_bytes_ += line.size();
  absl::ConsumeSuffix(&line, "\n");
  absl::ConsumeSuffix(&line, "\r");
  const bool status_line = state_ != State::kDone && absl::StartsWith(line, "HTTP/");
  // Status lines count too: interim responses may not go on for ever.
  if (!line.empty()) ++header_lines_;
  if (header_bytes_ > kMaxHeaderBytes || header_lines_ > kMaxHeaders + 1) {
    headers_too_large_ = true;
    return false;
  }
  if (status_line) {
    state_ = IsInterim(line) ? State::kInterim : State::kFinal;
  } else if (state_ == State::kFinal) {
    if (line.empty()) {
      state_ = State::kDone;
    } else {
      AddHeader(line);
    }
  }
  return true;
}

void ResponseReader::AddHeader(absl::string_view line) {
  const size_t colon = line.find(':');
  // Continuations of the line before (obsolete), and garbage.
  if (colon == absl::string_view::npos || colon == 0 || absl::ascii_isspace(line[0])) return;
  headers_.emplace_back(
      WithoutControlCharacters(absl::AsciiStrToLower(line.substr(0, colon))),
      WithoutControlCharacters(absl::StripAsciiWhitespace(line.substr(colon + 1))));
}

bool ResponseReader::AddBody(absl::string_view bytes) {
  const size_t room = kKeptBodyBytes - body_.size();
  const absl::string_view kept = bytes.substr(0, room);
  body_.append(kept.data(), kept.size());
  body_bytes_ += bytes.size();
  body_cut_off_ = body_bytes_ > kMaxBodyBytes;
  return !body_cut_off_;
}

}  // namespace crier::http
