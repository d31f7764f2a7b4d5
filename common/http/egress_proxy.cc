#include "common/http/egress_proxy.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "common/http/target.h"

namespace crier::http {

absl::StatusOr<EgressProxy> ParseEgressProxy(const std::string& url) {
  constexpr char kForm[] = "must have the form http://[user:password@]host:port";
  absl::string_view rest = url;
  if (!absl::ConsumePrefix(&rest, "http://")) return absl::InvalidArgumentError(kForm);
  absl::ConsumeSuffix(&rest, "/");
  EgressProxy proxy;
  const size_t at = rest.rfind('@');
  if (at != absl::string_view::npos) {
    proxy.credentials = std::string(rest.substr(0, at));
    rest.remove_prefix(at + 1);
  }
  // A port that is left out would be libcurl's 1080, which hardly anybody means.
  const size_t colon = rest.rfind(':');
  const bool has_port = colon != absl::string_view::npos && colon + 1 < rest.size() &&
                        rest.find(']', colon) == absl::string_view::npos;
  const absl::StatusOr<Target> target = ParseTarget(absl::StrCat("http://", rest));
  if (!has_port || !target.ok() || absl::StrContains(rest, "/") || absl::StrContains(rest, "?")) {
    return absl::InvalidArgumentError(kForm);
  }
  proxy.host = target->host;
  proxy.port = target->port;
  return proxy;
}

}  // namespace crier::http
