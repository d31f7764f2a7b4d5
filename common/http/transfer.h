// One request on its way.
#ifndef CRIER_COMMON_HTTP_TRANSFER_H_
#define CRIER_COMMON_HTTP_TRANSFER_H_

#include <curl/curl.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/http/client.h"
#include "common/http/response_reader.h"
#include "common/http/target.h"
#include "common/http/trusted_roots.h"

namespace crier::http {

// What all transfers of a client share; outlives them.
struct TransferContext {
  std::function<bool(const sockaddr&)> allow_address;
  TrustedRoots roots;
  std::optional<EgressProxy> proxy;
};

struct EasyCleanup {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
using EasyHandle = std::unique_ptr<CURL, EasyCleanup>;

// The state of one request from its turn to its end: Begin() → name look-up by the owner → Dial() →
// libcurl at work → exactly one of the Finish functions, which calls back. Used by one thread.
class Transfer {
 public:
  using Done = std::function<void(Response)>;

  Transfer(const TransferContext& context, Request request, Done done);
  ~Transfer();

  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // The clock starts. INVALID_ARGUMENT when the request cannot be sent, whatever the network.
  absl::Status Begin();

  // After Begin().
  const Target& target() const { return target_; }
  // When the name look-up must have ended, in Monotonic() time.
  absl::Duration connect_deadline() const;

  // Whether each of the addresses may be dialled.
  bool Allows(const std::vector<sockaddr_storage>& addresses) const;

  // With a proxy: the target's addresses, to be kept until those of the proxy are known as well.
  void SetTargetAddresses(std::vector<sockaddr_storage> addresses);
  bool has_target_addresses() const { return !target_addresses_.empty(); }

  // Prepares `easy` to send the request to one of `addresses` (with a proxy, these are the
  // proxy's); to be added to a multi handle next. CURLINFO_PRIVATE leads back to the transfer.
  void Dial(EasyHandle easy, const std::vector<sockaddr_storage>& addresses);

  // Takes the handle back, in a state to be used for another transfer.
  EasyHandle ReleaseEasy();
  CURL* easy() const { return easy_.get(); }

  // libcurl has ended the transfer. Needs the easy handle; so before ReleaseEasy().
  Response Conclude(CURLcode code);

  void Finish(Response response);
  void FinishWithout(Result result, std::string error);

 private:
  class HeaderList;

  static curl_socket_t OnOpenSocket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static CURLcode OnTlsContext(CURL* easy, void* tls_context, void* self);
  static size_t OnHeader(char* data, size_t size, size_t count, void* self);
  static size_t OnBody(char* data, size_t size, size_t count, void* self);

  void SetRequest();
  // Lets `name` stand for the addresses.
  void SetResolve(const std::string& name, int port,
                  const std::vector<sockaddr_storage>& addresses);
  void SetAddresses(const std::vector<sockaddr_storage>& addresses);
  void SetProxy(const std::vector<sockaddr_storage>& addresses);
  void SetClientCertificate();
  void SetLimits();
  void SetTls();
  void SetIsolation();
  void SetCallbacks();
  std::string GroupName() const;
  std::string DialName() const;
  Timings ReadTimings() const;

  const TransferContext& context_;
  Request request_;
  Done done_;
  Target target_;
  std::vector<sockaddr_storage> target_addresses_;  // with a proxy
  absl::Duration start_;
  absl::Duration dialled_;

  EasyHandle easy_;
  std::unique_ptr<HeaderList> headers_, connect_to_, resolve_;
  char error_buffer_[CURL_ERROR_SIZE] = "";
  ResponseReader reader_;
  bool refused_ = false;  // where the socket was to be opened
};

}  // namespace crier::http

#endif  // CRIER_COMMON_HTTP_TRANSFER_H_
