#include "tools/crierctl/names.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/crierctl/failure.h"

namespace crier::crierctl {
namespace {

using ::testing::HasSubstr;

TEST(CommunityName, TakesTheNumberOrTheName) {
  EXPECT_EQ(*CommunityName("7"), "communities/7");
  EXPECT_EQ(*CommunityName("communities/7"), "communities/7");
}

TEST(CommunityName, SaysHowToGiveIt) {
  const auto missing = CommunityName("");

  EXPECT_TRUE(IsUsageError(missing.status()));
  EXPECT_THAT(std::string(missing.status().message()), HasSubstr("CRIER_COMMUNITY"));
  for (const char* wrong :
       {"0", "-1", "07", "seven", "communities/", "communities/x", "1/2", "9223372036854775808"}) {
    EXPECT_TRUE(IsUsageError(CommunityName(wrong).status())) << wrong;
  }
}

TEST(ChildName, ExpandsShortForms) {
  EXPECT_EQ(*ChildName("webhooks", "7", "3"), "communities/7/webhooks/3");
  EXPECT_EQ(*ChildName("webhooks", "7", "webhooks/3"), "communities/7/webhooks/3");
  EXPECT_EQ(*ChildName("workflows", "communities/7", "3"), "communities/7/workflows/3");
}

TEST(ChildName, TakesTheFullNameWithoutACommunity) {
  EXPECT_EQ(*ChildName("webhooks", "", "communities/9/webhooks/3"), "communities/9/webhooks/3");
}

TEST(ChildName, RefusesOtherThings) {
  for (const char* wrong : {"", "x", "0", "workflows/3", "communities/7/workflows/3",
                            "communities/7/webhooks/3/deliveries/msg_1", "3/", "communities/7"}) {
    EXPECT_TRUE(IsUsageError(ChildName("webhooks", "7", wrong).status())) << wrong;
  }
  EXPECT_TRUE(IsUsageError(ChildName("webhooks", "", "3").status()));
}

TEST(DeliveryName, ExpandsShortForms) {
  const std::string full = "communities/7/webhooks/3/deliveries/msg_1";

  EXPECT_EQ(*DeliveryName("7", "3/msg_1"), full);
  EXPECT_EQ(*DeliveryName("", full), full);
  EXPECT_EQ(*DeliveryName("7", ShortName(full)), full);
}

TEST(DeliveryName, RefusesOtherThings) {
  for (const char* wrong : {"", "msg_1", "3", "3/1", "x/msg_1", "communities/7/msg_1"}) {
    EXPECT_TRUE(IsUsageError(DeliveryName("7", wrong).status())) << wrong;
  }
}

TEST(RunName, ExpandsShortForms) {
  const std::string full = "communities/7/workflows/3/runs/12";

  EXPECT_EQ(*RunName("7", "3/12"), full);
  EXPECT_EQ(*RunName("", full), full);
  EXPECT_EQ(*RunName("7", ShortName(full)), full);
}

TEST(RunName, RefusesOtherThings) {
  for (const char* wrong : {"", "12", "3/", "3/x", "x/12", "communities/7/12", "3/msg_1"}) {
    EXPECT_TRUE(IsUsageError(RunName("7", wrong).status())) << wrong;
  }
}

TEST(Parts, OfNames) {
  EXPECT_EQ(LastPart("communities/7/webhooks/3"), "3");
  EXPECT_EQ(LastPart("3"), "3");
  EXPECT_EQ(CommunityOf("communities/7/webhooks/3"), "communities/7");
  EXPECT_EQ(CommunityOf("communities/7"), "communities/7");
}

}  // namespace
}  // namespace crier::crierctl
