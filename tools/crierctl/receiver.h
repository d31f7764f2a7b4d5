// A local HTTP server that takes whatever comes.
#ifndef CRIER_TOOLS_CRIERCTL_RECEIVER_H_
#define CRIER_TOOLS_CRIERCTL_RECEIVER_H_

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "tools/crierctl/received_delivery.h"

namespace crier::crierctl {

// Listens on 127.0.0.1. Thread-safe.
class Receiver {
 public:
  // Begins to listen on `port` (0: any that is free), answering every request of any method and
  // path with `status`. `on_delivery` is called once for each, from one thread at a time.
  // UNAVAILABLE, naming the port, when it cannot be had.
  static absl::StatusOr<std::unique_ptr<Receiver>> Start(
      int port, int status, std::function<void(const ReceivedDelivery&)> on_delivery);

  // Stops listening; returns when what is being received has been reported.
  ~Receiver();

  // The port that was bound.
  int port() const;

 private:
  struct Impl;
  explicit Receiver(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace crier::crierctl

#endif  // CRIER_TOOLS_CRIERCTL_RECEIVER_H_
