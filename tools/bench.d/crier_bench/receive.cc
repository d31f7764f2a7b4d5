#include "tools/bench.d/crier_bench/receive.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <iostream>
#include <memory>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/status/macros.h"
#include "tools/bench.d/crier_bench/connection.h"
#include "tools/bench.d/crier_bench/moments.h"
#include "tools/bench.d/crier_bench/records.h"

namespace crier::bench {
namespace {

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using TlsContext = std::unique_ptr<SSL_CTX, FreeContext>;

struct Tally {
  Moments* arrivals = nullptr;
  size_t received = 0;
  size_t repeated = 0;
  size_t unknown = 0;
  size_t connections = 0;

  void Count(absl::string_view body) {
    const auto number = NumberIn(body);
    ++received;
    if (!number) {
      ++unknown;
    } else if (!arrivals->Note(*number)) {
      ++repeated;
    }
  }
};

// A file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int number() const { return number_; }

 private:
  const int number_;
};

absl::StatusOr<TlsContext> MakeTlsContext(const ReceiveOptions& options) {
  if (options.certificate_file.empty()) return nullptr;
  TlsContext context(SSL_CTX_new(TLS_server_method()));
  if (SSL_CTX_use_certificate_chain_file(context.get(), options.certificate_file.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context.get(), options.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "no certificate and key in ", options.certificate_file, " and ", options.key_file));
  }
  SSL_CTX_set_read_ahead(context.get(), 1);  // a record in one call of the system, not in two
  return context;
}

// Binds `listener` to the loopback interface and returns its port.
absl::StatusOr<int> Listen(const Descriptor& listener, int port) {
  const int one = 1;
  setsockopt(listener.number(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
  setsockopt(listener.number(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));  // inherited
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  socklen_t length = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener.number(), generic, length) != 0 || listen(listener.number(), 1024) != 0 ||
      getsockname(listener.number(), generic, &length) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot listen on ", port));
  }
  return ntohs(address.sin_port);
}

// A descriptor that can be read when the process is asked to end.
int EndSignal() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  return signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
}

// Serves connections on one thread.
class Loop {
 public:
  Loop(const Descriptor& listener, SSL_CTX* tls, Tally& tally)
      : listener_(listener),
        tls_(tls),
        tally_(tally),
        on_request_([&tally](absl::string_view body) { tally.Count(body); }) {
    Watch(listener_.number());
    Watch(end_.number());
  }

  // Until SIGTERM.
  void Run() {
    while (true) {
      std::array<epoll_event, 64> events;
      const int count = epoll_wait(epoll_.number(), events.data(), events.size(), -1);
      for (int i = 0; i < count; ++i) {
        const int descriptor = events[i].data.fd;
        if (descriptor == end_.number()) return;
        descriptor == listener_.number() ? Accept() : Serve(descriptor);
      }
    }
  }

 private:
  void Watch(int descriptor) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = descriptor;
    epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, descriptor, &event);
  }

  void Accept() {
    const int socket = accept4(listener_.number(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0) return;
    connections_[socket] = std::make_unique<Connection>(socket, tls_, on_request_);
    Watch(socket);
    ++tally_.connections;
  }

  void Serve(int socket) {
    const auto found = connections_.find(socket);
    if (!found->second->Serve(absl::MakeSpan(buffer_))) connections_.erase(found);
  }

  const Descriptor& listener_;
  SSL_CTX* const tls_;
  Tally& tally_;
  const Connection::OnRequest on_request_;
  const Descriptor epoll_{epoll_create1(EPOLL_CLOEXEC)};
  const Descriptor end_{EndSignal()};
  std::array<char, 65'536> buffer_;
  absl::flat_hash_map<int, std::unique_ptr<Connection>> connections_;
};

}  // namespace

absl::Status Receive(const ReceiveOptions& options) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Moments> arrivals,
                   Moments::Map(options.arrivals_file, options.count));
  ASSIGN_OR_RETURN(const TlsContext tls, MakeTlsContext(options));
  const Descriptor listener(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  ASSIGN_OR_RETURN(const int port, Listen(listener, options.port));
  Tally tally{.arrivals = arrivals.get()};
  Loop loop(listener, tls.get(), tally);
  std::cout << absl::StrCat("{\"port\":", port, "}") << std::endl;
  loop.Run();
  std::cout << absl::StrCat("{\"received\":", tally.received, ",\"repeated\":", tally.repeated,
                            ",\"unknown\":", tally.unknown, ",\"connections\":", tally.connections,
                            "}")
            << std::endl;
  return absl::OkStatus();
}

}  // namespace crier::bench
