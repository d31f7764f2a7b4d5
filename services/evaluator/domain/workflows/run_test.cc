#include "services/evaluator/domain/workflows/run.h"

#include "gtest/gtest.h"
#include "services/evaluator/domain/workflows/criteria.h"

namespace crier::evaluator {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'767'225'600);
const absl::Time kBefore = absl::FromUnixMicros(1'767'139'200'000'123);
const RunId kId = {{1, 2}, 3};

TEST(RunTest, NamesAreReadAsTheyAreWritten) {
  EXPECT_EQ(RunName(kId), "communities/1/workflows/2/runs/3");
  EXPECT_EQ(*ParseRun("name", RunName(kId)), kId);
}

TEST(RunTest, OtherNamesAreRefused) {
  for (const char* name : {"", "communities/1/workflows/2", "communities/1/workflows/2/runs/",
                           "communities/1/workflows/2/runs/0", "communities/1/workflows/2/runs/-3",
                           "communities/1/workflows/2/runs/03", "communities/1/workflows/2/runs/+3",
                           "communities/1/workflows/2/runs/3/", "communities/1/webhooks/2/runs/3",
                           "communities/1/workflows/2/runs/9223372036854775808"}) {
    EXPECT_EQ(ParseRun("name", name).status().code(), absl::StatusCode::kInvalidArgument) << name;
  }
}

TEST(RunScopeTest, TheFirstRunGoesThroughAll) {
  const RunScope scope = MakeRunScope("title = \"x\"", std::nullopt, false, kNow, kNow);

  EXPECT_EQ(scope.changed_since, std::nullopt);
  EXPECT_EQ(scope.head_time, kNow);
  EXPECT_EQ(SearchFilter(scope), "title = \"x\"");
}

TEST(RunScopeTest, LaterOnesGoThroughWhatChanged) {
  const LastScan last = {"title = a OR role = b", kBefore};
  const RunScope scope = MakeRunScope(last.filter, last, false, kNow, kNow);

  EXPECT_EQ(scope.changed_since, kBefore);
  EXPECT_EQ(SearchFilter(scope),
            "(title = a OR role = b) AND update_time >= \"2025-12-31T00:00:00.000123+00:00\"");
  EXPECT_EQ(SearchFilter(MakeRunScope("", LastScan{"", kBefore}, false, kNow, kNow)),
            "update_time >= \"2025-12-31T00:00:00.000123+00:00\"");
}

TEST(RunScopeTest, WhatChangedIsFoundByCriteriaOfWhiteSpaceToo) {
  const std::string blank = " \t\v\n";
  ASSERT_TRUE(CompileCriteria(Template::kMembersThatMeetCriteria, blank).ok());

  const std::string filter =
      SearchFilter(MakeRunScope(blank, LastScan{blank, kBefore}, false, kNow, kNow));

  EXPECT_TRUE(CompileCriteria(Template::kMembersThatMeetCriteria, filter).ok()) << filter;
}

TEST(RunScopeTest, UnlessSomethingDemandsAll) {
  const auto all = [](const std::string& filter, const LastScan& last, bool wanted = false) {
    return !MakeRunScope(filter, last, wanted, kNow, kNow).changed_since;
  };
  EXPECT_FALSE(all("title = a", {"title = a", kBefore}));
  EXPECT_TRUE(all("title = a", {"title = a", kBefore}, true));
  EXPECT_TRUE(all("title = a", {"title = b", kBefore})) << "new criteria";
  EXPECT_TRUE(all("title = a", {"title = a", std::nullopt})) << "the log was empty";
  const std::string relative = "title = a AND (role = b OR NOT last_seen_time < \"now-7d\")";
  EXPECT_TRUE(all(relative, {relative, kBefore})) << "matches by the passing of time";
  const std::string fixed = "last_seen_time < \"2026-01-01T00:00:00Z\"";
  EXPECT_FALSE(all(fixed, {fixed, kBefore}));
}

}  // namespace
}  // namespace crier::evaluator
