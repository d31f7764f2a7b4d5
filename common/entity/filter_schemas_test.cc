#include "common/entity/filter_schemas.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/filter/filter.h"
#include "crier/entity/v1/activity.pb.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace crier::entity {
namespace {

using testing::Contains;
using testing::Not;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

// Every entry of a schema must be a field that there is: one that is misspelt would do nothing.
void ExpectNamesFieldsOnly(const filter::Schema& schema) {
  const std::vector<std::string> paths = filter::AllPaths(schema);
  for (const std::string& path : schema.searchable) EXPECT_THAT(paths, Contains(path));
  for (std::string path : schema.case_insensitive) {
    if (path.back() == '.') path.pop_back();
    EXPECT_THAT(paths, Contains(path));
  }
  for (const std::string& path : paths) {
    EXPECT_TRUE(filter::Filter::Compile(absl::StrCat(path, ":*"), schema).ok()) << path;
  }
}

TEST(FilterSchemasTest, NameFieldsThatThereAre) {
  ExpectNamesFieldsOnly(ContactFilterSchema());
  ExpectNamesFieldsOnly(OrganizationFilterSchema());
  ExpectNamesFieldsOnly(ActivityFilterSchema());
  ExpectNamesFieldsOnly(SegmentFilterSchema());
  ExpectNamesFieldsOnly(TagFilterSchema());
}

TEST(FilterSchemasTest, ResourceNamesAreHidden) {
  EXPECT_THAT(filter::AllPaths(ContactFilterSchema()), Not(Contains("name")));
  EXPECT_THAT(filter::AllPaths(OrganizationFilterSchema()), Not(Contains("name")));
  EXPECT_THAT(filter::AllPaths(ActivityFilterSchema()), Not(Contains("name")));
  EXPECT_THAT(filter::AllPaths(ActivityFilterSchema()), Not(Contains("contact.name")));
}

TEST(FilterSchemasTest, WhatPeopleTypeByHandIsComparedWithoutCase) {
  v1::Activity activity;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"pb(contact {
             full_name: "Marion Sanford"
             primary_email: "Marion@example.com"
             tags { id: 7 name: "VIP" }
             custom_fields { key: "plan" value: "Gold" }
           }
           service_name: "Discord"
           external_id: "Ab")pb",
      &activity));
  const auto matches = [&activity](const char* text) {
    const auto filter = filter::Filter::Compile(text, ActivityFilterSchema());
    return filter.ok() && filter->Matches(activity, kNow);
  };

  EXPECT_TRUE(matches("contact.full_name = \"marion sanford\""));
  EXPECT_TRUE(matches("contact.primary_email = \"marion@EXAMPLE.com\""));
  EXPECT_TRUE(matches("contact.tags.name:vip"));
  EXPECT_TRUE(matches("service_name = discord"));
  EXPECT_TRUE(matches("sanford"));
  EXPECT_TRUE(matches("contact.custom_fields.plan = Gold"));
  EXPECT_FALSE(matches("contact.custom_fields.plan = gold"));
  EXPECT_FALSE(matches("external_id = ab"));
}

}  // namespace
}  // namespace crier::entity
