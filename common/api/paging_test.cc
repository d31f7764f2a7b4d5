#include "common/api/paging.h"

#include <limits>

#include "absl/strings/escaping.h"
#include "common/status/errors.h"
#include "gtest/gtest.h"

namespace crier::api {
namespace {

TEST(PageSizeTest, HasDefaultAndLimit) {
  EXPECT_EQ(PageSize(0).value(), 50);
  EXPECT_EQ(PageSize(1).value(), 1);
  EXPECT_EQ(PageSize(1000).value(), 1000);
  EXPECT_EQ(PageSize(1001).value(), 1000);
  EXPECT_EQ(PageSize(std::numeric_limits<int32_t>::max()).value(), 1000);
}

TEST(PageSizeTest, RefusesNegativeSizes) {
  EXPECT_EQ(PageSize(-1).status(),
            InvalidField("page_size", "must not be negative; leave it 0 for 50"));
}

TEST(PageTokenTest, GivesTheKeyBack) {
  const std::string key("a\0\xFF/b", 5);

  const std::string token = MakePageToken("webhooks of communities/1", key);

  EXPECT_EQ(ParsePageToken("webhooks of communities/1", token).value(), key);
  EXPECT_EQ(token.find_first_of("+/ "), std::string::npos);
}

TEST(PageTokenTest, EmptyTokenIsTheBeginning) {
  EXPECT_EQ(ParsePageToken("webhooks of communities/1", "").value(), "");
}

TEST(PageTokenTest, RefusesTokensOfOtherListings) {
  const std::string token = MakePageToken("webhooks of communities/1", "7");

  for (const absl::string_view scope :
       {"webhooks of communities/2", "webhooks of communities/17", "webhooks of communities/",
        "webhooks of communities/1 where x", ""}) {
    const auto key = ParsePageToken(scope, token);
    EXPECT_EQ(key.status().code(), absl::StatusCode::kInvalidArgument) << scope;
    EXPECT_EQ(ErrorReason(key.status()), "INVALID_FIELD");
  }
}

TEST(PageTokenTest, ScopeAndKeyAreToldApart) {
  EXPECT_FALSE(ParsePageToken("a", MakePageToken("ab", "c")).ok());
  EXPECT_FALSE(ParsePageToken("ab", MakePageToken("a", "bc")).ok());
}

TEST(PageTokenTest, RefusesWhatIsNoToken) {
  for (const std::string& token :
       {std::string("7"), std::string("????"), absl::WebSafeBase64Escape("7"),
        MakePageToken("scope", "7") + "?", absl::WebSafeBase64Escape("1:5:scope")}) {
    EXPECT_EQ(ParsePageToken("scope", token).status().code(), absl::StatusCode::kInvalidArgument)
        << token;
  }
}

TEST(IdPageTokenTest, GivesTheIdBack) {
  const std::string scope = CommunityListing("webhooks", 1);

  EXPECT_EQ(scope, "webhooks of communities/1");
  EXPECT_EQ(ParseIdPageToken(scope, MakeIdPageToken(scope, 42)).value(), 42);
  EXPECT_EQ(ParseIdPageToken(scope, "").value(), 0);
}

TEST(IdPageTokenTest, RefusesForgedKeys) {
  for (const absl::string_view key :
       {"-1", "+1", "0", "01", " 1", "1 ", "x", "9223372036854775808"}) {
    EXPECT_EQ(ParseIdPageToken("scope", MakePageToken("scope", key)).status(),
              ParsePageToken("scope", "?").status())
        << key;
  }
}

}  // namespace
}  // namespace crier::api
