#include "common/api/paging.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/status/errors.h"

namespace crier::api {
namespace {

constexpr int kDefaultPageSize = 50;
constexpr int kMaxPageSize = 1000;

// What every token of a listing begins with. The length says where the scope ends, so no scope can
// pass for another one with the beginning of a key.
std::string TokenPrefix(absl::string_view scope) {
  return absl::StrCat("1:", scope.size(), ":", scope);
}

}  // namespace

absl::StatusOr<int> PageSize(int32_t requested) {
  if (requested < 0) return InvalidField("page_size", "must not be negative; leave it 0 for 50");
  return requested == 0 ? kDefaultPageSize : std::min(requested, kMaxPageSize);
}

std::string MakePageToken(absl::string_view scope, absl::string_view key) {
  return absl::WebSafeBase64Escape(absl::StrCat(TokenPrefix(scope), key));
}

absl::StatusOr<std::string> ParsePageToken(absl::string_view scope, absl::string_view token) {
  if (token.empty()) return std::string();
  std::string decoded;
  if (absl::WebSafeBase64Unescape(token, &decoded)) {
    absl::string_view key = decoded;
    if (absl::ConsumePrefix(&key, TokenPrefix(scope)) && !key.empty()) return std::string(key);
  }
  return InvalidField("page_token",
                      "must be a next_page_token of this very listing, with all other arguments as "
                      "they were; leave it empty to begin anew");
}

}  // namespace crier::api
