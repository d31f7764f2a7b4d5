#include <prometheus/exposer.h>

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/metrics/metrics.h"
#include "common/metrics/process_collector.h"

namespace crier::metrics {
namespace {

constexpr size_t kThreads = 2;  // a second scraper need not wait for a slow one

// The web server would also take lists of ports and its own options in this place.
bool IsHostAndPort(const std::string& address) {
  const size_t colon = address.rfind(':');
  uint32_t port = 0;
  return colon != std::string::npos && colon > 0 && address.find(',') == std::string::npos &&
         absl::SimpleAtoi(address.substr(colon + 1), &port) && port <= UINT16_MAX;
}

}  // namespace

struct Exposer::Impl {
  explicit Impl(const std::string& listen_address) : server(listen_address, kThreads) {}
  // The server only refers to it.
  const std::shared_ptr<ProcessCollector> process = std::make_shared<ProcessCollector>();
  prometheus::Exposer server;
};

Exposer::Exposer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Exposer::~Exposer() = default;

absl::StatusOr<std::unique_ptr<Exposer>> Exposer::Start(const std::string& listen_address,
                                                        const Registry& registry) {
  if (!IsHostAndPort(listen_address)) {
    return absl::InvalidArgumentError(
        absl::StrCat("`", listen_address, "` is not of the form host:port"));
  }
  try {
    auto impl = std::make_unique<Impl>(listen_address);
    impl->server.RegisterCollectable(registry.registry());
    impl->server.RegisterCollectable(impl->process);
    return std::unique_ptr<Exposer>(new Exposer(std::move(impl)));
  } catch (const std::exception&) {  // its text says only that the server could not start
    return absl::UnavailableError(
        absl::StrCat("cannot listen on ", listen_address, " for metrics; is the port taken?"));
  }
}

int Exposer::port() const { return impl_->server.GetListeningPorts().front(); }

}  // namespace crier::metrics
