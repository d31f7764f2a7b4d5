#include "services/evaluator/domain/management/enable_guard.h"

#include "common/api/time.h"
#include "common/status/errors.h"
#include "gtest/gtest.h"
#include "services/evaluator/domain/fakes/fake_cap_store.h"
#include "services/evaluator/domain/fakes/fake_contact_source.h"
#include "services/evaluator/domain/management/confirmation.h"

namespace crier::evaluator {
namespace {

class EnableGuardTest : public testing::Test {
 protected:
  EnableGuardTest() {
    workflow_.id = {1, 2};
    workflow_.workflow_template = Template::kMembersThatMeetCriteria;
    workflow_.filter = "lead_score >= 50";
    for (int64_t id = 1; id <= 20; ++id) {
      entity::v1::Contact contact;
      contact.set_lead_score(id % 2 == 0 ? 90 : 10);
      *contact.mutable_update_time() = api::ToProto(clock_.Now() + absl::Seconds(id));
      contacts_.Put(1, id, contact);
    }
  }

  absl::Status Check(int64_t limit, const std::string& token = "") {
    EnableGuard guard(contacts_, statuses_, limit, clock_);
    return guard.Check(workflow_, token, absl::InfiniteFuture());
  }

  absl::Status CheckUpdate(const std::string& filter, const std::string& token = "") {
    EnableGuard guard(contacts_, statuses_, /*limit=*/4, clock_);
    return guard.CheckUpdate(workflow_, filter, token, absl::InfiniteFuture());
  }

  FakeClock clock_{absl::FromUnixSeconds(1'767'225'600)};
  FakeContactSource contacts_;
  FakeCapStore statuses_;
  Workflow workflow_;
};

TEST_F(EnableGuardTest, HoldsWhatWouldReleaseMoreThanTheLimit) {
  EXPECT_TRUE(Check(10).ok());
  EXPECT_EQ(ErrorReason(Check(9)), "CONFIRMATION_REQUIRED");
  EXPECT_EQ(ErrorMetadata(Check(9), "delivery_count"), "10");
  EXPECT_TRUE(Check(9, MakeConfirmationToken(1, workflow_.filter, 10, clock_.Now())).ok());
  EXPECT_TRUE(Check(0).ok()) << "switched off";
}

TEST_F(EnableGuardTest, CountsWhatARunWouldLookAt) {
  statuses_.SetStatus(2,
                      {.last_scan = LastScan{workflow_.filter, clock_.Now() + absl::Seconds(17)}});
  EXPECT_TRUE(Check(2).ok());
  EXPECT_FALSE(Check(1).ok());

  statuses_.SetStatus(2, {.last_scan = LastScan{"", clock_.Now() + absl::Seconds(17)}});
  EXPECT_FALSE(Check(9).ok()) << "other criteria: all members";
}

TEST_F(EnableGuardTest, IsNotForWorkflowsThatReleaseNothing) {
  workflow_.state = State::kEnabled;
  EXPECT_TRUE(Check(1).ok());
  workflow_.state = State::kDisabled;
  workflow_.workflow_template = Template::kNewMember;
  EXPECT_TRUE(Check(1).ok());
}

TEST_F(EnableGuardTest, HoldsCriteriaThatWouldReleaseMoreThanTheLimitBesides) {
  workflow_.state = State::kEnabled;

  const absl::Status refused = CheckUpdate("lead_score >= 5");
  EXPECT_EQ(ErrorReason(refused), "CONFIRMATION_REQUIRED");
  EXPECT_EQ(ErrorMetadata(refused, "delivery_count"), "10") << "the others are released already";
  EXPECT_EQ(ErrorReason(CheckUpdate("")), "CONFIRMATION_REQUIRED");
  EXPECT_TRUE(
      CheckUpdate("lead_score >= 5", MakeConfirmationToken(1, "lead_score >= 5", 20, clock_.Now()))
          .ok());
  EXPECT_TRUE(absl::IsInvalidArgument(CheckUpdate(
      "lead_score >= 5", MakeConfirmationToken(1, "lead_score >= 6", 20, clock_.Now()))));
}

TEST_F(EnableGuardTest, LetsCriteriaPassThatReleaseLittle) {
  workflow_.state = State::kEnabled;
  EXPECT_TRUE(CheckUpdate("lead_score >= 60").ok()) << "narrower";
  EXPECT_TRUE(CheckUpdate(workflow_.filter).ok()) << "the same";
  EXPECT_TRUE(CheckUpdate("lead_scor = 1").ok()) << "refused by others";
  workflow_.filter = " ";
  EXPECT_TRUE(CheckUpdate("lead_score >= 5").ok()) << "everybody met the former ones";
  workflow_.filter = "lead_score >= 50";

  workflow_.state = State::kDisabled;
  EXPECT_TRUE(CheckUpdate("").ok());
  workflow_.state = State::kEnabled;
  workflow_.workflow_template = Template::kNewMember;
  EXPECT_TRUE(CheckUpdate("").ok());
}

TEST_F(EnableGuardTest, CountsAllWhereFormerAndNewCriteriaDoNotFitIntoOneFilter) {
  workflow_.state = State::kEnabled;
  const std::string tail(8'174, ' ');
  workflow_.filter = "lead_score >= 50" + tail;

  EXPECT_EQ(ErrorMetadata(CheckUpdate("lead_score >= 5" + tail), "delivery_count"), "20");
}

}  // namespace
}  // namespace crier::evaluator
