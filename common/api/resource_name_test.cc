#include "common/api/resource_name.h"

#include <limits>

#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::api {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

TEST(ParseCommunityTest, ReadsWhatCommunityNameWrites) {
  for (const int64_t community : {int64_t{1}, int64_t{4711}, kMax}) {
    const auto parsed = ParseCommunity("parent", CommunityName(community));
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(*parsed, community);
  }
}

TEST(ParseCommunityTest, RefusesEverythingElse) {
  for (const absl::string_view name :
       {"", "communities", "communities/", "communities/0", "communities/01", "communities/-1",
        "communities/+1", "communities/1/", "communities/1 ", "communities/ 1", "communities/1\n",
        "communities/x", "communities/0x1", "communities/1.0", "Communities/1", "/communities/1",
        "communities/9223372036854775808", "communities//1", "communities/1/webhooks/2"}) {
    const auto parsed = ParseCommunity("parent", name);
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_EQ(ErrorReason(parsed.status()), "INVALID_FIELD");
    EXPECT_THAT(std::string(parsed.status().message()), StartsWith("parent must have the form"));
  }
}

TEST(ParseResourceTest, ReadsWhatResourceNameWrites) {
  const ResourceId id{kMax, 12};

  const auto parsed = ParseResource("name", kWebhooks, ResourceName(kWebhooks, id));

  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, id);
}

TEST(ParseResourceTest, NamesAreApi) {
  EXPECT_EQ(CommunityName(5), "communities/5");
  EXPECT_EQ(ResourceName(kContacts, {5, 6}), "communities/5/contacts/6");
  EXPECT_EQ(ResourceName(kOrganizations, {5, 6}), "communities/5/organizations/6");
  EXPECT_EQ(ResourceName(kActivities, {5, 6}), "communities/5/activities/6");
  EXPECT_EQ(ResourceName(kWebhooks, {5, 6}), "communities/5/webhooks/6");
  EXPECT_EQ(ResourceName(kWorkflows, {5, 6}), "communities/5/workflows/6");
}

TEST(ParseResourceTest, RefusesEverythingElse) {
  for (const absl::string_view name :
       {"", "communities/1", "communities/1/webhooks", "communities/1/webhooks/",
        "communities/1/workflows/2", "communities/1/webhooks/2/x", "communities/1/webhooks/02",
        "communities/0/webhooks/2", "communities//webhooks/2", "communities/1/webhooks/*",
        "communities/-/webhooks/2", "communities/1/webhooks/99999999999999999999"}) {
    const auto parsed = ParseResource("name", kWebhooks, name);
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_THAT(std::string(parsed.status().message()),
                HasSubstr("communities/{community}/webhooks/{id}"));
  }
}

TEST(ParseResourceTest, RefusesEmbeddedNul) {
  const absl::string_view name("communities/1/webhooks/2\0", 25);

  EXPECT_FALSE(ParseResource("name", kWebhooks, name).ok());
}

}  // namespace
}  // namespace crier::api
