// Identifiers as people type them: the normal form of a normal form is itself, or one person could
// become two by being reported twice.
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "common/status/errors.h"
#include "crier/entity/v1/contact.pb.h"
#include "services/ingest/domain/entities/identity.h"
#include "services/ingest/domain/entities/organization_domain.h"
#include "services/ingest/domain/records/normalize.h"
#include "services/ingest/domain/records/validation.h"
#include "tests/support/fuzzing.h"

namespace crier::ingest {
namespace {

using entity::v1::Contact;
using tests::FuzzCheck;

void CheckClean(const std::optional<std::string>& clean, const std::optional<std::string>& again) {
  if (!clean) return;
  FuzzCheck(!clean->empty(), "an identifier is not empty");
  FuzzCheck(clean->find_first_of(" \t\r\n") == std::string::npos, "it holds no white space");
  FuzzCheck(again == clean, "cleaning twice is cleaning once");
  FuzzCheck(CaseFold(CaseFold(*clean)) == CaseFold(*clean), "folding twice is folding once");
}

void CheckText(absl::string_view text) {
  const std::optional<std::string> email = CleanEmail(text);
  CheckClean(email, email ? CleanEmail(*email) : email);
  for (const Network& network : Networks()) {
    const std::optional<std::string> handle = CleanHandle(network, text);
    CheckClean(handle, handle ? CleanHandle(network, *handle) : handle);
  }
  const std::optional<std::string> domain = RegistrableDomain(text);
  CheckClean(domain, domain ? RegistrableDomain(*domain) : domain);
}

// The text as every identifier of a contact that passes the checks.
void CheckAsContact(const std::string& text) {
  Contact contact;
  contact.add_all_emails("somebody@example.com");
  if (CleanEmail(text)) contact.set_primary_email(text);
  for (const Network& network : Networks()) {
    if (CleanHandle(network, text)) (contact.*network.mutable_profile)()->set_handle(text);
  }
  contact.mutable_organization()->set_domain(text);
  FieldViolations violations;
  CheckContact("contact", contact, violations);
  if (!violations.empty()) return;
  const ContactRecord once = Normalize(1, std::make_shared<Contact>(contact), {});
  const ContactRecord twice = Normalize(1, std::make_shared<Contact>(*once.contact), {});
  FuzzCheck(once.contact->SerializeAsString() == twice.contact->SerializeAsString(),
            "the normal form of a normal form is itself");
  FuzzCheck(once.identities == twice.identities, "a contact keeps its identities");
}

}  // namespace
}  // namespace crier::ingest

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text = crier::tests::FuzzText(data, size);
  crier::ingest::CheckText(text);
  crier::ingest::CheckAsContact(std::string(text));
  return 0;
}
