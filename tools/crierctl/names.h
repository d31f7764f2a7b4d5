// Resource names as people type them: an id alone is enough where the rest is known.
#ifndef CRIER_TOOLS_CRIERCTL_NAMES_H_
#define CRIER_TOOLS_CRIERCTL_NAMES_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace crier::crierctl {

// `communities/{community}` from `7` or `communities/7`. A usage error for anything else, and for
// an empty text: no community was given.
absl::StatusOr<std::string> CommunityName(absl::string_view community);

// The full name of a child of the community from `3`, `webhooks/3` or the full name itself, which
// needs no community. `collection` is `webhooks` or `workflows`. A usage error otherwise.
absl::StatusOr<std::string> ChildName(absl::string_view collection, absl::string_view community,
                                      absl::string_view text);

// As ChildName for webhooks, but `-` stands for all of the community.
absl::StatusOr<std::string> WebhooksName(absl::string_view community, absl::string_view text);

// The full name of a delivery from `3/msg_…` or the full name itself.
absl::StatusOr<std::string> DeliveryName(absl::string_view community, absl::string_view text);

// The full name of a run from `3/12`, a workflow and its run, or the full name itself.
absl::StatusOr<std::string> RunName(absl::string_view community, absl::string_view text);

// What follows the last slash: the short form for listings.
std::string LastPart(absl::string_view name);

// The short form of the name of a delivery or a run, `3/msg_…` or `3/12`, which DeliveryName() or
// RunName() takes back.
std::string ShortName(absl::string_view name);

// The community in the front of a full name, `communities/{community}`.
std::string CommunityOf(absl::string_view name);

}  // namespace crier::crierctl

#endif  // CRIER_TOOLS_CRIERCTL_NAMES_H_
