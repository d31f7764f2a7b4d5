#include "services/evaluator/domain/workflows/criteria.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/filter/parser.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::evaluator {
namespace {

using testing::HasSubstr;

std::string Error(Template workflow_template, absl::string_view text) {
  const auto filter = CompileCriteria(workflow_template, text);
  return filter.ok() ? "accepted" : std::string(filter.status().message());
}

TEST(CriteriaTest, SpeakOfTheEntityOfTheTemplate) {
  EXPECT_EQ(Error(Template::kNewMember, "lead_score > 1 AND organization.domain = a"), "accepted");
  EXPECT_EQ(Error(Template::kNewOrganization, "location.country = USA"), "accepted");
  EXPECT_EQ(Error(Template::kNewActivity, "contact.organization.domain = a sentiment = POSITIVE"),
            "accepted");
  EXPECT_THAT(Error(Template::kNewActivity, "lead_score > 1"),
              HasSubstr("byte 0: there is no field `lead_score`; did you mean "
                        "`contact.lead_score`?"));
  EXPECT_THAT(Error(Template::kNewOrganization, "title = a"), HasSubstr("no field `title`"));
}

TEST(CriteriaTest, LeaveRoomForWhatIsAddedToThem) {
  EXPECT_THAT(Error(Template::kNewMember, std::string(kMaxCriteriaBytes + 1, 'a')),
              HasSubstr("at most 8192 bytes"));
  const auto nested = [](int depth) {
    return absl::StrCat(std::string(depth, '('), "a", std::string(depth, ')'));
  };
  EXPECT_EQ(Error(Template::kNewMember, nested(filter::kMaxNesting - 1)), "accepted");
  EXPECT_THAT(Error(Template::kNewMember, nested(filter::kMaxNesting)),
              HasSubstr("at most 63 deep"));
  EXPECT_EQ(Error(Template::kNewMember, "  "), "accepted");
}

}  // namespace
}  // namespace crier::evaluator
