#include "common/api/resource_name.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/status/errors.h"

namespace crier::api {
namespace {

constexpr absl::string_view kCommunities = "communities";

}  // namespace

std::optional<int64_t> ParseId(absl::string_view text) {
  if (text.empty() || !absl::ascii_isdigit(text.front()) || text.front() == '0') {
    return std::nullopt;
  }
  int64_t id = 0;
  // SimpleAtoi strips white space, which may still stand at the end.
  if (!absl::ascii_isdigit(text.back()) || !absl::SimpleAtoi(text, &id)) return std::nullopt;
  return id;
}

absl::StatusOr<int64_t> ParseCommunity(absl::string_view field, absl::string_view name) {
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '/');
  if (parts.size() == 2 && parts[0] == kCommunities) {
    if (const auto id = ParseId(parts[1])) return *id;
  }
  return InvalidField(field, "must have the form communities/{community}, with a positive number");
}

absl::StatusOr<ResourceId> ParseResource(absl::string_view field, absl::string_view collection,
                                         absl::string_view name) {
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '/');
  if (parts.size() == 4 && parts[0] == kCommunities && parts[2] == collection) {
    const auto community = ParseId(parts[1]);
    const auto id = ParseId(parts[3]);
    if (community && id) return ResourceId{*community, *id};
  }
  return InvalidField(field, absl::StrCat("must have the form communities/{community}/", collection,
                                          "/{id}, with positive numbers"));
}

std::string CommunityName(int64_t community) { return absl::StrCat(kCommunities, "/", community); }

std::string ResourceName(absl::string_view collection, const ResourceId& id) {
  return absl::StrCat(kCommunities, "/", id.community, "/", collection, "/", id.id);
}

}  // namespace crier::api
