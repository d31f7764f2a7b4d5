#include "common/filter/order_by.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "crier/entity/v1/contact.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::filter {
namespace {

using testing::HasSubstr;

Schema ContactSchema() {
  Schema schema;
  schema.message = entity::v1::Contact::descriptor();
  schema.case_insensitive = {"full_name"};
  schema.hidden = {"name"};
  return schema;
}

// As `full_name~ -last_seen_time`: `-` descends, `~` ignores case.
std::string Parsed(absl::string_view text) {
  const auto keys = ParseOrderBy(text, ContactSchema());
  if (!keys.ok()) return std::string(keys.status().message());
  std::string shown;
  for (const SortKey& key : *keys) {
    absl::StrAppend(&shown, shown.empty() ? "" : " ", key.descending ? "-" : "");
    for (const auto* field : key.path.fields) {
      absl::StrAppend(&shown, field == key.path.fields.front() ? "" : ".", field->name());
    }
    absl::StrAppend(&shown, key.ignore_case ? "~" : "");
  }
  return shown;
}

TEST(OrderByTest, NamesFieldsAndDirections) {
  EXPECT_EQ(Parsed(""), "");
  EXPECT_EQ(Parsed("  "), "");
  EXPECT_EQ(Parsed("full_name"), "full_name~");
  EXPECT_EQ(Parsed("last_seen_time desc,  full_name asc"), "-last_seen_time full_name~");
  EXPECT_EQ(Parsed("organization.location.city"), "organization.location.city");
}

TEST(OrderByTest, SaysWhatIsWrong) {
  EXPECT_THAT(Parsed("ful_name"), HasSubstr("did you mean `full_name`?"));
  EXPECT_THAT(Parsed("name"), HasSubstr("names `name`, which is not a field"));
  EXPECT_THAT(Parsed("title.x"), HasSubstr("names `title.x`, which is not a field"));
  EXPECT_THAT(Parsed("last_seen_time.seconds"), HasSubstr("which is not a field"));
  EXPECT_THAT(Parsed("tags.name"), HasSubstr("several values"));
  EXPECT_THAT(Parsed("custom_fields.plan"), HasSubstr("several values"));
  EXPECT_THAT(Parsed("organization"), HasSubstr("name one of its fields"));
  EXPECT_THAT(Parsed("title down"), HasSubstr("`asc`, `desc` or nothing after `title`"));
  EXPECT_THAT(Parsed("title desc role"), HasSubstr("a comma stands between fields"));
  EXPECT_THAT(Parsed("title,"), HasSubstr("between two commas"));
  EXPECT_THAT(Parsed("title, title desc"), HasSubstr("twice"));
  EXPECT_THAT(Parsed("title,role,full_name,avatar_url,primary_email,lead_score,activity_count,"
                     "create_time,update_time"),
              HasSubstr("more than 8"));
}

}  // namespace
}  // namespace crier::filter
