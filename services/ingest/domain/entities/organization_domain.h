// Which domain an organization is known by.
#ifndef CRIER_SERVICES_INGEST_DOMAIN_ENTITIES_ORGANIZATION_DOMAIN_H_
#define CRIER_SERVICES_INGEST_DOMAIN_ENTITIES_ORGANIZATION_DOMAIN_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace crier::ingest {

// The registrable domain of a host name or URL, in lower case and in ASCII (host_name.h): what
// somebody has registered below a public suffix, so `https://www.shop.example.co.uk/about` is
// `example.co.uk`. Below a suffix that the Public Suffix List does not know, its last two labels.
// Nothing when there is no host name, or nothing registered: a public suffix itself. Of its own
// result, the same. The list is the one that libpsl was built with.
std::optional<std::string> RegistrableDomain(absl::string_view text);

// Whether the registrable domain is that of a provider where anybody gets a mailbox, and so says
// nothing of an organization. Those of many users; the list is ours.
bool IsFreeMailDomain(absl::string_view domain);

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_DOMAIN_ENTITIES_ORGANIZATION_DOMAIN_H_
