// Filters that anybody may send: whatever the text, an answer that is right or says what is wrong,
// and that stays the same where the grammar says that the question does.
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/entity/filter_schemas.h"
#include "common/filter/ast.h"
#include "common/filter/filter.h"
#include "common/filter/parser.h"
#include "crier/entity/v1/activity.pb.h"
#include "crier/entity/v1/contact.pb.h"
#include "crier/entity/v1/organization.pb.h"
#include "google/protobuf/text_format.h"
#include "tests/support/fuzzing.h"

namespace {

using crier::entity::v1::Activity;
using crier::entity::v1::Contact;
using crier::entity::v1::Organization;
using crier::filter::Filter;
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

Activity ActivityOf(const Contact& contact) {
  Activity activity;
  *activity.mutable_contact() = contact;
  activity.set_activity_type("posted");
  activity.set_content("How does <b>this</b> work?");
  activity.add_topics("help");
  return activity;
}

// Ways to ask the same again. What becomes too long or too deep by them is not asked.
void CheckSameAnswer(absl::string_view text, const crier::filter::Schema& schema,
                     const google::protobuf::Message& message, absl::Time now, bool answer) {
  const auto matches = [&](const std::string& same, bool otherwise) {
    const auto filter = Filter::Compile(same, schema);
    return filter.ok() ? filter->Matches(message, now) : otherwise;
  };
  const std::string nested = absl::StrCat("(", text, ")");
  FuzzCheck(matches(nested, answer) == answer, "parentheses change nothing");
  FuzzCheck(matches(absl::StrCat("NOT ", nested), !answer) != answer, "NOT is the opposite");
  FuzzCheck(matches(absl::StrCat("-", nested), !answer) != answer, "a minus is a NOT");
  FuzzCheck(matches(absl::StrCat(nested, " ", nested), answer) == answer, "AND adds nothing");
  FuzzCheck(matches(absl::StrCat(nested, " OR ", nested), answer) == answer, "nor does OR");
}

void CheckEntity(absl::string_view text, const crier::filter::Schema& schema,
                 const google::protobuf::Message& message) {
  const auto filter = Filter::Compile(text, schema);
  if (!filter.ok()) {
    FuzzCheck(absl::IsInvalidArgument(filter.status()), "what is wrong is the argument");
    return;
  }
  FuzzCheck(crier::filter::Parse(text).ok(), "what cannot be parsed cannot be compiled");
  const absl::Time now = absl::FromUnixSeconds(1'700'000'000);
  const bool answer = filter->Matches(message, now);
  FuzzCheck(filter->Matches(message, now) == answer, "the same question has the same answer");
  // Nothing at all is no question that can stand in parentheses; and a long one would be asked
  // seldom.
  constexpr size_t kLong = 300;
  const bool nothing = filter->condition().kind == crier::filter::Condition::Kind::kAll;
  if (nothing || text.size() > kLong) return;
  CheckSameAnswer(text, schema, message, now, answer);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto* const marion = new Contact(Marion());
  static const auto* const activity = new Activity(ActivityOf(*marion));
  const absl::string_view text = crier::tests::FuzzText(data, size);

  const auto parsed = crier::filter::Parse(text);
  if (parsed.ok()) {
    FuzzCheck(!crier::filter::ToString(*parsed).empty(), "every tree can be shown");
  } else {
    FuzzCheck(absl::IsInvalidArgument(parsed.status()), "what is wrong is the argument");
  }
  CheckEntity(text, crier::entity::ContactFilterSchema(), *marion);
  CheckEntity(text, crier::entity::ContactFilterSchema(), Contact::default_instance());
  CheckEntity(text, crier::entity::OrganizationFilterSchema(), Organization::default_instance());
  CheckEntity(text, crier::entity::ActivityFilterSchema(), *activity);
  return 0;
}
