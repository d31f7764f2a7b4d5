// What the requests to one URL have in common.
#ifndef CRIER_COMMON_HTTP_ROUTE_H_
#define CRIER_COMMON_HTTP_ROUTE_H_

#include <curl/curl.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/http/client.h"
#include "common/http/curl_list.h"
#include "common/http/target.h"
#include "common/http/trusted_roots.h"

namespace crier::http {

// What all routes of a client share; outlives them.
struct ClientContext {
  std::function<bool(const sockaddr&)> allow_address;
  TrustedRoots roots;
  std::optional<EgressProxy> proxy;
};

// For the list of libcurl's options, so that none is set to a value that its C interface, which
// takes anything, would misread.
template <typename Value>
void SetOption(CURL* easy, CURLoption option, Value value) {
  static_assert(!std::is_same_v<Value, int>, "libcurl reads numbers as long");
  curl_easy_setopt(easy, option, value);
}

// The way to a URL for the requests of one group with the same TLS settings, one at a time: an easy
// handle with every option that does not differ between them. To set them all takes longer than to
// send a request. Not thread-safe.
class Route {
 public:
  // Equal for requests that may use the same route.
  static std::string Key(const Request& request);

  // Takes over URL and TLS settings of the request. INVALID_ARGUMENT when it has no URL that may be
  // called.
  static absl::StatusOr<std::unique_ptr<Route>> Create(ClientContext& context, Request& request);

  Route(const Route&) = delete;
  Route& operator=(const Route&) = delete;

  const std::string& key() const { return key_; }
  const Target& target() const { return target_; }
  // Equal for routes whose requests may share a connection.
  size_t connection_hash() const { return connection_hash_; }
  CURL* easy() const { return easy_.get(); }

  // The next request goes to one of these addresses.
  void Dial(const std::vector<sockaddr_storage>& addresses);
  // The next request goes to `target`, by way of the proxy, which has one of these addresses.
  void DialProxy(const std::vector<sockaddr_storage>& addresses, const sockaddr& target);
  // The request is sent once more, to where the last one went, on a connection of its own. Of no
  // use for further requests then.
  void DialAfresh();

  // --- of the last request ---
  // An address was refused where the socket was to be opened.
  bool refused() const { return refused_; }
  // When the TLS handshake began on a new connection, in Monotonic() time.
  std::optional<absl::Duration> handshake_time() const { return handshake_time_; }
  // What libcurl says of a failure, or nothing.
  absl::string_view error_details() const { return error_buffer_; }

 private:
  struct Cleanup {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
  };

  Route(ClientContext& context, Request& request, Target target);

  static curl_socket_t OnOpenSocket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static CURLcode OnTlsContext(CURL* easy, void* tls_context, void* self);
  static int OnRequest(void* self, char*, char*, int, int);

  void Forget();  // the last request
  void SetUrl(const std::string& url);
  void SetRequest();
  void SetConnection();
  void SetTls();
  void SetClientCertificate();
  void SetIsolation();
  void SetProxy();
  // Connections lead to `host`, whatever the URL says.
  void SetConnectTo(absl::string_view host);
  // Lets `name` stand for the addresses.
  void SetResolve(absl::string_view name, int port, const std::vector<sockaddr_storage>& addresses);
  std::string DialName() const;
  std::string ProxyName() const;

  ClientContext& context_;
  const std::string key_;
  const std::string group_;
  const Target target_;
  const size_t connection_hash_;
  TlsSettings tls_;

  CurlList connect_to_, resolve_;
  char error_buffer_[CURL_ERROR_SIZE] = "";
  bool refused_ = false;
  std::optional<absl::Duration> handshake_time_;

  std::unique_ptr<CURLU, Cleanup> url_;
  std::unique_ptr<CURL, Cleanup> easy_;  // last: it refers to the rest
};

}  // namespace crier::http

#endif  // CRIER_COMMON_HTTP_ROUTE_H_
