#include "common/http/transfer.h"

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "common/base/clock.h"
#include "common/http/outcome.h"

namespace crier::http {
namespace {

absl::Duration Now() { return SystemClock().Monotonic(); }

// libcurl takes 0 for "no limit".
long Milliseconds(absl::Duration duration) {
  return static_cast<long>(std::max<int64_t>(1, absl::ToInt64Milliseconds(duration)));
}

// A field name of RFC 9110.
bool IsHeaderName(absl::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) ||
           absl::StrContains("!#$%&'*+-.^_`|~", absl::string_view(reinterpret_cast<char*>(&c), 1));
  });
}

// Nothing that ends the line or the text.
bool IsHeaderValue(absl::string_view value) {
  return value.find_first_of(absl::string_view("\r\n\0", 3)) == absl::string_view::npos;
}

bool HasHeader(const Headers& headers, absl::string_view name) {
  return std::any_of(headers.begin(), headers.end(), [name](const auto& header) {
    return absl::EqualsIgnoreCase(header.first, name);
  });
}

// For the list of libcurl's options, so that none is set to a value that its C interface, which
// takes anything, would misread.
template <typename Value>
void Set(CURL* easy, CURLoption option, Value value) {
  static_assert(!std::is_same_v<Value, int>, "libcurl reads numbers as long");
  curl_easy_setopt(easy, option, value);
}

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

}  // namespace

// Owns a curl_slist.
class Transfer::HeaderList {
 public:
  HeaderList() = default;
  ~HeaderList() { curl_slist_free_all(list_); }
  HeaderList(const HeaderList&) = delete;
  HeaderList& operator=(const HeaderList&) = delete;

  void Add(const std::string& line) { list_ = curl_slist_append(list_, line.c_str()); }
  curl_slist* get() const { return list_; }

 private:
  curl_slist* list_ = nullptr;
};

Transfer::Transfer(const TransferContext& context, Request request, Done done)
    : context_(context), request_(std::move(request)), done_(std::move(done)), start_(Now()) {}

Transfer::~Transfer() = default;

absl::Status Transfer::Begin() {
  start_ = Now();
  for (const auto& [name, value] : request_.headers) {
    if (!IsHeaderName(name) || !IsHeaderValue(value)) {
      return absl::InvalidArgumentError("a header of the request is malformed");
    }
  }
  absl::StatusOr<Target> target = ParseTarget(request_.url);
  if (!target.ok()) return target.status();
  target_ = *std::move(target);
  return absl::OkStatus();
}

absl::Duration Transfer::connect_deadline() const {
  return start_ + std::min(request_.connect_timeout, request_.timeout);
}

bool Transfer::Allows(const std::vector<sockaddr_storage>& addresses) const {
  return !context_.allow_address ||
         std::all_of(addresses.begin(), addresses.end(), [this](const sockaddr_storage& address) {
           return context_.allow_address(reinterpret_cast<const sockaddr&>(address));
         });
}

void Transfer::Dial(EasyHandle easy, const std::vector<sockaddr_storage>& addresses) {
  easy_ = std::move(easy);
  dialled_ = Now();
  SetRequest();
  SetLimits();
  SetTls();
  SetClientCertificate();
  SetIsolation();
  context_.proxy ? SetProxy(addresses) : SetAddresses(addresses);
  SetCallbacks();
}

void Transfer::SetRequest() {
  CURL* const easy = easy_.get();
  Set(easy, CURLOPT_URL, request_.url.c_str());
  Set(easy, CURLOPT_PATH_AS_IS, 1L);
  Set(easy, CURLOPT_POST, 1L);
  Set(easy, CURLOPT_POSTFIELDS, request_.body.data());
  Set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));

  headers_ = std::make_unique<HeaderList>();
  for (const auto& [name, value] : request_.headers) {
    headers_->Add(value.empty() ? absl::StrCat(name, ";") : absl::StrCat(name, ": ", value));
  }
  // What libcurl would add by itself; a name without a value takes it away.
  for (const char* const name : {"Accept", "Content-Type", "Expect"}) {
    if (!HasHeader(request_.headers, name)) headers_->Add(absl::StrCat(name, ":"));
  }
  Set(easy, CURLOPT_HTTPHEADER, headers_->get());
  Set(easy, CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));  // nothing for proxies
}

// Differs between requests that must not share a connection.
std::string Transfer::GroupName() const {
  std::string name =
      absl::StrCat("group-", absl::Hex(static_cast<uint64_t>(request_.connection_group)));
  const TlsSettings& tls = request_.tls;
  if (!tls.client_certificate.empty() || !tls.trusted_roots.empty()) {
    absl::StrAppend(&name, "-", Fingerprint(tls));
  }
  return name;
}

// The name under which libcurl files a connection. It reuses one only if both the host of the URL
// and the name that was dialled are the same, so a name made of the group keeps groups apart. No
// name server is ever asked for it: SetAddresses() says what it stands for, and names under
// `.invalid` exist nowhere else.
std::string Transfer::DialName() const {
  return absl::StrCat(GroupName(), ".", absl::StrReplaceAll(target_.host, {{":", "-"}}),
                      ".invalid");
}

