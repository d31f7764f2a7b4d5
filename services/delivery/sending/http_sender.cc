#include "services/delivery/sending/http_sender.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/log/log.h"

namespace crier::delivery {

static_assert(kKeptBodyBytes == http::kKeptBodyBytes);
static_assert(kKeptValueBytes == http::kKeptValueBytes);

namespace {

// One text for names that are unknown and targets that are refused: a customer must not learn which
// names exist in the operator's network.
constexpr char kNotDialledError[] =
    "the receiver cannot be reached; check the host name and the port of the URL";

http::ClientOptions WithFilter(http::ClientOptions options, const UrlPolicy& policy) {
  options.allow_address = [&policy](const sockaddr& address) {
    return policy.AddressAllowed(address);
  };
  return options;
}

AttemptResult NotDialled() {
  AttemptResult result;
  result.outcome = Outcome::kUnreachable;
  result.error = kNotDialledError;
  return result;
}

AttemptResult TargetRefused(int64_t community, absl::string_view reason) {
  log::Warning("target refused", {{"community", community}, {"reason", reason}});
  AttemptResult result = NotDialled();
  result.target_refused = true;
  return result;
}

http::Request ToHttp(AttemptRequest request, int64_t connection_group) {
  http::Request result;
  result.url = std::move(request.url);
  for (Header& header : request.headers) {
    result.headers.emplace_back(std::move(header.name), std::move(header.value));
  }
  result.body = std::move(request.body);
  result.connect_timeout = request.connect_timeout;
  result.timeout = request.timeout;
  result.connection_group = connection_group;
  result.tls = {std::move(request.tls.client_certificate), std::move(request.tls.client_key),
                std::move(request.tls.trusted_roots)};
  return result;
}

AttemptResult FromResponse(http::Response response) {
  AttemptResult result;
  result.outcome =
      response.status >= 200 && response.status <= 299 ? Outcome::kSucceeded : Outcome::kRefused;
  result.status = response.status;
  for (auto& [name, value] : response.headers) {
    result.headers.push_back({std::move(name), std::move(value)});
  }
  result.body = std::move(response.body);
  if (result.outcome == Outcome::kRefused) {
    result.error = absl::StrCat("the receiver answered with status ", response.status);
    if (response.status >= 300 && response.status <= 399) {
      absl::StrAppend(&result.error, "; redirects are not followed");
    }
  }
  return result;
}

AttemptResult FromHttp(http::Response response, int64_t community) {
  const absl::Duration duration = response.duration;
  const AttemptTimings timings = {response.timings.resolved, response.timings.connected,
                                  response.timings.secured, response.timings.first_byte};
  const std::string remote_address = response.address;
  AttemptResult result;
  switch (response.result) {
    case http::Result::kResponse:
      result = FromResponse(std::move(response));
      break;
    case http::Result::kTimedOut:
      result.outcome = Outcome::kTimedOut;
      result.error = response.error;
      break;
    case http::Result::kTlsFailed:
      result.outcome = Outcome::kTlsFailed;
      result.error = response.error;
      break;
    case http::Result::kForbidden:
      result = TargetRefused(community, response.error);
      break;
    case http::Result::kUnreachable:
      result = NotDialled();
      if (response.timings.resolved > absl::ZeroDuration()) result.error = response.error;
      break;
  }
  result.duration = duration;
  // Whether a name is known is not told of a target that was not called.
  if (!remote_address.empty()) {
    result.timings = timings;
    result.remote_address = remote_address;
  }
  return result;
}

}  // namespace

HttpSender::HttpSender(const UrlPolicy& policy, http::ClientOptions options)
    : policy_(policy), client_(WithFilter(std::move(options), policy)) {}

void HttpSender::Send(AttemptRequest request, int64_t connection_group,
                      std::function<void(AttemptResult)> done) {
  // The policy may be another than the one that the webhook was saved under.
  if (const std::optional<UrlRefusal> refusal = policy_.CheckUrl(request.url)) {
    done(TargetRefused(connection_group, absl::StrCat("the URL ", refusal->description)));
    return;
  }
  client_.Send(ToHttp(std::move(request), connection_group),
               [connection_group, done = std::move(done)](http::Response response) {
                 done(FromHttp(std::move(response), connection_group));
               });
}

}  // namespace crier::delivery
