#include "common/api/paging.h"

#include <algorithm>
#include <optional>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/api/resource_name.h"
#include "common/status/errors.h"
#include "common/status/macros.h"

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

absl::Status ForeignTokenError() {
  return InvalidField("page_token",
                      "must be a next_page_token of this very listing, with all other arguments as "
                      "they were; leave it empty to begin anew");
}

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
  return ForeignTokenError();
}

std::string CommunityListing(absl::string_view collection, int64_t community) {
  return absl::StrCat(collection, " of ", CommunityName(community));
}

std::string MakeIdPageToken(absl::string_view scope, int64_t id) {
  return MakePageToken(scope, absl::StrCat(id));
}

absl::StatusOr<int64_t> ParseIdPageToken(absl::string_view scope, absl::string_view token) {
  ASSIGN_OR_RETURN(const std::string key, ParsePageToken(scope, token));
  if (key.empty()) return 0;
  const std::optional<int64_t> id = ParseId(key);
  if (!id) return ForeignTokenError();
  return *id;
}

}  // namespace crier::api
