#include "tools/crierctl/names.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/status/macros.h"
#include "tools/crierctl/failure.h"

namespace crier::crierctl {
namespace {

// A positive int64 as the servers write it.
bool IsId(absl::string_view text) {
  int64_t id = 0;
  return absl::SimpleAtoi(text, &id) && id > 0 && absl::StrCat(id) == text;
}

bool IsFullName(absl::string_view text) { return absl::StartsWith(text, "communities/"); }

// What is before the last slash and what is after it; the latter is empty without a slash.
std::pair<absl::string_view, absl::string_view> PartsOf(absl::string_view text) {
  const size_t slash = text.rfind('/');
  if (slash == absl::string_view::npos) return {text, ""};
  return {text.substr(0, slash), text.substr(slash + 1)};
}

// The full name of what is in a collection of a child of the community, from `3/<id>` or the full
// name itself.
absl::StatusOr<std::string> NameBelow(absl::string_view parents, absl::string_view collection,
                                      absl::string_view community, absl::string_view text) {
  auto [parent, id] = PartsOf(text);
  absl::ConsumeSuffix(&parent, absl::StrCat("/", collection));
  ASSIGN_OR_RETURN(const std::string name, ChildName(parents, community, parent));
  return absl::StrCat(name, "/", collection, "/", id);
}

}  // namespace

absl::StatusOr<std::string> CommunityName(absl::string_view community) {
  if (community.empty()) {
    return UsageError("which community? Say it with --community or CRIER_COMMUNITY");
  }
  absl::string_view id = community;
  absl::ConsumePrefix(&id, "communities/");
  if (!IsId(id)) {
    return UsageError(absl::StrCat("`", community, "` is no community: give its number, like `7`"));
  }
  return absl::StrCat("communities/", id);
}

absl::StatusOr<std::string> ChildName(absl::string_view collection, absl::string_view community,
                                      absl::string_view text) {
  const std::string prefix = absl::StrCat(collection, "/");
  if (IsFullName(text)) {
    const std::vector<absl::string_view> parts = absl::StrSplit(text, '/');
    if (parts.size() == 4 && IsId(parts[1]) && parts[2] == collection && IsId(parts[3])) {
      return std::string(text);
    }
  } else {
    absl::string_view id = text;
    absl::ConsumePrefix(&id, prefix);
    if (IsId(id)) {
      ASSIGN_OR_RETURN(const std::string parent, CommunityName(community));
      return absl::StrCat(parent, "/", prefix, id);
    }
  }
  return UsageError(absl::StrCat("`", text, "` names none of the ", collection,
                                 ": give its number, like `3`, or `communities/7/", collection,
                                 "/3`"));
}

absl::StatusOr<std::string> WebhooksName(absl::string_view community, absl::string_view text) {
  if (text != "-") return ChildName("webhooks", community, text);
  ASSIGN_OR_RETURN(const std::string parent, CommunityName(community));
  return absl::StrCat(parent, "/webhooks/-");
}

absl::StatusOr<std::string> DeliveryName(absl::string_view community, absl::string_view text) {
  const absl::string_view id = PartsOf(text).second;
  if (!absl::StartsWith(id, "msg_")) {
    return UsageError(absl::StrCat(
        "`", text, "` names no delivery: give `<webhook>/msg_…` as `deliveries list` shows it"));
  }
  return NameBelow("webhooks", "deliveries", community, text);
}

absl::StatusOr<std::string> RunName(absl::string_view community, absl::string_view text) {
  if (!IsId(PartsOf(text).second)) {
    return UsageError(
        absl::StrCat("`", text, "` names no run: give `<workflow>/<run>` as `runs list` shows it"));
  }
  return NameBelow("workflows", "runs", community, text);
}

std::string LastPart(absl::string_view name) {
  return std::string(name.substr(name.rfind('/') + 1));  // npos + 1 is 0: all of it
}

std::string ShortName(absl::string_view name) {
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '/');
  return parts.size() == 6 ? absl::StrCat(parts[3], "/", parts[5]) : std::string(name);
}

std::string CommunityOf(absl::string_view name) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(absl::StripPrefix(name, "communities/"), absl::MaxSplits('/', 1));
  return absl::StrCat("communities/", parts.first);
}

}  // namespace crier::crierctl
