#include "common/http/route.h"

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/clock.h"
#include "common/http/allowance.h"
#include "common/status/macros.h"

namespace crier::http {
namespace {

// Responses are small, and each transfer allocates its buffer anew: 16 KiB, which libcurl would
// choose, are more than an allocator has at hand.
constexpr long kReadBufferBytes = 4096;

// As URLs and libcurl's options have addresses.
std::string AddressInUrl(const sockaddr& address) {
  const std::string text = AddressText(address);
  return address.sa_family == AF_INET6 ? absl::StrCat("[", text, "]") : text;
}

// Equal for equal settings only.
std::string Fingerprint(const TlsSettings& tls) {
  unsigned char hash[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  const std::string all =
      absl::StrCat(tls.client_certificate, "|", tls.client_key, "|", tls.trusted_roots);
  EVP_Digest(all.data(), all.size(), hash, &size, EVP_sha256(), nullptr);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(hash), 16));
}

// Differs between requests that must not share a connection.
std::string GroupName(const Request& request) {
  std::string name =
      absl::StrCat("group-", absl::Hex(static_cast<uint64_t>(request.connection_group)));
  const TlsSettings& tls = request.tls;
  if (!tls.client_certificate.empty() || !tls.trusted_roots.empty()) {
    absl::StrAppend(&name, "-", Fingerprint(tls));
  }
  return name;
}

}  // namespace

std::string Route::Key(const Request& request) {
  return absl::StrCat(GroupName(request), " ", request.url);
}

absl::StatusOr<std::unique_ptr<Route>> Route::Create(ClientContext& context, Request& request) {
  ASSIGN_OR_RETURN(Target target, ParseTarget(request.url));
  return std::unique_ptr<Route>(new Route(context, request, std::move(target)));
}

Route::Route(ClientContext& context, Request& request, Target target)
    : context_(context),
      key_(Key(request)),
      group_(GroupName(request)),
      target_(std::move(target)),
      connection_hash_(absl::HashOf(group_, target_.host)),
      tls_(std::move(request.tls)),
      url_(curl_url()),
      easy_(curl_easy_init()) {
  SetUrl(request.url);
  SetRequest();
  SetConnection();
  SetTls();
  SetClientCertificate();
  SetIsolation();
  context_.proxy ? SetProxy() : SetConnectTo(DialName());
}

// Parsed once, where libcurl would do so for every request.
void Route::SetUrl(const std::string& url) {
  curl_url_set(url_.get(), CURLUPART_URL, url.c_str(), CURLU_PATH_AS_IS | CURLU_DISALLOW_USER);
  SetOption(easy_.get(), CURLOPT_CURLU, url_.get());
}

void Route::SetRequest() {
  CURL* const easy = easy_.get();
  SetOption(easy, CURLOPT_POST, 1L);
  SetOption(easy, CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));  // none for proxies
}

