#include "services/ingest/domain/entities/identity.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/utf8.h"
#include "services/ingest/domain/entities/host_name.h"
#include "services/ingest/domain/entities/limits.h"

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

// How many bytes of the text's beginning, or of its end, are one blank beyond ASCII: a space, or a
// character that does not show.
size_t BlankAtBegin(absl::string_view text) {
  for (absl::string_view blank : {"\u00a0", "\u2060", "\u3000", "\ufeff"}) {
    if (absl::StartsWith(text, blank)) return blank.size();
  }
  // U+2000 to U+200F, and U+2028 to U+202F.
  if (text.size() < 3 || !absl::StartsWith(text, "\xe2\x80")) return 0;
  const auto last = static_cast<unsigned char>(text[2]);
  return last <= 0x8f || (last >= 0xa8 && last <= 0xaf) ? 3 : 0;
}
size_t BlankAtEnd(absl::string_view text) {
  for (const size_t size : {size_t{2}, size_t{3}}) {
    if (text.size() >= size && BlankAtBegin(text.substr(text.size() - size)) == size) return size;
  }
  return 0;
}

absl::string_view StripBlanks(absl::string_view text) {
  while (true) {
    text = absl::StripAsciiWhitespace(text);
    const size_t begin = BlankAtBegin(text);
    text.remove_prefix(begin);
    const size_t end = BlankAtEnd(text);
    text.remove_suffix(end);
    if (begin == 0 && end == 0) return text;
  }
}

bool HasSpaceBeyondAscii(absl::string_view text) {
  if (std::all_of(text.begin(), text.end(), absl::ascii_isascii)) return false;
  constexpr absl::string_view kSpaces[] = {
      "\u00a0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006",
      "\u2007", "\u2008", "\u2009", "\u200a", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000"};
  return std::any_of(std::begin(kSpaces), std::end(kSpaces),
                     [text](absl::string_view space) { return absl::StrContains(text, space); });
}

bool EndsWithPercentEncoded(absl::string_view text) {
  return text.size() >= 3 && text[text.size() - 3] == '%' &&
         absl::ascii_isxdigit(text[text.size() - 2]) && absl::ascii_isxdigit(text.back());
}

// Until nothing is left to decode, so that decoding what was decoded changes nothing.
std::string DecodePercents(absl::string_view text) {
  std::string decoded;
  for (const char c : text) {
    decoded.push_back(c);
    while (EndsWithPercentEncoded(decoded)) {
      const std::string byte = absl::HexStringToBytes(decoded.substr(decoded.size() - 2));
      decoded.replace(decoded.size() - 3, 3, byte);
    }
  }
  return decoded;
}

bool IsHost(absl::string_view text, const Network& network) {
  return std::any_of(network.hosts.begin(), network.hosts.end(), [text](absl::string_view name) {
    return absl::EqualsIgnoreCase(text, name) ||
           absl::EndsWithIgnoreCase(text, absl::StrCat(".", name));
  });
}

// Takes `https://www.<host>/` off, in all its variants; false when there is no such thing.
bool ConsumeHost(absl::string_view& text, const Network& network) {
  absl::string_view rest = text;
  if (!ConsumePrefixIgnoringCase(rest, "https:")) ConsumePrefixIgnoringCase(rest, "http:");
  absl::ConsumePrefix(&rest, "//");
  const size_t slash = rest.find('/');
  if (slash == absl::string_view::npos) return false;
  const absl::string_view host = rest.substr(0, slash);
  if (!IsHost(host.substr(0, host.find(':')), network)) return false;
  text = rest.substr(slash + 1);
  return true;
}

bool ConsumePathPrefix(absl::string_view& path, const Network& network) {
  return std::any_of(
      network.path_prefixes.begin(), network.path_prefixes.end(),
      [&path](absl::string_view prefix) { return ConsumePrefixIgnoringCase(path, prefix); });
}

bool IsPage(absl::string_view text, const Network& network) {
  return std::any_of(network.pages.begin(), network.pages.end(),
                     [text](absl::string_view page) { return absl::EqualsIgnoreCase(text, page); });
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
       {"in/"},
       true,
       {},
       "https://www.linkedin.com/in/msanford"},
      {IdentityKind::kTwitter,
       "twitter",
       &Contact::twitter,
       &Contact::has_twitter,
       &Contact::mutable_twitter,
       &Contact::clear_twitter,
       {"twitter.com", "x.com"},
       {},
       false,
       {"compose", "explore", "hashtag", "home", "i", "intent", "login", "messages",
        "notifications", "search", "settings", "share", "signup"},
       "https://x.com/msanford"},
      {IdentityKind::kGithub,
       "github",
       &Contact::github,
       &Contact::has_github,
       &Contact::mutable_github,
       &Contact::clear_github,
       {"github.com"},
       {},
       false,
       {"about", "apps", "explore", "features", "issues", "join", "login", "marketplace", "new",
        "notifications", "orgs", "pricing", "pulls", "search", "settings", "sponsors", "topics",
        "trending"},
       "https://github.com/msanford"},
      {IdentityKind::kDiscord,
       "discord",
       &Contact::discord,
       &Contact::has_discord,
       &Contact::mutable_discord,
       &Contact::clear_discord,
       {"discord.com", "discordapp.com"},
       {"users/"},
       true,
       {},
       "https://discord.com/users/msanford"},
      {IdentityKind::kYoutube,
       "youtube",
       &Contact::youtube,
       &Contact::has_youtube,
       &Contact::mutable_youtube,
       &Contact::clear_youtube,
       {"youtube.com"},
       {"channel/", "c/", "user/"},
       false,
       {"account", "c", "channel", "embed", "feed", "hashtag", "live", "playlist", "results",
        "shorts", "user", "watch"},
       "https://www.youtube.com/@msanford"},
  };
  return *networks;
}

