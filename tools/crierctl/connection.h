// Calls to the servers.
#ifndef CRIER_TOOLS_CRIERCTL_CONNECTION_H_
#define CRIER_TOOLS_CRIERCTL_CONNECTION_H_

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/rpc/client.h"
#include "common/status/macros.h"
#include "tools/crierctl/failure.h"
#include "tools/crierctl/session.h"

namespace crier::crierctl {

// A client of one service. Thread-safe.
template <typename Service>
class Client {
 public:
  using Stub = typename Service::Stub;
  template <typename Request, typename Response>
  using Method = grpc::Status (Stub::*)(grpc::ClientContext*, const Request&, Response*);

  // Each call has the timeout of the settings.
  Client(std::string address, const Settings& settings)
      : address_(std::move(address)),
        timeout_(settings.timeout),
        stub_(Service::NewStub(rpc::Connect(address_, {.tls = settings.tls}))) {}

  // The response, or a failure in plain words (see Explain).
  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(Method<Request, Response> method, const Request& request) const {
    Response response;
    RETURN_IF_ERROR(
        Explain(rpc::Call(*stub_, method, request, response, absl::Now() + timeout_), address_));
    return response;
  }

  const std::string& address() const { return address_; }

 private:
  std::string address_;
  absl::Duration timeout_;
  std::unique_ptr<Stub> stub_;
};

// Where a service is, by its full name (`crier.delivery.v1.WebhookService`).
const std::string& AddressOf(absl::string_view service, const Settings& settings);

// A client of the service where the settings say that it is.
template <typename Service>
Client<Service> Connect(const Settings& settings) {
  return {AddressOf(Service::service_full_name(), settings), settings};
}

// Calls a List method page by page, until there are `limit` items (0: until the end), and returns
// everything in one response. Its page token is not empty when there would be more. `count` is the
// response's number of items.
template <typename Service, typename Request, typename Response>
absl::StatusOr<Response> List(const Client<Service>& client,
                              typename Client<Service>::template Method<Request, Response> method,
                              Request request, int limit, int (Response::*count)() const) {
  constexpr int kLargestPage = 1000;
  Response all;
  do {
    request.set_page_size(limit == 0 ? kLargestPage
                                     : std::min(kLargestPage, limit - (all.*count)()));
    ASSIGN_OR_RETURN(const Response page, client.Call(method, request));
    all.clear_next_page_token();  // merging would keep the old one where the new one is empty
    all.MergeFrom(page);
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty() && (limit == 0 || (all.*count)() < limit));
  return all;
}

}  // namespace crier::crierctl

#endif  // CRIER_TOOLS_CRIERCTL_CONNECTION_H_
