#include "common/http/transfer.h"

#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
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
  SetAddresses(addresses);
  SetLimits();
  SetTls();
  SetIsolation();
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
}

// The name under which libcurl files a connection. It reuses one only if both the host of the URL
// and the name that was dialled are the same, so a name made of the group keeps groups apart. No
// name server is ever asked for it: SetAddresses() says what it stands for, and names under
// `.invalid` exist nowhere else.
std::string Transfer::DialName() const {
  return absl::StrCat("group-", absl::Hex(static_cast<uint64_t>(request_.connection_group)), ".",
                      absl::StrReplaceAll(target_.host, {{":", "-"}}), ".invalid");
}

void Transfer::SetAddresses(const std::vector<sockaddr_storage>& addresses) {
  const std::string name = DialName();
  connect_to_ = std::make_unique<HeaderList>();
  connect_to_->Add(absl::StrCat("::", name, ":"));  // any host, any port → the name, the same port
  Set(easy_.get(), CURLOPT_CONNECT_TO, connect_to_->get());

  std::string entry = absl::StrCat("+", name, ":", target_.port, ":");
  absl::string_view separator = "";
  for (const sockaddr_storage& storage : addresses) {
    const auto& address = reinterpret_cast<const sockaddr&>(storage);
    const std::string text = AddressText(address);
    absl::StrAppend(&entry, separator,
                    address.sa_family == AF_INET6 ? absl::StrCat("[", text, "]") : text);
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
  Set(easy, CURLOPT_SSL_CTX_FUNCTION, &OnTlsContext);
  Set(easy, CURLOPT_SSL_CTX_DATA, this);
  // A session is something that groups would share.
  Set(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
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
  if (allow && !allow(address->addr)) {
    transfer->refused_ = true;
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

CURLcode Transfer::OnTlsContext(CURL*, void* tls_context, void* self) {
  SSL_CTX_set1_cert_store(static_cast<SSL_CTX*>(tls_context),
                          static_cast<Transfer*>(self)->context_.roots.store());
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
