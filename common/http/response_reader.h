// What is kept of a response, and how much a receiver may send.
#ifndef CRIER_COMMON_HTTP_RESPONSE_READER_H_
#define CRIER_COMMON_HTTP_RESPONSE_READER_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "common/http/client.h"

namespace crier::http {

// Collects headers and body as they arrive. Not thread-safe.
class ResponseReader {
 public:
  // Takes a line of the head (status line, header, the empty line) or a trailer. False when the
  // receiver sends more than it may; the response is worthless then.
  bool AddHeaderLine(absl::string_view line);

  // Takes a piece of the body. False when enough has been read; what was kept is the response.
  bool AddBody(absl::string_view bytes);

  bool headers_too_large() const { return headers_too_large_; }
  bool body_cut_off() const { return body_cut_off_; }

  // The head is complete and is not an interim (1xx) one.
  bool has_head() const { return state_ == State::kDone; }
  // Whether anything of a response has come.
  bool has_begun() const { return header_bytes_ > 0; }

  Headers TakeHeaders() { return std::move(headers_); }
  std::string TakeBody() { return std::move(body_); }

 private:
  enum class State {
    kInterim,  // before the final head: nothing yet, or a 1xx response
    kFinal,    // within the final head
    kDone,     // after it
  };

  void AddHeader(absl::string_view line);

  State state_ = State::kInterim;
  Headers headers_;
  size_t header_lines_ = 0;
  size_t header_bytes_ = 0;
  bool headers_too_large_ = false;
  std::string body_;
  size_t body_bytes_ = 0;
  bool body_cut_off_ = false;
};

}  // namespace crier::http

#endif  // CRIER_COMMON_HTTP_RESPONSE_READER_H_
