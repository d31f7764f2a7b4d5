#include "tools/crierctl/receiver.h"

#include <httplib.h>

#include <atomic>
#include <string>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"

namespace crier::crierctl {
namespace {

constexpr char kHost[] = "127.0.0.1";
// Four times the largest payload of the suite.
constexpr size_t kMaxBodyBytes = 1024 * 1024;

ReceivedDelivery MakeDelivery(const httplib::Request& request, int status) {
  ReceivedDelivery delivery{.time = absl::Now(),
                            .method = request.method,
                            .path = request.target,
                            .headers = {},
                            .body = request.body,
                            .answered_status = status};
  for (const auto& [name, value] : request.headers) {
    // The library adds what it knows of the connection to the headers.
    if (name == "REMOTE_ADDR" || name == "REMOTE_PORT" || name == "LOCAL_ADDR" ||
        name == "LOCAL_PORT") {
      continue;
    }
    delivery.headers.emplace_back(absl::AsciiStrToLower(name), value);
  }
  return delivery;
}

}  // namespace

struct Receiver::Impl {
  void Handle(const httplib::Request& request, httplib::Response& response)
      ABSL_LOCKS_EXCLUDED(mutex) {
    response.status = status;
    const ReceivedDelivery delivery = MakeDelivery(request, status);
    // Serialises the reports, which is what it is for; on_delivery never calls back.
    absl::MutexLock lock(&mutex);
    on_delivery(delivery);
  }

  httplib::Server server;
  int status = 0;
  int port = 0;
  absl::Mutex mutex;
  std::function<void(const ReceivedDelivery&)> on_delivery ABSL_GUARDED_BY(mutex);
  std::atomic<bool> ended = false;  // the thread listens no more
  std::thread thread;
};

absl::StatusOr<std::unique_ptr<Receiver>> Receiver::Start(
    int port, int status, std::function<void(const ReceivedDelivery&)> on_delivery) {
  auto impl = std::make_unique<Impl>();
  impl->status = status;
  {
    absl::MutexLock lock(&impl->mutex);
    impl->on_delivery = std::move(on_delivery);
  }
  const auto handle = [raw = impl.get()](const httplib::Request& request,
                                         httplib::Response& response) {
    raw->Handle(request, response);
  };
  httplib::Server& server = impl->server;
  server.Get(".*", handle).Post(".*", handle).Put(".*", handle).Patch(".*", handle);
  server.Delete(".*", handle).Options(".*", handle);
  server.set_payload_max_length(kMaxBodyBytes);
  server.set_tcp_nodelay(true);
  server.set_keep_alive_timeout(1);  // in seconds; also how long stopping may take
  // The library's default shares a port with whoever has it already (SO_REUSEPORT).
  server.set_socket_options([](socket_t socket) {
    const int yes = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  });
  impl->port =
      port == 0 ? server.bind_to_any_port(kHost) : (server.bind_to_port(kHost, port) ? port : -1);
  if (impl->port < 0) {
    return absl::UnavailableError(
        absl::StrCat("port ", port, " is taken; choose another with --port, or 0 for any"));
  }
  impl->thread = std::thread([raw = impl.get()] {
    raw->server.listen_after_bind();
    raw->ended = true;
  });
  return std::unique_ptr<Receiver>(new Receiver(std::move(impl)));
}

Receiver::Receiver(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Receiver::~Receiver() {
  // stop() does nothing before the thread has begun to listen, which is a matter of microseconds.
  while (!impl_->server.is_running() && !impl_->ended) std::this_thread::yield();
  impl_->server.stop();
  impl_->thread.join();
}

int Receiver::port() const { return impl_->port; }

}  // namespace crier::crierctl
