// One request on its way.
#ifndef CRIER_COMMON_HTTP_TRANSFER_H_
#define CRIER_COMMON_HTTP_TRANSFER_H_

#include <curl/curl.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/http/client.h"
#include "common/http/curl_list.h"
#include "common/http/response_reader.h"
#include "common/http/route.h"
#include "common/http/route_pool.h"

namespace crier::http {

// The state of one request from its turn to its end: Begin() → name look-up by the owner → Dial() →
// libcurl at work → exactly one of the Finish functions, which calls back. Used by one thread.
class Transfer {
 public:
  using Done = std::function<void(Response)>;

  Transfer(ClientContext& context, Request request, Done done);

  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // The clock starts. INVALID_ARGUMENT when the request cannot be sent, whatever the network.
  absl::Status Begin(RoutePool& routes);

  // After Begin().
  const Target& target() const { return route_->target(); }
  // When the name look-up must have ended, in Monotonic() time.
  absl::Duration connect_deadline() const;

  // Whether each of the addresses may be dialled.
  bool Allows(const std::vector<sockaddr_storage>& addresses) const;

  // With a proxy: the target's addresses, to be kept until those of the proxy are known as well.
  void SetTargetAddresses(std::vector<sockaddr_storage> addresses);
  bool has_target_addresses() const { return !target_addresses_.empty(); }

  // Prepares the easy handle to send the request to one of `addresses` (with a proxy, these are the
  // proxy's); to be added to a multi handle next.
  void Dial(const std::vector<sockaddr_storage>& addresses);

  // Prepares the easy handle to send the request once more, on a new connection, if it has ended
  // with `code` because its connection did not serve it any more: receivers end those that were
  // kept from earlier requests when they like, also while a request is on its way to them. False
  // when that is not so, and the second time.
  bool DialAfresh(CURLcode code);
  bool dialled_afresh() const { return dialled_afresh_; }

  // With a proxy that has refused to connect to an address of the target, or that took too long
  // (`code`): prepares the easy handle to ask it for the next one. False when that is not so, or
  // there is none.
  bool DialNextTarget(CURLcode code);

  // Equal for requests that may share a connection.
  size_t connection_hash() const { return route_->connection_hash(); }

  // Null before Begin() and after ReleaseRoute().
  CURL* easy() const { return route_ != nullptr ? route_->easy() : nullptr; }

  // libcurl has ended the transfer. To be called before ReleaseRoute().
  Response Conclude(CURLcode code);

  // For another transfer.
  std::unique_ptr<Route> ReleaseRoute() { return std::move(route_); }

  void Finish(Response response);
  void FinishWithout(Result result, std::string error);

 private:
  static size_t OnHeader(char* data, size_t size, size_t count, void* self);
  static size_t OnBody(char* data, size_t size, size_t count, void* self);

  bool WasNotServed(CURLcode code) const;
  // Whether the request has been begun to be sent.
  bool WasSent() const;
  void DialProxy();
  void SetRequest();
  // Those of the request, less what is spent.
  void SetTimeouts();
  // Until the request can be sent. The next address of the target has to have its time as well, as
  // where libcurl itself tries one after the other.
  absl::Duration ConnectTimeout() const;
  void SetCallbacks();
  // The address that was dialled, by this machine or by the proxy; empty when none was.
  std::string DialledAddress(Result result) const;
  Timings ReadTimings() const;

  ClientContext& context_;
  Request request_;
  Done done_;
  // With a proxy: those of the target that were not refused yet, and its own.
  std::vector<sockaddr_storage> target_addresses_;
  std::vector<sockaddr_storage> proxy_addresses_;
  absl::Duration start_;
  absl::Duration resolved_;  // when the addresses were known
  absl::Duration dialled_;
  bool dialled_afresh_ = false;

  std::unique_ptr<Route> route_;
  CurlList headers_;
  ResponseReader reader_;
};

}  // namespace crier::http

#endif  // CRIER_COMMON_HTTP_TRANSFER_H_
