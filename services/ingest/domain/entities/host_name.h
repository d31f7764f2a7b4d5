// Host names, in the one form that the DNS has.
#ifndef CRIER_SERVICES_INGEST_DOMAIN_ENTITIES_HOST_NAME_H_
#define CRIER_SERVICES_INGEST_DOMAIN_ENTITIES_HOST_NAME_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace crier::ingest {

// The host name in ASCII: `münchen.de` is `xn--mnchen-3ya.de`, so that one name has one form, and
// what only looks like another one has a form of its own. ASCII keeps its case. Nothing when it is
// no host name of at least two labels and at most 253 characters in that form; nor is an address of
// numbers. Of its own result, the same.
std::optional<std::string> AsciiHostName(absl::string_view host);

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_DOMAIN_ENTITIES_HOST_NAME_H_
