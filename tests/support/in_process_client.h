// Calls of one gRPC service, on a server within the process.
#ifndef CRIER_TESTS_SUPPORT_IN_PROCESS_CLIENT_H_
#define CRIER_TESTS_SUPPORT_IN_PROCESS_CLIENT_H_

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "common/rpc/client.h"
#include "common/rpc/server.h"

namespace crier {

// `Service` is the generated class that encloses the Stub (v1::WebhookService). The implementation
// must outlive the client: the fixture declares it first.
template <typename Service>
class InProcessClient {
 public:
  using Stub = typename Service::Stub;

  explicit InProcessClient(grpc::Service& implementation)
      : server_(rpc::Server::Start({.listen_address = "127.0.0.1:0"}, {&implementation}).value()),
        stub_(Service::NewStub(server_->InProcessChannel())) {}

  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request) {
    Response response;
    const absl::Status status =
        rpc::Call(*stub_, method, request, response, absl::Now() + absl::Seconds(30));
    if (!status.ok()) return status;
    return response;
  }

 private:
  std::unique_ptr<rpc::Server> server_;
  std::unique_ptr<Stub> stub_;
};

}  // namespace crier

#endif  // CRIER_TESTS_SUPPORT_IN_PROCESS_CLIENT_H_
