#include "tests/support/postgres_proxy.h"

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <list>
#include <map>
#include <optional>
#include <thread>
#include <vector>

#include "absl/base/internal/raw_logging.h"
#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/synchronization/mutex.h"

namespace crier::tests {
namespace {

void Require(bool condition, const char* what) {
  if (!condition) ABSL_RAW_LOG(FATAL, "PostgresProxy: %s: %s", what, strerror(errno));
}

// A file descriptor that is closed at the end.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) { Require(number >= 0, "no descriptor"); }
  ~Descriptor() { close(number_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return number_; }

 private:
  const int number_;
};

using Settings = std::map<std::string, std::string>;

// What a connection to `url` would use, the environment included.
Settings SettingsOf(const std::string& url) {
  Settings settings;
  const auto add = [&](PQconninfoOption* options) {
    Require(options != nullptr, "malformed URL");
    for (const PQconninfoOption* option = options; option->keyword != nullptr; ++option) {
      if (option->val != nullptr) settings[option->keyword] = option->val;
    }
    PQconninfoFree(options);
  };
  add(PQconndefaults());
  add(PQconninfoParse(url.c_str(), nullptr));
  return settings;
}

std::string ToConninfo(const Settings& settings) {
  std::string text;
  for (const auto& [key, value] : settings) {
    const std::string escaped = absl::StrReplaceAll(value, {{"\\", "\\\\"}, {"'", "\\'"}});
    absl::StrAppend(&text, key, "='", escaped, "' ");
  }
  return text;
}

int ConnectUnix(const std::string& directory, const std::string& port) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string path = absl::StrCat(directory, "/.s.PGSQL.", port);
  Require(path.size() < sizeof(address.sun_path), "socket path too long");
  std::memcpy(address.sun_path, path.data(), path.size());
  const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  Require(connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0,
          "cannot connect to the server");
  return descriptor;
}

int ConnectTcp(const std::string& host, const std::string& port) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  Require(getaddrinfo(host.c_str(), port.c_str(), &hints, &found) == 0, "unknown host");
  const int descriptor = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool connected = connect(descriptor, found->ai_addr, found->ai_addrlen) == 0;
  freeaddrinfo(found);
  Require(connected, "cannot connect to the server");
  return descriptor;
}

int ListenLocally() {
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  Require(bind(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 &&
              listen(descriptor, 64) == 0,
          "cannot listen");
  return descriptor;
}

int PortOf(int descriptor) {
  sockaddr_in address = {};
  socklen_t length = sizeof(address);
  Require(getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &length) == 0, "no port");
  return ntohs(address.sin_port);
}

bool SendAll(int descriptor, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(sent);
  }
  return true;
}

}  // namespace

struct PostgresProxy::Impl {
  struct Link {
    Link(int client_in, int server_in) : client(client_in), server(server_in) {}
    Descriptor client;
    Descriptor server;
    bool lose_reply = false;
    bool silent = false;
  };

  struct Trap {
    std::string text;
    Fault fault;
  };

  explicit Impl(const std::string& server_url)
      : server(SettingsOf(server_url)), listener(ListenLocally()), wake(eventfd(0, EFD_CLOEXEC)) {
    Settings through = server;
    through["host"] = "127.0.0.1";
    through.erase("hostaddr");
    through["port"] = absl::StrCat(PortOf(listener.get()));
    through["sslmode"] = "disable";
    through["gssencmode"] = "disable";
    url = ToConninfo(through);
    thread = std::thread([this] { Run(); });
  }

  ~Impl() {
    {
      absl::MutexLock lock(&mutex);
      stopping = true;
    }
    eventfd_write(wake.get(), 1);
    thread.join();
  }

  void Run() {
    while (true) {
      std::vector<pollfd> watched = {{wake.get(), POLLIN, 0}, {listener.get(), POLLIN, 0}};
      for (const Link& link : links) {
        watched.push_back({link.client.get(), POLLIN, 0});
        watched.push_back({link.server.get(), POLLIN, 0});
      }
      Require(poll(watched.data(), watched.size(), -1) > 0, "poll");

      absl::MutexLock lock(&mutex);
      if (stopping) return;
      if (watched[0].revents != 0) {
        eventfd_t ignored;
        eventfd_read(wake.get(), &ignored);
      }
      size_t next = 2;
      for (auto link = links.begin(); link != links.end();) {
        const bool from_client = watched[next++].revents != 0;
        const bool from_server = watched[next++].revents != 0;
        const bool alive = !break_all && (!from_client || PassRequest(*link)) &&
                           (!from_server || PassReply(*link));
        link = alive ? std::next(link) : links.erase(link);
      }
      break_all = false;
      if (watched[1].revents != 0) Accept();
    }
  }

  void Accept() {
    const std::string& host = server["host"];
    const std::string& port = server["port"];
    links.emplace_back(accept(listener.get(), nullptr, nullptr),
                       host.empty() || host[0] == '/'
                           ? ConnectUnix(host.empty() ? "/var/run/postgresql" : host, port)
                           : ConnectTcp(host, port));
  }

  // These two say whether the link goes on.
  bool PassRequest(Link& link) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    char buffer[65536];
    const ssize_t size = recv(link.client.get(), buffer, sizeof(buffer), 0);
    if (size <= 0) return false;
    const absl::string_view bytes(buffer, size);
    if (frozen || link.silent) return true;
    if (trap && absl::string_view(bytes).find(trap->text) != absl::string_view::npos) {
      const Fault fault = trap->fault;
      trap.reset();
      if (fault == Fault::kLoseRequest) return false;
      link.lose_reply = fault == Fault::kLoseReply;
      link.silent = fault == Fault::kFallSilent;
      if (link.silent) return true;
    }
    return SendAll(link.server.get(), bytes);
  }

  bool PassReply(Link& link) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    char buffer[65536];
    const ssize_t size = recv(link.server.get(), buffer, sizeof(buffer), 0);
    if (size <= 0 || link.lose_reply) return false;
    if (frozen || link.silent) return true;
    return SendAll(link.client.get(), absl::string_view(buffer, size));
  }

  Settings server;
  const Descriptor listener;
  const Descriptor wake;
  std::string url;
  std::list<Link> links;  // of the thread

  absl::Mutex mutex;
  bool stopping ABSL_GUARDED_BY(mutex) = false;
  bool frozen ABSL_GUARDED_BY(mutex) = false;
  bool break_all ABSL_GUARDED_BY(mutex) = false;
  std::optional<Trap> trap ABSL_GUARDED_BY(mutex);

  std::thread thread;
};

PostgresProxy::PostgresProxy(const std::string& server_url)
    : impl_(std::make_unique<Impl>(server_url)) {}

PostgresProxy::~PostgresProxy() = default;

const std::string& PostgresProxy::url() const { return impl_->url; }

void PostgresProxy::Freeze() {
  absl::MutexLock lock(&impl_->mutex);
  impl_->frozen = true;
}

void PostgresProxy::BreakAt(absl::string_view text, Fault fault) {
  absl::MutexLock lock(&impl_->mutex);
  impl_->trap = Impl::Trap{std::string(text), fault};
}

void PostgresProxy::BreakAll() {
  absl::MutexLock lock(&impl_->mutex);
  impl_->break_all = true;
  eventfd_write(impl_->wake.get(), 1);
}

}  // namespace crier::tests