bool IsEmail(absl::string_view email) {
  const absl::string_view clean = StripBlanks(email);
  const size_t at = clean.find('@');
  return at != absl::string_view::npos && at > 0 && at + 1 < clean.size() &&
         clean.find('@', at + 1) == absl::string_view::npos &&
         std::all_of(clean.begin(), clean.end(), IsPlain) && !HasSpaceBeyondAscii(clean);
}

std::optional<std::string> CleanEmail(absl::string_view email) {
  if (!IsEmail(email)) return std::nullopt;
  const absl::string_view clean = StripBlanks(email);
  const absl::string_view domain = clean.substr(clean.find('@') + 1);
  const absl::string_view mailbox = clean.substr(0, clean.size() - domain.size());
  const std::optional<std::string> ascii = AsciiHostName(absl::StripSuffix(domain, "."));
  if (!ascii || mailbox.size() + ascii->size() > kMaxEmailBytes) return std::string(clean);
  return absl::StrCat(mailbox, *ascii);
}

std::optional<std::string> CleanHandle(const Network& network, absl::string_view handle) {
  const std::string decoded = DecodePercents(handle);
  absl::string_view rest = StripBlanks(decoded);
  const bool is_url = ConsumeHost(rest, network);
  rest = rest.substr(0, rest.find('?'));
  // The `#` of a Discord name (`msanford#1234`) is part of the name.
  if (network.kind != IdentityKind::kDiscord) rest = rest.substr(0, rest.find('#'));
  while (absl::ConsumePrefix(&rest, "/")) {
  }
  bool is_profile = ConsumePathPrefix(rest, network);
  while (absl::ConsumeSuffix(&rest, "/")) {
  }
  rest = StripBlanks(rest);
  while (absl::ConsumePrefix(&rest, "@")) {
    is_profile |= is_url;
    rest = StripBlanks(rest);
  }
  if (is_url && !is_profile && (network.needs_prefix || IsPage(rest, network))) return std::nullopt;
  // What follows a profile are pages of it. Other slashes belong to another kind of page, or to
  // another site.
  if (is_profile) rest = StripBlanks(rest.substr(0, rest.find('/')));
  if (rest.empty() || absl::StrContains(rest, '/') || IsHost(rest, network) ||
      IsPlaceholder(rest) || !std::all_of(rest.begin(), rest.end(), IsPlain) ||
      HasSpaceBeyondAscii(rest) || !IsValidUtf8(rest)) {
    return std::nullopt;
  }
  return absl::StrCat(network.kind == IdentityKind::kLinkedIn ? "in/" : "", rest);
}

bool IsPlaceholder(absl::string_view identifier) {
  const absl::string_view text = absl::StripAsciiWhitespace(identifier);
  for (absl::string_view placeholder :
       {"-", "(null)", "[object Object]", "n/a", "nan", "none", "null", "undefined"}) {
    if (absl::EqualsIgnoreCase(text, placeholder)) return true;
  }
  return false;
}

std::string CaseFold(absl::string_view clean) { return absl::AsciiStrToLower(clean); }

std::vector<Identity> HandlesOf(int64_t community, const Contact& contact) {
  std::vector<Identity> handles;
  for (const Network& network : Networks()) {
    const std::string& handle = (contact.*network.profile)().handle();
    if (!handle.empty()) handles.push_back({community, network.kind, CaseFold(handle)});
  }
  return handles;
}

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
  for (Identity& handle : HandlesOf(community, contact)) identities.push_back(std::move(handle));
  std::sort(identities.begin(), identities.end());
  identities.erase(std::unique(identities.begin(), identities.end()), identities.end());
  return identities;
}

}  // namespace crier::ingest
