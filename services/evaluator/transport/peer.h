// What the clients of the other services have in common.
#ifndef CRIER_SERVICES_EVALUATOR_TRANSPORT_PEER_H_
#define CRIER_SERVICES_EVALUATOR_TRANSPORT_PEER_H_

#include <grpcpp/channel.h>

#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/rpc/client.h"

namespace crier::evaluator::transport {

// What the failure of a call to a peer means for those who asked this service: UNAVAILABLE when the
// peer is away or full, DEADLINE_EXCEEDED and OUT_OF_RANGE as they are, and INTERNAL for everything
// that the peer should not have answered. `peer` is its name, for example `ingest`.
absl::Status PeerStatus(const absl::Status& status, absl::string_view peer);

// The failure of a call before the channel is there, as gRPC would say it.
absl::Status NotConnectedError();

// A stub that gets its channel after it was made: the channel to a service of the same process
// comes with the server, which needs the handlers, which need the stub. Thread-safe.
template <typename Service>
class LateStub {
 public:
  using Stub = typename Service::Stub;
  template <typename Request, typename Response>
  using Method = grpc::Status (Stub::*)(grpc::ClientContext*, const Request&, Response*);

  void Connect(const std::shared_ptr<grpc::Channel>& channel) {
    absl::MutexLock lock(&mutex_);
    stub_ = Service::NewStub(channel);
  }

  // Null before Connect().
  std::shared_ptr<Stub> Get() const {
    absl::MutexLock lock(&mutex_);
    return stub_;
  }

  // As rpc::Call(); NotConnectedError() before Connect().
  template <typename Request, typename Response>
  absl::Status Call(Method<Request, Response> method, const Request& request, Response& response,
                    absl::Time deadline) const {
    const std::shared_ptr<Stub> stub = Get();
    if (stub == nullptr) return NotConnectedError();
    return rpc::Call(*stub, method, request, response, deadline);
  }

 private:
  mutable absl::Mutex mutex_;
  std::shared_ptr<Stub> stub_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crier::evaluator::transport

#endif  // CRIER_SERVICES_EVALUATOR_TRANSPORT_PEER_H_
