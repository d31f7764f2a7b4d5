// Filters that anybody may send: whatever the text, an answer that is right or says what is wrong.
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/entity/filter_schemas.h"
#include "common/filter/ast.h"
#include "common/filter/filter.h"
#include "common/filter/parser.h"
#include "crier/entity/v1/contact.pb.h"
#include "google/protobuf/text_format.h"
#include "tests/support/fuzzing.h"

namespace {

using crier::entity::v1::Contact;
using crier::tests::FuzzCheck;

Contact Marion() {
  Contact contact;
  FuzzCheck(google::protobuf::TextFormat::ParseFromString(
                R"pb(
                  full_name: "Marion Sanford"
                  all_emails: "marion@example.com"
                  organization {
                    display_name: "TechWrite"
                    location { city: "Austin" }
                  }
                  tags { id: 7 name: "Test Tag" }
                  last_seen_time { seconds: 1699827200 }
                  lead_score: 80.5
                  custom_fields { key: "plan tier" value: "gold" }
                )pb",
                &contact),
            "the contact is well-formed");
  return contact;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto* const marion = new Contact(Marion());
  const absl::string_view text = crier::tests::FuzzText(data, size);

  const auto parsed = crier::filter::Parse(text);
  if (parsed.ok()) {
    FuzzCheck(!crier::filter::ToString(*parsed).empty(), "every tree can be shown");
  } else {
    FuzzCheck(absl::IsInvalidArgument(parsed.status()), "what is wrong is the argument");
  }
  const auto filter = crier::filter::Filter::Compile(text, crier::entity::ContactFilterSchema());
  FuzzCheck(parsed.ok() || !filter.ok(), "what cannot be parsed cannot be compiled");
  if (!filter.ok()) {
    FuzzCheck(absl::IsInvalidArgument(filter.status()), "what is wrong is the argument");
    return 0;
  }
  const absl::Time now = absl::FromUnixSeconds(1'700'000'000);
  FuzzCheck(filter->Matches(*marion, now) == filter->Matches(*marion, now),
            "the same question has the same answer");
  filter->Matches(Contact::default_instance(), now);
  return 0;
}