void Route::SetConnection() {
  CURL* const easy = easy_.get();
  SetOption(easy, CURLOPT_ERRORBUFFER, error_buffer_);
  SetOption(easy, CURLOPT_BUFFERSIZE, kReadBufferBytes);
  SetOption(easy, CURLOPT_OPENSOCKETFUNCTION, &OnOpenSocket);
  SetOption(easy, CURLOPT_OPENSOCKETDATA, this);
  SetOption(easy, CURLOPT_PREREQFUNCTION, &OnRequest);
  SetOption(easy, CURLOPT_PREREQDATA, this);
  // A receiver that has moved is found again although requests keep its connection busy.
  SetOption(easy, CURLOPT_MAXLIFETIME_CONN, 300L);
  SetOption(easy, CURLOPT_TCP_NODELAY, 1L);
  SetOption(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  SetOption(easy, CURLOPT_NOSIGNAL, 1L);
  // An entry is used at once; `+` lets libcurl forget it afterwards.
  SetOption(easy, CURLOPT_DNS_CACHE_TIMEOUT, 5L);
}

void Route::SetTls() {
  CURL* const easy = easy_.get();
  SetOption(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  SetOption(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  SetOption(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  SetOption(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  // The roots come from OnTlsContext().
  SetOption(easy, CURLOPT_CAINFO, static_cast<char*>(nullptr));
  SetOption(easy, CURLOPT_CAPATH, static_cast<char*>(nullptr));
  // libcurl 7.88 keeps the store that it finds after OnTlsContext(), and puts it in place of what
  // that sets for the next connection: the roots of one request would serve all others.
  SetOption(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
  SetOption(easy, CURLOPT_SSL_CTX_FUNCTION, &OnTlsContext);
  SetOption(easy, CURLOPT_SSL_CTX_DATA, this);
  // A session is something that groups would share.
  SetOption(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
}

// From memory: a key must not lie in a file.
void Route::SetClientCertificate() {
  if (tls_.client_certificate.empty()) return;
  CURL* const easy = easy_.get();
  const auto set = [&](CURLoption option, std::string& pem) {
    curl_blob blob = {pem.data(), pem.size(), CURL_BLOB_NOCOPY};
    SetOption(easy, option, &blob);
  };
  SetOption(easy, CURLOPT_SSLCERTTYPE, "PEM");
  set(CURLOPT_SSLCERT_BLOB, tls_.client_certificate);
  SetOption(easy, CURLOPT_SSLKEYTYPE, "PEM");
  set(CURLOPT_SSLKEY_BLOB, tls_.client_key);
}

// The target is a stranger's, and so is what it answers: nothing of it leads anywhere else, and
// nothing of this machine's set-up is used for it.
void Route::SetIsolation() {
  CURL* const easy = easy_.get();
  SetOption(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  SetOption(easy, CURLOPT_FOLLOWLOCATION, 0L);
  SetOption(easy, CURLOPT_PROXY, "");
  SetOption(easy, CURLOPT_NOPROXY, "*");
  SetOption(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  SetOption(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
  SetOption(easy, CURLOPT_HTTP09_ALLOWED, 0L);
}

// The name under which libcurl files a connection. It reuses one only if both the host of the URL
// and the name that was dialled are the same, so a name made of the group keeps groups apart. No
// name server is ever asked for it: SetResolve() says what it stands for, and names under
// `.invalid` exist nowhere else.
std::string Route::DialName() const {
  return absl::StrCat(group_, ".", absl::StrReplaceAll(target_.host, {{":", "-"}}), ".invalid");
}

// As for direct connections, the name of the proxy is made of the group: libcurl compares it before
// it uses a tunnel again.
std::string Route::ProxyName() const { return absl::StrCat(group_, ".proxy.invalid"); }

void Route::SetProxy() {
  CURL* const easy = easy_.get();
  const EgressProxy& proxy = *context_.proxy;
  SetOption(easy, CURLOPT_PROXY, absl::StrCat("http://", ProxyName(), ":", proxy.port).c_str());
  SetOption(easy, CURLOPT_NOPROXY, "");
  SetOption(easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
  SetOption(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  if (!proxy.credentials.empty()) {
    SetOption(easy, CURLOPT_PROXYUSERPWD, proxy.credentials.c_str());
    SetOption(easy, CURLOPT_PROXYAUTH, static_cast<long>(CURLAUTH_BASIC));
  }
}

void Route::Forget() {
  refused_ = false;
  handshake_time_.reset();
  error_buffer_[0] = '\0';
}

void Route::Dial(const std::vector<sockaddr_storage>& addresses) {
  Forget();
  SetResolve(DialName(), target_.port, addresses);
}

// The tunnel leads to an address that was judged.
void Route::DialProxy(const std::vector<sockaddr_storage>& addresses, const sockaddr& target) {
  Forget();
  SetConnectTo(AddressInUrl(target));
  SetResolve(ProxyName(), context_.proxy->port, addresses);
}

void Route::DialAfresh() {
  Forget();
  SetOption(easy_.get(), CURLOPT_FRESH_CONNECT, 1L);
  SetOption(easy_.get(), CURLOPT_RESOLVE, resolve_.Get());  // libcurl takes it for one request
}

void Route::SetConnectTo(absl::string_view host) {
  connect_to_.Clear();
  connect_to_.Add("::", host, ":");  // any host, any port → this host, the same port
  SetOption(easy_.get(), CURLOPT_CONNECT_TO, connect_to_.Get());
}

void Route::SetResolve(absl::string_view name, int port,
                       const std::vector<sockaddr_storage>& addresses) {
  std::string texts;
  absl::string_view separator = "";
  for (const sockaddr_storage& storage : addresses) {
    absl::StrAppend(&texts, separator, AddressInUrl(reinterpret_cast<const sockaddr&>(storage)));
    separator = ",";
  }
  resolve_.Clear();
  resolve_.Add("+", name, ":", port, ":", texts);
  SetOption(easy_.get(), CURLOPT_RESOLVE, resolve_.Get());
}

curl_socket_t Route::OnOpenSocket(void* self, curlsocktype, curl_sockaddr* address) {
  auto* const route = static_cast<Route*>(self);
  const auto& allow = route->context_.allow_address;
  // A proxy is the operator's. What it is asked for was judged before.
  const bool judged = route->context_.proxy.has_value();
  if (!judged && allow && !allow(address->addr)) {
    route->refused_ = true;
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// The connection is there, and the request is about to be sent.
int Route::OnRequest(void* self, char*, char*, int, int) {
  AllowRequest(static_cast<Route*>(self)->easy());
  return CURL_PREREQFUNC_OK;
}

CURLcode Route::OnTlsContext(CURL*, void* tls_context, void* self) {
  auto* const route = static_cast<Route*>(self);
  auto* const context = static_cast<SSL_CTX*>(tls_context);
  route->handshake_time_ = SystemClock().Monotonic();
  BoundConnection(context);
  TrustedRoots& roots = route->context_.roots;
  if (route->tls_.trusted_roots.empty()) {
    SSL_CTX_set1_cert_store(context, roots.store());
  } else {
    SSL_CTX_set_cert_store(context, roots.StoreWith(route->tls_.trusted_roots));
  }
  return CURLE_OK;
}

}  // namespace crier::http
