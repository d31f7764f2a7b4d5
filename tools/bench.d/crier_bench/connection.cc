#include "tools/bench.d/crier_bench/connection.h"

#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace crier::bench {
namespace {

// With the headers that servers usually send, since the sender reads and stores them. The date is
// that of the first answer.
const std::string& Answer() {
  static const auto* const answer = new std::string(
      absl::StrCat("HTTP/1.1 200 OK\r\nDate: ",
                   absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", absl::Now(), absl::UTCTimeZone()),
                   "\r\nContent-Type: text/html; charset=ISO-8859-1\r\nContent-Length: 0\r\n\r\n"));
  return *answer;
}

SSL* Accept(int socket, SSL_CTX* context) {
  if (context == nullptr) return nullptr;
  SSL* const tls = SSL_new(context);
  SSL_set_fd(tls, socket);
  SSL_set_accept_state(tls);
  return tls;
}

}  // namespace

Connection::Connection(int socket, SSL_CTX* tls, const OnRequest& on_request)
    : socket_(socket), tls_(Accept(socket, tls)), on_request_(on_request) {
  http_parser_init(&parser_, HTTP_REQUEST);
  parser_.data = this;
}

Connection::~Connection() { close(socket_); }

bool Connection::Serve(absl::Span<char> buffer) {
  // What TLS has read ahead, epoll does not tell of.
  do {
    absl::string_view data;
    switch (ReadSome(buffer, data)) {
      case Read::kNothingYet:
        return true;
      case Read::kEnd:
        return false;
      case Read::kData:
        if (!Parse(data) || !Write(answers_) || !keep_alive_) return false;
        answers_.clear();
    }
  } while (tls_ != nullptr && SSL_has_pending(tls_.get()) == 1);
  return true;
}

Connection::Read Connection::ReadSome(absl::Span<char> buffer, absl::string_view& data) {
  if (tls_ == nullptr) {
    const ssize_t size = recv(socket_, buffer.data(), buffer.size(), 0);
    if (size < 0 && errno == EAGAIN) return Read::kNothingYet;
    if (size <= 0) return Read::kEnd;
    data = {buffer.data(), static_cast<size_t>(size)};
    return Read::kData;
  }
  const int size = SSL_read(tls_.get(), buffer.data(), static_cast<int>(buffer.size()));
  if (size <= 0) {
    const bool wants_more = SSL_get_error(tls_.get(), size) == SSL_ERROR_WANT_READ;
    ERR_clear_error();
    return wants_more ? Read::kNothingYet : Read::kEnd;
  }
  data = {buffer.data(), static_cast<size_t>(size)};
  return Read::kData;
}

bool Connection::Write(absl::string_view data) {
  if (data.empty()) return true;
  if (tls_ == nullptr) {
    return send(socket_, data.data(), data.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(data.size());
  }
  const bool written = SSL_write(tls_.get(), data.data(), static_cast<int>(data.size())) ==
                       static_cast<int>(data.size());
  ERR_clear_error();
  return written;
}

bool Connection::Parse(absl::string_view data) {
  return http_parser_execute(&parser_, &Callbacks(), data.data(), data.size()) == data.size();
}

const http_parser_settings& Connection::Callbacks() {
  static const http_parser_settings settings = [] {
    http_parser_settings result;
    http_parser_settings_init(&result);
    // Anything but 0 ends the connection.
    result.on_headers_complete = [](http_parser* parser) {
      return parser->method == HTTP_POST ? 0 : -1;
    };
    result.on_body = [](http_parser* parser, const char* data, size_t size) {
      static_cast<Connection*>(parser->data)->body_.append(data, size);
      return 0;
    };
    result.on_message_complete = [](http_parser* parser) {
      auto& connection = *static_cast<Connection*>(parser->data);
      connection.on_request_(connection.body_);
      connection.body_.clear();
      connection.answers_ += Answer();
      connection.keep_alive_ = http_should_keep_alive(parser) != 0;
      return 0;
    };
    return result;
  }();
  return settings;
}

}  // namespace crier::bench
