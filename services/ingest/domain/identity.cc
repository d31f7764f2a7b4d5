#include "services/ingest/domain/identity.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace crier::ingest {
namespace {

using entity::v1::Contact;

bool IsPlain(unsigned char c) { return c > ' ' && c != 0x7f; }

// Takes `prefix` off, whatever the case of its letters.
bool ConsumePrefixIgnoringCase(absl::string_view& text, absl::string_view prefix) {
  if (!absl::StartsWithIgnoreCase(text, prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// Takes `https://www.<host>/` off, in all its variants; false when there is no such thing.
bool ConsumeHost(absl::string_view& text, const std::vector<absl::string_view>& hosts) {
  absl::string_view rest = text;
  if (!ConsumePrefixIgnoringCase(rest, "https://")) ConsumePrefixIgnoringCase(rest, "http://");
  const size_t slash = rest.find('/');
  if (slash == absl::string_view::npos) return false;
  const absl::string_view host = rest.substr(0, slash);
  const bool known = std::any_of(hosts.begin(), hosts.end(), [host](absl::string_view name) {
    return absl::EqualsIgnoreCase(host, name) ||
           absl::EndsWithIgnoreCase(host, absl::StrCat(".", name));
  });
  if (known) text = rest.substr(slash + 1);
  return known;
}

}  // namespace

const std::vector<Network>& Networks() {
  static const auto* const networks = new std::vector<Network>{
      {IdentityKind::kLinkedIn,
       "linked_in",
       &Contact::linked_in,
       &Contact::has_linked_in,
       &Contact::mutable_linked_in,
       &Contact::clear_linked_in,
       {"linkedin.com"},
       {"in/"}},
      {IdentityKind::kTwitter,
       "twitter",
       &Contact::twitter,
       &Contact::has_twitter,
       &Contact::mutable_twitter,
       &Contact::clear_twitter,
       {"twitter.com", "x.com"},
       {}},
      {IdentityKind::kGithub,
       "github",
       &Contact::github,
       &Contact::has_github,
       &Contact::mutable_github,
       &Contact::clear_github,
       {"github.com"},
       {}},
      {IdentityKind::kDiscord,
       "discord",
       &Contact::discord,
       &Contact::has_discord,
       &Contact::mutable_discord,
       &Contact::clear_discord,
       {"discord.com", "discordapp.com"},
       {"users/"}},
      {IdentityKind::kYoutube,
       "youtube",
       &Contact::youtube,
       &Contact::has_youtube,
       &Contact::mutable_youtube,
       &Contact::clear_youtube,
       {"youtube.com"},
       {"channel/", "c/", "user/"}},
  };
  return *networks;
}

bool IsEmail(absl::string_view email) {
  const absl::string_view clean = absl::StripAsciiWhitespace(email);
  const size_t at = clean.find('@');
  return at != absl::string_view::npos && at > 0 && at + 1 < clean.size() &&
         clean.find('@', at + 1) == absl::string_view::npos &&
         std::all_of(clean.begin(), clean.end(), IsPlain);
}

std::optional<std::string> CleanEmail(absl::string_view email) {
  if (!IsEmail(email)) return std::nullopt;
  return std::string(absl::StripAsciiWhitespace(email));
}

std::optional<std::string> CleanHandle(const Network& network, absl::string_view handle) {
  absl::string_view rest = absl::StripAsciiWhitespace(handle);
  if (ConsumeHost(rest, network.hosts)) {
    rest = rest.substr(0, rest.find('?'));
    // The `#` of a Discord name (`discord.com/users/msanford#1234`) is part of the name.
    if (network.kind != IdentityKind::kDiscord) rest = rest.substr(0, rest.find('#'));
  }
  while (absl::ConsumePrefix(&rest, "/")) {
  }
  for (absl::string_view prefix : network.path_prefixes) {
    if (ConsumePrefixIgnoringCase(rest, prefix)) break;
  }
  while (absl::ConsumeSuffix(&rest, "/")) {
  }
  while (absl::ConsumePrefix(&rest, "@")) {
  }
  // A slash that is left over belongs to another kind of page, or to another site.
  if (rest.empty() || absl::StrContains(rest, '/') ||
      !std::all_of(rest.begin(), rest.end(), IsPlain)) {
    return std::nullopt;
  }
  return absl::StrCat(network.kind == IdentityKind::kLinkedIn ? "in/" : "", rest);
}

std::string CaseFold(absl::string_view clean) { return absl::AsciiStrToLower(clean); }

std::vector<Identity> IdentitiesOf(int64_t community, const Contact& contact) {
  std::vector<Identity> identities;
  identities.reserve(static_cast<size_t>(contact.all_emails_size() + contact.external_ids_size()) +
                     Networks().size());
  for (const std::string& email : contact.all_emails()) {
    identities.push_back({community, IdentityKind::kEmail, CaseFold(email)});
  }
  for (const auto& external : contact.external_ids()) {
    // The length keeps ("a", "bc") and ("ab", "c") apart.
    identities.push_back(
        {community, IdentityKind::kExternalId,
         absl::StrCat(external.source().size(), ":", external.source(), external.id())});
  }
  for (const Network& network : Networks()) {
    const std::string& handle = (contact.*network.profile)().handle();
    if (!handle.empty()) identities.push_back({community, network.kind, CaseFold(handle)});
  }
  std::sort(identities.begin(), identities.end());
  identities.erase(std::unique(identities.begin(), identities.end()), identities.end());
  return identities;
}

}  // namespace crier::ingest
