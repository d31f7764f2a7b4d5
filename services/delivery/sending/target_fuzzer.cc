// URLs of strangers: what the policy permits, libcurl must understand in the same way, or somebody
// could have one host judged and another called.
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "common/http/target.h"
#include "services/delivery/domain/webhooks/url_policy.h"
#include "tests/support/fuzzing.h"

namespace crier::delivery {
namespace {

using tests::FuzzCheck;

const UrlPolicy& Policy() {
  static const auto* const policy = new UrlPolicy(UrlPolicy::Create({}).value());
  return *policy;
}

// The host as it stands in a URL of the plain form.
std::string WrittenHost(const std::string& url) {
  const size_t begin = url.find("//") + 2;
  std::string authority = url.substr(begin, url.find_first_of("/?", begin) - begin);
  if (absl::StartsWith(authority, "[")) return authority.substr(1, authority.find(']') - 1);
  return authority.substr(0, authority.find(':'));
}

void CheckUrl(const std::string& url) {
  if (Policy().CheckUrl(url)) return;
  FuzzCheck(url.size() <= UrlPolicy::kMaxUrlBytes, "a permitted URL is no longer than the limit");
  const absl::StatusOr<http::Target> target = http::ParseTarget(url);
  FuzzCheck(target.ok(), "libcurl understands what is permitted");
  FuzzCheck(absl::EqualsIgnoreCase(target->host, WrittenHost(url)) || target->literal,
            "it calls the host that is written there");
  FuzzCheck(target->port == 443 || target->port == 8443, "on a port that is permitted");
  FuzzCheck(!target->literal ||
                Policy().AddressAllowed(reinterpret_cast<const sockaddr&>(*target->literal)),
            "an address that is permitted by its text is permitted by itself");
}

}  // namespace
}  // namespace crier::delivery

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(crier::tests::FuzzText(data, size));
  crier::delivery::CheckUrl(text);
  crier::delivery::CheckUrl("https://" + text);
  crier::delivery::CheckUrl("https://" + text + ".example.com/hook");
  return 0;
}
