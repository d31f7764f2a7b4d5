// Pages of List methods (AIP-158).
#ifndef CRIER_COMMON_API_PAGING_H_
#define CRIER_COMMON_API_PAGING_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace crier::api {

// 0 means 50, above 1,000 means 1,000, negative is INVALID_ARGUMENT on `page_size`.
absl::StatusOr<int> PageSize(int32_t requested);

// An opaque token that says where the next page begins and which listing it belongs to. `scope`
// names the listing with its arguments (`webhooks of communities/1`); `key`, which is not empty, is
// where to go on. Not signed: whoever parses a key trusts it no more than any other input.
std::string MakePageToken(absl::string_view scope, absl::string_view key);

// INVALID_ARGUMENT on `page_token`: it is not of this listing. Also for whoever finds out from a
// key.
absl::Status ForeignTokenError();

// The key of a token; empty for the empty token. INVALID_ARGUMENT on `page_token` when the token is
// not ours or was made for another scope.
absl::StatusOr<std::string> ParsePageToken(absl::string_view scope, absl::string_view token);

// The scope of a listing of a community's children: `webhooks of communities/1`.
std::string CommunityListing(absl::string_view collection, int64_t community);

// For listings in the order of positive ids: the token of the page that begins after `id`.
std::string MakeIdPageToken(absl::string_view scope, int64_t id);

// The id that the page begins after; 0 for the empty token. INVALID_ARGUMENT as from
// ParsePageToken(), also when the key is no id that a listing could have ended with (`-1`, `+1`,
// `01`).
absl::StatusOr<int64_t> ParseIdPageToken(absl::string_view scope, absl::string_view token);

}  // namespace crier::api

#endif  // CRIER_COMMON_API_PAGING_H_
