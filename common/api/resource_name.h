// Resource names (AIP-122): `communities/{community}/webhooks/{webhook}` and the like.
#ifndef CRIER_COMMON_API_RESOURCE_NAME_H_
#define CRIER_COMMON_API_RESOURCE_NAME_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace crier::api {

// A child of a community with an id of its own.
struct ResourceId {
  int64_t community = 0;
  int64_t id = 0;

  friend bool operator==(const ResourceId& a, const ResourceId& b) {
    return a.community == b.community && a.id == b.id;
  }
};

// The number that `text` is: decimal, positive, without sign, space or leading zeros, so that
// exactly one text stands for each id.
std::optional<int64_t> ParseId(absl::string_view text);

// Parses `communities/{community}`. `field` is the request field that holds the name, for the
// error: INVALID_ARGUMENT that says which form is wanted.
absl::StatusOr<int64_t> ParseCommunity(absl::string_view field, absl::string_view name);

// Parses `communities/{community}/{collection}/{id}`; both ids are decimal, positive, without sign
// or leading zeros.
absl::StatusOr<ResourceId> ParseResource(absl::string_view field, absl::string_view collection,
                                         absl::string_view name);

// `communities/{community}`.
std::string CommunityName(int64_t community);

// `communities/{community}/{collection}/{id}`.
std::string ResourceName(absl::string_view collection, const ResourceId& id);

// Collections of the suite.
inline constexpr char kContacts[] = "contacts";
inline constexpr char kOrganizations[] = "organizations";
inline constexpr char kActivities[] = "activities";
inline constexpr char kSegments[] = "segments";
inline constexpr char kTags[] = "tags";
inline constexpr char kWebhooks[] = "webhooks";
inline constexpr char kRecoveries[] = "recoveries";
inline constexpr char kWorkflows[] = "workflows";

}  // namespace crier::api

#endif  // CRIER_COMMON_API_RESOURCE_NAME_H_
