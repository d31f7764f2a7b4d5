#include "services/ingest/domain/records/validation.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/ingest/domain/entities/limits.h"

namespace crier::ingest {
namespace {

using entity::v1::Activity;
using entity::v1::Contact;
using entity::v1::Organization;
using entity::v1::Sighting;

// What must be refused is tested over gRPC, field by field (services/ingest/server_test.cc); here
// is what must just pass.

TEST(CheckContact, AcceptsWhatIsWithinTheLimits) {
  Contact contact;
  contact.set_full_name(std::string(kMaxStringBytes, 'x'));
  contact.set_avatar_url("HTTPS://example.com/a.png");
  contact.set_primary_email(absl::StrCat(std::string(kMaxEmailBytes - 4, 'a'), "@b.c"));
  contact.mutable_discord()->set_handle(std::string(kMaxNameBytes, 'h'));
  contact.mutable_organization()->set_domain("anything at all");
  contact.set_lead_score(-1e300);
  for (int i = 1; i <= kMaxListElements; ++i) {
    auto* tag = contact.add_tags();
    tag->set_id(i);
    tag->set_name("tag");
    (*contact.mutable_custom_fields())[absl::StrCat(i)] = "";
  }
  auto* external = contact.add_external_ids();
  external->set_source(std::string(kMaxNameBytes, 's'));
  external->set_id(std::string(kMaxExternalIdBytes, 'i'));

  FieldViolations violations;
  CheckContact("contact", contact, violations);

  EXPECT_EQ(violations.ToStatus(), absl::OkStatus());
}

TEST(CheckContact, IdentifiesByAnyOneIdentity) {
  Contact by_email, by_list, by_handle, by_id;
  by_email.set_primary_email("a@b.c");
  by_list.add_all_emails("a@b.c");
  by_handle.mutable_youtube()->set_handle("a");
  by_id.add_external_ids()->set_source("CRM");
  by_id.mutable_external_ids(0)->set_id("1");

  for (const Contact& contact : {by_email, by_list, by_handle, by_id}) {
    FieldViolations violations;
    CheckContact("contact", contact, violations);
    EXPECT_EQ(violations.ToStatus(), absl::OkStatus()) << contact.DebugString();
  }
}

TEST(CheckSightings, AcceptsTheWholeRangeOfTimes) {
  google::protobuf::RepeatedPtrField<Sighting> sightings;
  for (int64_t seconds : {-62135596800, 253402300799}) {
    Sighting& sighting = *sightings.Add();
    sighting.set_source("s");
    sighting.mutable_seen_time()->set_seconds(seconds);
  }
  sightings.Add()->set_source("no time");

  FieldViolations violations;
  CheckSightings("sightings", sightings, violations);

  EXPECT_EQ(violations.ToStatus(), absl::OkStatus());
}

TEST(CheckOrganization, AcceptsHostNames) {
  for (const std::string& domain :
       {std::string("a.b"), std::string(" Example.COM "), std::string("xn--exmple-cua.com"),
        std::string("1-2.example.co.uk"), absl::StrCat(std::string(63, 'a'), ".com")}) {
    Organization organization;
    organization.set_domain(domain);

    FieldViolations violations;
    CheckOrganization("organization", organization, violations);

    EXPECT_EQ(violations.ToStatus(), absl::OkStatus()) << domain;
  }
}

TEST(CheckActivity, AcceptsContentUpToTheSizeOfAnEntity) {
  Activity activity;
  activity.set_activity_type("DiscordPost");
  activity.set_service_name("Discord");
  activity.set_external_id("1");
  activity.mutable_occur_time();
  activity.mutable_contact()->set_primary_email("a@b.c");
  activity.set_content(std::string(kMaxEntityBytes - activity.ByteSizeLong() - 4, 'x'));

  FieldViolations violations;
  CheckActivity("activity", activity, violations);

  EXPECT_EQ(activity.ByteSizeLong(), kMaxEntityBytes);
  EXPECT_EQ(violations.ToStatus(), absl::OkStatus());
}

}  // namespace
}  // namespace crier::ingest
