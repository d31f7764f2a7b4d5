#include "common/filter/required_texts.h"

#include <optional>
#include <set>
#include <string>

#include "common/filter/schema.h"
#include "crier/entity/v1/activity.pb.h"
#include "gtest/gtest.h"

namespace crier::filter {
namespace {

using Texts = std::optional<std::set<std::string>>;

Texts Required(absl::string_view text) {
  Schema schema;
  schema.message = entity::v1::Activity::descriptor();
  schema.case_insensitive = {"title"};
  const auto filter = Filter::Compile(text, schema);
  EXPECT_TRUE(filter.ok()) << filter.status();
  return RequiredTexts(*filter, "title");
}

TEST(RequiredTextsTest, AnEqualityDemandsItsText) {
  EXPECT_EQ(Required("title = A"), (Texts({"a"})));
  EXPECT_EQ(Required("title:A"), (Texts({"a"})));
  EXPECT_EQ(Required("title = (A OR \"b c\")"), (Texts({"a", "b c"})));
  EXPECT_EQ(Required("content = x AND title = A"), (Texts({"a"})));
  EXPECT_EQ(Required("(title = a OR title = b) (title = b OR title = c)"), (Texts({"b"})));
  EXPECT_EQ(Required("title = a title = b"), (Texts(std::set<std::string>())));
}

TEST(RequiredTextsTest, WhatLeavesRoomDemandsNothing) {
  for (const absl::string_view text :
       {"", "title != a", "NOT title = a", "title = \"a*\"", "title:*", "title >= a",
        "title = a OR content = b", "content = a", "contact.title = a", "tags:a"}) {
    EXPECT_EQ(Required(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace crier::filter
