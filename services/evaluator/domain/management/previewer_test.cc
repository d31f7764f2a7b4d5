#include "services/evaluator/domain/management/previewer.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/api/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/evaluator/domain/errors.h"
#include "services/evaluator/domain/fakes/fake_delivery_sink.h"
#include "services/evaluator/domain/fakes/fake_entity_source.h"
#include "services/evaluator/domain/fakes/fake_target_directory.h"

namespace crier::evaluator {
namespace {

using entity::v1::Event;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr int64_t kCommunity = 7;

class PreviewerTest : public testing::Test {
 protected:
  PreviewerTest() {
    deliveries_.AddWebhook({kCommunity, 5});
    for (int i = 1; i <= 10; ++i) {
      Event event;
      event.set_kind(Event::CONTACT_FOUND);
      event.set_community_id(kCommunity);
      entity::v1::Contact& contact = *event.mutable_contact();
      contact.set_name(absl::StrCat("communities/7/contacts/", i));
      contact.set_lead_score(i);
      *contact.mutable_create_time() = api::ToProto(clock_.Now() - i * absl::Hours(24));
      entities_.Add(event);
    }
  }

  static Workflow Unsaved(const std::string& filter) {
    Workflow workflow;
    workflow.id.community = kCommunity;
    workflow.workflow_template = Template::kNewMember;
    workflow.filter = filter;
    return workflow;
  }

  absl::StatusOr<Preview> Run(const Workflow& workflow) {
    return previewer_.Run(workflow, /*samples=*/3, /*recent=*/absl::Hours(24 * 7),
                          absl::InfiniteFuture());
  }

  FakeClock clock_{absl::FromUnixSeconds(1'700'000'000)};
  FakeEntitySource entities_{clock_};
  FakeDeliverySink deliveries_;
  FakeTargetDirectory targets_{deliveries_};
  Previewer previewer_{entities_, targets_, clock_};
};

TEST_F(PreviewerTest, CountsAndShowsWhatMeetsTheCriteriaAndWhy) {
  const auto preview = Run(Unsaved("lead_score >= 4"));

  ASSERT_TRUE(preview.ok()) << preview.status();
  EXPECT_EQ(preview->match_count, 7);
  EXPECT_EQ(preview->recent_count, 4) << "4 to 7 days old";
  ASSERT_THAT(preview->samples, SizeIs(3));
  EXPECT_EQ(preview->samples[0].event.contact().name(), "communities/7/contacts/4");
  EXPECT_THAT(preview->samples[0].reasons, ElementsAre("lead_score is 4, at least 4"));
  EXPECT_EQ(preview->sample_payload, "") << "without a webhook";
}

TEST_F(PreviewerTest, WithoutCriteriaEverybodyMeetsThem) {
  const auto preview = Run(Unsaved(" "));

  ASSERT_TRUE(preview.ok()) << preview.status();
  EXPECT_EQ(preview->match_count, 10);
  EXPECT_EQ(preview->recent_count, 7);
  EXPECT_THAT(preview->samples[0].reasons, IsEmpty());
}

TEST_F(PreviewerTest, AlternativesKeepTheirParenthesesBesideTheTime) {
  const auto preview = Run(Unsaved("lead_score = 1 OR lead_score = 9 is_team_member = false"));

  ASSERT_TRUE(preview.ok()) << preview.status();
  EXPECT_EQ(preview->match_count, 2);
  EXPECT_EQ(preview->recent_count, 1);
}

TEST_F(PreviewerTest, ShowsThePayloadOfTheFirstSample) {
  Workflow workflow = Unsaved("");
  workflow.webhook = 5;
  EXPECT_EQ(Run(workflow)->sample_payload, R"({"workflow":1,"webhook":5})");
  workflow.id.id = 9;
  EXPECT_EQ(Run(workflow)->sample_payload, R"({"workflow":9,"webhook":5})");

  workflow.webhook = 6;
  EXPECT_EQ(Run(workflow).status(), WebhookNotFoundError({kCommunity, 6}));
  workflow.filter = "lead_score > 100";
  EXPECT_EQ(Run(workflow)->sample_payload, "") << "nothing to show";
}

}  // namespace
}  // namespace crier::evaluator
