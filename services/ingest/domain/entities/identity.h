// What makes two records speak of the same person: normal forms of e-mail addresses, handles and
// external ids.
#ifndef CRIER_SERVICES_INGEST_DOMAIN_ENTITIES_IDENTITY_H_
#define CRIER_SERVICES_INGEST_DOMAIN_ENTITIES_IDENTITY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "crier/entity/v1/contact.pb.h"

namespace crier::ingest {

// The numbers are stored; never reuse one.
enum class IdentityKind : int32_t {
  kEmail = 1,
  kExternalId = 2,
  kLinkedIn = 3,
  kTwitter = 4,
  kGithub = 5,
  kDiscord = 6,
  kYoutube = 7,
};

constexpr bool IsHandle(IdentityKind kind) { return kind >= IdentityKind::kLinkedIn; }

// A key that belongs to at most one contact of a community. `value` is in normal form.
struct Identity {
  int64_t community = 0;
  IdentityKind kind = IdentityKind::kEmail;
  std::string value;

  friend bool operator==(const Identity& a, const Identity& b) {
    return std::tie(a.community, a.kind, a.value) == std::tie(b.community, b.kind, b.value);
  }
  friend bool operator<(const Identity& a, const Identity& b) {
    return std::tie(a.community, a.kind, a.value) < std::tie(b.community, b.kind, b.value);
  }
  template <typename H>
  friend H AbslHashValue(H h, const Identity& identity) {
    return H::combine(std::move(h), identity.community, identity.kind, identity.value);
  }
};

// A social network: where its profile is in a contact, and how its profile URLs look.
struct Network {
  IdentityKind kind;
  absl::string_view field;  // of the contact, for example `linked_in`
  const entity::v1::SocialProfile& (entity::v1::Contact::*profile)() const;
  bool (entity::v1::Contact::*has_profile)() const;
  entity::v1::SocialProfile* (entity::v1::Contact::*mutable_profile)();
  void (entity::v1::Contact::*clear_profile)();
  std::vector<absl::string_view> hosts;
  // What may stand before the name in the path of a profile's URL.
  std::vector<absl::string_view> path_prefixes;
  bool needs_prefix;  // a URL without one is no profile
  // What stands where names do, and is no profile.
  std::vector<absl::string_view> pages;
  absl::string_view example;  // URL of a profile
};

// All of them, in the order of the proto's fields.
const std::vector<Network>& Networks();

// Whether it is an address, perhaps with blanks around it: exactly one `@` with something on both
// sides, and neither white space nor control characters. Blanks are white space and characters that
// do not show, such as the byte order mark, which come along when texts are copied.
bool IsEmail(absl::string_view email);

// The address without blanks around it, its domain in ASCII (host_name.h), so that one mailbox has
// one address; a domain that is no host name stays as it is, and so does one that would make the
// address longer than addresses may be. Nothing when it is not an address.
std::optional<std::string> CleanEmail(absl::string_view email);

// The handle as it is shown: without blanks, `@`, percent-encoding and the forms of profile URLs
// (`https://www.linkedin.com/in/msanford/` is `in/msanford`, `x.com/msanford` is `msanford`), its
// case kept. LinkedIn handles always have the form `in/<slug>`. Nothing when no account is named:
// what is taken for one by mistake makes one contact of all whom it is said of.
std::optional<std::string> CleanHandle(const Network& network, absl::string_view handle);

// Whether programs write it where there is no value, such as `null`: it identifies nobody.
bool IsPlaceholder(absl::string_view identifier);

// The form in which e-mail addresses and handles are compared: ASCII letters in lower case. Beyond
// ASCII, case is significant.
std::string CaseFold(absl::string_view clean);

// Every identity of a contact in normal form (see normalize.h), sorted and without duplicates.
std::vector<Identity> IdentitiesOf(int64_t community, const entity::v1::Contact& contact);

// Those of them that are handles: of each network one at most.
std::vector<Identity> HandlesOf(int64_t community, const entity::v1::Contact& contact);

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_DOMAIN_ENTITIES_IDENTITY_H_