void Transfer::SetTargetAddresses(std::vector<sockaddr_storage> addresses) {
  target_addresses_ = std::move(addresses);
}

// As for direct connections, the name of the proxy is made of the group: libcurl compares it before
// it uses a tunnel again. The tunnel leads to an address that was judged.
void Transfer::SetProxy(const std::vector<sockaddr_storage>& addresses) {
  CURL* const easy = easy_.get();
  const EgressProxy& proxy = *context_.proxy;
  const std::string name = absl::StrCat(GroupName(), ".proxy.invalid");
  const auto& target = reinterpret_cast<const sockaddr&>(target_addresses_.front());
  connect_to_ = std::make_unique<HeaderList>();
  connect_to_->Add(absl::StrCat("::", AddressInUrl(target), ":"));
  Set(easy, CURLOPT_CONNECT_TO, connect_to_->get());
  Set(easy, CURLOPT_PROXY, absl::StrCat("http://", name, ":", proxy.port).c_str());
  Set(easy, CURLOPT_NOPROXY, "");
  Set(easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
  Set(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  if (!proxy.credentials.empty()) {
    Set(easy, CURLOPT_PROXYUSERPWD, proxy.credentials.c_str());
    Set(easy, CURLOPT_PROXYAUTH, static_cast<long>(CURLAUTH_BASIC));
  }
  SetResolve(name, proxy.port, addresses);
}

void Transfer::SetAddresses(const std::vector<sockaddr_storage>& addresses) {
  const std::string name = DialName();
  connect_to_ = std::make_unique<HeaderList>();
  connect_to_->Add(absl::StrCat("::", name, ":"));  // any host, any port → the name, the same port
  Set(easy_.get(), CURLOPT_CONNECT_TO, connect_to_->get());
  SetResolve(name, target_.port, addresses);
}

void Transfer::SetResolve(const std::string& name, int port,
                          const std::vector<sockaddr_storage>& addresses) {
  std::string entry = absl::StrCat("+", name, ":", port, ":");
  absl::string_view separator = "";
  for (const sockaddr_storage& storage : addresses) {
    absl::StrAppend(&entry, separator, AddressInUrl(reinterpret_cast<const sockaddr&>(storage)));
    separator = ",";
  }
  resolve_ = std::make_unique<HeaderList>();
  resolve_->Add(entry);
  Set(easy_.get(), CURLOPT_RESOLVE, resolve_->get());
  // The entry is used at once; `+` lets libcurl forget it afterwards.
  Set(easy_.get(), CURLOPT_DNS_CACHE_TIMEOUT, 5L);
}

void Transfer::SetLimits() {
  CURL* const easy = easy_.get();
  const absl::Duration spent = dialled_ - start_;
  Set(easy, CURLOPT_CONNECTTIMEOUT_MS, Milliseconds(request_.connect_timeout - spent));
  Set(easy, CURLOPT_TIMEOUT_MS, Milliseconds(request_.timeout - spent));
  // A receiver that has moved is found again although requests keep its connection busy.
  Set(easy, CURLOPT_MAXLIFETIME_CONN, 300L);
  Set(easy, CURLOPT_TCP_NODELAY, 1L);
  Set(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  Set(easy, CURLOPT_NOSIGNAL, 1L);
}

void Transfer::SetTls() {
  CURL* const easy = easy_.get();
  Set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  Set(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  Set(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  Set(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  // The roots come from OnTlsContext().
  Set(easy, CURLOPT_CAINFO, static_cast<char*>(nullptr));
  Set(easy, CURLOPT_CAPATH, static_cast<char*>(nullptr));
  // libcurl 7.88 keeps the store that it finds after OnTlsContext(), and puts it in place of what
  // that sets for the next connection: the roots of one request would serve all others.
  Set(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
  Set(easy, CURLOPT_SSL_CTX_FUNCTION, &OnTlsContext);
  Set(easy, CURLOPT_SSL_CTX_DATA, this);
  // A session is something that groups would share.
  Set(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
}

// From memory: a key must not lie in a file.
void Transfer::SetClientCertificate() {
  if (request_.tls.client_certificate.empty()) return;
  CURL* const easy = easy_.get();
  const auto set = [&](CURLoption option, std::string& pem) {
    curl_blob blob = {pem.data(), pem.size(), CURL_BLOB_NOCOPY};
    Set(easy, option, &blob);
  };
  Set(easy, CURLOPT_SSLCERTTYPE, "PEM");
  set(CURLOPT_SSLCERT_BLOB, request_.tls.client_certificate);
  Set(easy, CURLOPT_SSLKEYTYPE, "PEM");
  set(CURLOPT_SSLKEY_BLOB, request_.tls.client_key);
}

// The target is a stranger's, and so is what it answers: nothing of it leads anywhere else, and
// nothing of this machine's set-up is used for it.
void Transfer::SetIsolation() {
  CURL* const easy = easy_.get();
  Set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  Set(easy, CURLOPT_FOLLOWLOCATION, 0L);
  Set(easy, CURLOPT_PROXY, "");
  Set(easy, CURLOPT_NOPROXY, "*");
  Set(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  Set(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  Set(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
  Set(easy, CURLOPT_HTTP09_ALLOWED, 0L);
}

void Transfer::SetCallbacks() {
  CURL* const easy = easy_.get();
  Set(easy, CURLOPT_PRIVATE, this);
  Set(easy, CURLOPT_ERRORBUFFER, error_buffer_);
  Set(easy, CURLOPT_OPENSOCKETFUNCTION, &OnOpenSocket);
  Set(easy, CURLOPT_OPENSOCKETDATA, this);
  Set(easy, CURLOPT_HEADERFUNCTION, &OnHeader);
  Set(easy, CURLOPT_HEADERDATA, this);
  Set(easy, CURLOPT_WRITEFUNCTION, &OnBody);
  Set(easy, CURLOPT_WRITEDATA, this);
}

EasyHandle Transfer::ReleaseEasy() {
  if (easy_ != nullptr) curl_easy_reset(easy_.get());
  return std::move(easy_);
}

Response Transfer::Conclude(CURLcode code) {
  Response response;
  if (code == CURLE_OK || reader_.body_cut_off()) {
    long status = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    response.result = Result::kResponse;
    response.status = static_cast<int>(status);
    response.headers = reader_.TakeHeaders();
    response.body = reader_.TakeBody();
  } else if (refused_) {
    response.result = Result::kForbidden;
    response.error = kForbiddenError;
  } else if (reader_.headers_too_large()) {
    response.error = "the response has more headers than are accepted";
  } else {
    Outcome outcome = DescribeFailure(easy_.get(), code, error_buffer_);
    response.result = outcome.result;
    response.error = std::move(outcome.error);
  }
  response.timings = ReadTimings();
  const char* address = nullptr;
  curl_easy_getinfo(easy_.get(), CURLINFO_PRIMARY_IP, &address);
  if (address != nullptr) response.address = address;
  if (context_.proxy) {
    long tunnel = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_HTTP_CONNECTCODE, &tunnel);
    const bool open = tunnel >= 200 && tunnel <= 299;
    response.address =
        open ? AddressText(reinterpret_cast<const sockaddr&>(target_addresses_.front())) : "";
    if (!open && response.result == Result::kUnreachable) {
      response.error = "the proxy could not connect to the target";
    }
  }
  return response;
}

Timings Transfer::ReadTimings() const {
  const absl::Duration resolved = dialled_ - start_;
  const auto read = [&](CURLINFO info) {
    curl_off_t microseconds = 0;
    curl_easy_getinfo(easy_.get(), info, &microseconds);
    return microseconds > 0 ? resolved + absl::Microseconds(microseconds) : absl::ZeroDuration();
  };
  Timings timings;
  timings.resolved = resolved;
  timings.connected = read(CURLINFO_CONNECT_TIME_T);
  timings.secured = read(CURLINFO_APPCONNECT_TIME_T);
  timings.first_byte =
      reader_.has_head() ? read(CURLINFO_STARTTRANSFER_TIME_T) : absl::ZeroDuration();
  return timings;
}

void Transfer::Finish(Response response) {
  response.duration = Now() - start_;
  done_(std::move(response));
}

void Transfer::FinishWithout(Result result, std::string error) {
  Response response;
  response.result = result;
  response.error = std::move(error);
  Finish(std::move(response));
}

curl_socket_t Transfer::OnOpenSocket(void* self, curlsocktype, curl_sockaddr* address) {
  auto* const transfer = static_cast<Transfer*>(self);
  const auto& allow = transfer->context_.allow_address;
  // A proxy is the operator's. What it is asked for was judged before.
  const bool judged = transfer->context_.proxy.has_value();
  if (!judged && allow && !allow(address->addr)) {
    transfer->refused_ = true;
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

CURLcode Transfer::OnTlsContext(CURL*, void* tls_context, void* self) {
  auto* const transfer = static_cast<Transfer*>(self);
  auto* const context = static_cast<SSL_CTX*>(tls_context);
  const TrustedRoots& roots = transfer->context_.roots;
  if (transfer->request_.tls.trusted_roots.empty()) {
    SSL_CTX_set1_cert_store(context, roots.store());
  } else {
    SSL_CTX_set_cert_store(context, roots.StoreWith(transfer->request_.tls.trusted_roots));
  }
  return CURLE_OK;
}

size_t Transfer::OnHeader(char* data, size_t size, size_t count, void* self) {
  const size_t bytes = size * count;
  return static_cast<Transfer*>(self)->reader_.AddHeaderLine({data, bytes}) ? bytes : 0;
}

size_t Transfer::OnBody(char* data, size_t size, size_t count, void* self) {
  const size_t bytes = size * count;
  return static_cast<Transfer*>(self)->reader_.AddBody({data, bytes}) ? bytes : 0;
}

}  // namespace crier::http
