#include "tools/bench.d/crier_bench/receive.h"

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/http.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>

#include <cstdint>
#include <iostream>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/status/macros.h"
#include "tools/bench.d/crier_bench/moments.h"
#include "tools/bench.d/crier_bench/records.h"

namespace crier::bench {
namespace {

struct Free {
  void operator()(event_base* base) const { event_base_free(base); }
  void operator()(evhttp* server) const { evhttp_free(server); }
  void operator()(event* e) const { event_free(e); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};

struct Tally {
  Moments* arrivals = nullptr;
  size_t received = 0;
  size_t repeated = 0;
  size_t unknown = 0;
};

void Answer(evhttp_request* request, void* context) {
  auto& tally = *static_cast<Tally*>(context);
  evbuffer* const body = evhttp_request_get_input_buffer(request);
  const auto* const bytes = reinterpret_cast<const char*>(evbuffer_pullup(body, -1));
  const auto number = NumberIn(absl::string_view(bytes, evbuffer_get_length(body)));
  ++tally.received;
  if (!number) {
    ++tally.unknown;
  } else if (!tally.arrivals->Note(*number)) {
    ++tally.repeated;
  }
  evhttp_send_reply(request, HTTP_OK, "OK", nullptr);
}

void Stop(evutil_socket_t, short, void* base) {
  event_base_loopbreak(static_cast<event_base*>(base));
}

bufferevent* AcceptTls(event_base* base, void* context) {
  return bufferevent_openssl_socket_new(base, -1, SSL_new(static_cast<SSL_CTX*>(context)),
                                        BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
}

absl::StatusOr<std::unique_ptr<SSL_CTX, Free>> TlsContext(const ReceiveOptions& options) {
  std::unique_ptr<SSL_CTX, Free> context(SSL_CTX_new(TLS_server_method()));
  if (SSL_CTX_use_certificate_chain_file(context.get(), options.certificate_file.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context.get(), options.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "no certificate and key in ", options.certificate_file, " and ", options.key_file));
  }
  return context;
}

// The port that the server has bound on the loopback interface.
absl::StatusOr<int> Bind(evhttp* server, int port) {
  evhttp_bound_socket* const bound =
      evhttp_bind_socket_with_handle(server, "127.0.0.1", static_cast<uint16_t>(port));
  if (bound == nullptr) return absl::UnavailableError(absl::StrCat("cannot listen on ", port));
  const int file = evhttp_bound_socket_get_fd(bound);
  const int one = 1;  // inherited by what is accepted
  setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  sockaddr_in address{};
  socklen_t length = sizeof(address);
  getsockname(file, reinterpret_cast<sockaddr*>(&address), &length);
  return ntohs(address.sin_port);
}

}  // namespace

absl::Status Receive(const ReceiveOptions& options) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Moments> arrivals,
                   Moments::Map(options.arrivals_file, options.count));
  Tally tally{.arrivals = arrivals.get()};
  const std::unique_ptr<event_base, Free> base(event_base_new());
  std::unique_ptr<SSL_CTX, Free> tls;
  const std::unique_ptr<evhttp, Free> server(evhttp_new(base.get()));
  if (!options.certificate_file.empty()) {
    ASSIGN_OR_RETURN(tls, TlsContext(options));
    evhttp_set_bevcb(server.get(), AcceptTls, tls.get());
  }
  evhttp_set_allowed_methods(server.get(), EVHTTP_REQ_POST);
  evhttp_set_gencb(server.get(), Answer, &tally);
  ASSIGN_OR_RETURN(const int port, Bind(server.get(), options.port));
  const std::unique_ptr<event, Free> term(evsignal_new(base.get(), SIGTERM, Stop, base.get()));
  event_add(term.get(), nullptr);
  std::cout << absl::StrCat("{\"port\":", port, "}") << std::endl;
  event_base_dispatch(base.get());
  std::cout << absl::StrCat("{\"received\":", tally.received, ",\"repeated\":", tally.repeated,
                            ",\"unknown\":", tally.unknown, "}")
            << std::endl;
  return absl::OkStatus();
}

}  // namespace crier::bench
