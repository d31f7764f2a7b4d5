#include "common/http/transfer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "common/base/clock.h"
#include "common/http/outcome.h"
#include "common/status/macros.h"

namespace crier::http {
namespace {

absl::Duration Now() { return SystemClock().Monotonic(); }

// libcurl takes 0 for "no limit".
long Milliseconds(absl::Duration duration) {
  return static_cast<long>(std::max<int64_t>(1, absl::ToInt64Milliseconds(duration)));
}

constexpr int kProxyAuthenticationRequired = 407;
constexpr int kRequestTimeout = 408;

int StatusOf(CURL* easy) {
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  return static_cast<int>(status);
}

constexpr absl::string_view kNameMarks = "!#$%&'*+-.^_`|~";

// A field name of RFC 9110.
bool IsHeaderName(absl::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) || kNameMarks.find(static_cast<char>(c)) != kNameMarks.npos;
  });
}

// Nothing that ends the line or the text.
bool IsHeaderValue(absl::string_view value) {
  return std::none_of(value.begin(), value.end(),
                      [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

bool HasHeader(const Headers& headers, absl::string_view name) {
  return std::any_of(headers.begin(), headers.end(), [name](const auto& header) {
    return absl::EqualsIgnoreCase(header.first, name);
  });
}

}  // namespace

Transfer::Transfer(ClientContext& context, Request request, Done done)
    : context_(context), request_(std::move(request)), done_(std::move(done)), start_(Now()) {}

absl::Status Transfer::Begin(RoutePool& routes) {
  start_ = Now();
  for (const auto& [name, value] : request_.headers) {
    if (!IsHeaderName(name) || !IsHeaderValue(value)) {
      return absl::InvalidArgumentError("a header of the request is malformed");
    }
  }
  ASSIGN_OR_RETURN(route_, routes.Take(request_));
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

void Transfer::SetTargetAddresses(std::vector<sockaddr_storage> addresses) {
  target_addresses_ = std::move(addresses);
}

void Transfer::Dial(const std::vector<sockaddr_storage>& addresses) {
  resolved_ = dialled_ = Now();
  SetRequest();
  SetTimeouts();
  SetCallbacks();
  if (!context_.proxy) return route_->Dial(addresses);
  proxy_addresses_ = addresses;
  DialProxy();
}

void Transfer::DialProxy() {
  route_->DialProxy(proxy_addresses_, reinterpret_cast<const sockaddr&>(target_addresses_.front()));
}

// libcurl does so itself, but five times in the life of an easy handle (it forgets the count after
// a failure only), and not when the connection dies between the head of a request and its body.
bool Transfer::DialAfresh(CURLcode code) {
  if (dialled_afresh_ || route_->refused() || !WasNotServed(code)) return false;
  dialled_afresh_ = true;
  dialled_ = Now();
  reader_ = ResponseReader();
  SetTimeouts();
  route_->DialAfresh();
  return true;
}

bool Transfer::WasNotServed(CURLcode code) const {
  // The server went away and named an earlier request as its last (RFC 9113, section 6.8).
  if (code == CURLE_HTTP2 && !reader_.has_begun()) return true;
  long made = 0;
  curl_easy_getinfo(easy(), CURLINFO_NUM_CONNECTS, &made);
  if (made > 0) return false;
  // What some send to a connection at rest before they close it: the next request finds it there.
  if (code == CURLE_OK) return StatusOf(easy()) == kRequestTimeout;
  const bool broke = code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR ||
                     code == CURLE_GOT_NOTHING || code == CURLE_PARTIAL_FILE ||
                     code == CURLE_HTTP2_STREAM;
  return broke && !reader_.has_begun();
}

bool Transfer::WasSent() const {
  curl_off_t microseconds = 0;
  curl_easy_getinfo(easy(), CURLINFO_PRETRANSFER_TIME_T, &microseconds);
  return microseconds > 0;
}

bool Transfer::DialNextTarget(CURLcode code) {
  if (target_addresses_.size() < 2) return false;
  long status = 0;
  curl_easy_getinfo(easy(), CURLINFO_HTTP_CONNECTCODE, &status);
  const bool refused = status >= 300 && status != kProxyAuthenticationRequired;
  const bool silent = code == CURLE_OPERATION_TIMEDOUT && !WasSent();
  if (!(refused || silent) || connect_deadline() <= Now()) return false;
  target_addresses_.erase(target_addresses_.begin());
  dialled_ = Now();
  SetTimeouts();
  DialProxy();
  return true;
}

void Transfer::SetRequest() {
  CURL* const easy = route_->easy();
  SetOption(easy, CURLOPT_POSTFIELDS, request_.body.data());
  SetOption(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
  for (const auto& [name, value] : request_.headers) {
    value.empty() ? headers_.Add(name, ";") : headers_.Add(name, ": ", value);
  }
  // What libcurl would add by itself; a name without a value takes it away.
  for (const absl::string_view name : {"Accept", "Content-Type", "Expect"}) {
    if (!HasHeader(request_.headers, name)) headers_.Add(name, ":");
  }
  SetOption(easy, CURLOPT_HTTPHEADER, headers_.Get());
}

void Transfer::SetTimeouts() {
  CURL* const easy = route_->easy();
  const absl::Duration spent = dialled_ - start_;
  SetOption(easy, CURLOPT_CONNECTTIMEOUT_MS, Milliseconds(ConnectTimeout()));
  SetOption(easy, CURLOPT_TIMEOUT_MS, Milliseconds(request_.timeout - spent));
}

absl::Duration Transfer::ConnectTimeout() const {
  if (target_addresses_.size() > 1) return (connect_deadline() - dialled_) / 2;
  return request_.connect_timeout - (dialled_ - start_);
}

void Transfer::SetCallbacks() {
  CURL* const easy = route_->easy();
  SetOption(easy, CURLOPT_HEADERFUNCTION, &OnHeader);
  SetOption(easy, CURLOPT_HEADERDATA, this);
  SetOption(easy, CURLOPT_WRITEFUNCTION, &OnBody);
  SetOption(easy, CURLOPT_WRITEDATA, this);
}

Response Transfer::Conclude(CURLcode code) {
  Response response;
  // A connection that is closed within the head is the end of a response to libcurl.
  const bool complete = code == CURLE_OK && reader_.has_head();
  if (complete || reader_.body_cut_off()) {
    response.result = Result::kResponse;
    response.status = StatusOf(easy());
    response.headers = reader_.TakeHeaders();
    response.body = reader_.TakeBody();
  } else if (route_->refused()) {
    response.result = Result::kForbidden;
    response.error = kForbiddenError;
  } else if (reader_.headers_too_large()) {
    response.error = "the response has more headers than are accepted";
  } else if (code == CURLE_OK) {
    response.error = "the connection was closed within the response";
  } else {
    Outcome outcome = DescribeFailure(easy(), code, route_->error_details(),
                                      {route_->handshake_time().has_value(), reader_.has_head()});
    response.result = outcome.result;
    response.error = std::move(outcome.error);
  }
  response.timings = ReadTimings();
  response.address = DialledAddress(response.result);
  if (context_.proxy && response.address.empty() && response.result == Result::kUnreachable) {
    response.error = "the proxy could not connect to the target";
  }
  return response;
}

std::string Transfer::DialledAddress(Result result) const {
  if (!context_.proxy) {
    const char* address = nullptr;
    curl_easy_getinfo(easy(), CURLINFO_PRIMARY_IP, &address);
    return address != nullptr ? address : "";
  }
  long status = 0;  // of the proxy; none when the tunnel was there already
  curl_easy_getinfo(easy(), CURLINFO_HTTP_CONNECTCODE, &status);
  const bool open = (status >= 200 && status <= 299) || result == Result::kResponse;
  return open ? AddressText(reinterpret_cast<const sockaddr&>(target_addresses_.front())) : "";
}

Timings Transfer::ReadTimings() const {
  const absl::Duration before = dialled_ - start_;
  const auto read = [&](CURLINFO info) {
    curl_off_t microseconds = 0;
    curl_easy_getinfo(easy(), info, &microseconds);
    return microseconds > 0 ? before + absl::Microseconds(microseconds) : absl::ZeroDuration();
  };
  Timings timings;
  timings.resolved = resolved_ - start_;
  timings.connected = read(CURLINFO_CONNECT_TIME_T);
  // libcurl sets it when the handshake is over.
  if (timings.connected == absl::ZeroDuration() && route_->handshake_time()) {
    timings.connected = *route_->handshake_time() - start_;
  }
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

size_t Transfer::OnHeader(char* data, size_t size, size_t count, void* self) {
  const size_t bytes = size * count;
  return static_cast<Transfer*>(self)->reader_.AddHeaderLine({data, bytes}) ? bytes : 0;
}

size_t Transfer::OnBody(char* data, size_t size, size_t count, void* self) {
  const size_t bytes = size * count;
  return static_cast<Transfer*>(self)->reader_.AddBody({data, bytes}) ? bytes : 0;
}

}  // namespace crier::http
