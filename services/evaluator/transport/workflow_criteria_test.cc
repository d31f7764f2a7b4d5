// WorkflowService: criteria, and what they would do.
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/evaluator/transport/workflow_service_fixture.h"
#include "tests/support/wrong_fields.h"

namespace crier::evaluator::transport {
namespace {

using testing::ElementsAre;

TEST_F(WorkflowServiceTest, KeepsAndChangesCriteria) {
  v1::CreateWorkflowRequest request = MakeCreate();
  request.mutable_workflow()->set_filter("lead_score >= 80 AND tags.name:VIP");
  v1::Workflow created = Create(request).value();
  EXPECT_EQ(created.filter(), "lead_score >= 80 AND tags.name:VIP");
  EXPECT_EQ(Get(created.name()).value().filter(), created.filter());

  created.set_filter("");
  EXPECT_EQ(Update(created, {"filter"}).value().filter(), "");
}

TEST_F(WorkflowServiceTest, SaysWhereCriteriaAreWrongBesideWhatElseIs) {
  v1::CreateWorkflowRequest request = MakeCreate();
  request.mutable_workflow()->set_display_name("");
  request.mutable_workflow()->set_filter("lead_score >= 80 AND domain = x");

  const absl::Status status = Create(request).status();

  EXPECT_THAT(WrongFields(status), ElementsAre("workflow.display_name", "workflow.filter"));
  request.mutable_workflow()->set_display_name("name");
  EXPECT_EQ(Create(request).status().message(),
            "workflow.filter is wrong at byte 21: there is no field `domain`; did you mean "
            "`organization.domain`?");
}

TEST_F(WorkflowServiceTest, PreviewsWhatIsSavedAndWhatIsNot) {
  entity::v1::Event event;
  event.set_kind(entity::v1::Event::CONTACT_FOUND);
  event.set_community_id(1);
  event.mutable_contact()->set_full_name("Marion");
  entities_.Add(event);
  v1::PreviewWorkflowRequest request;
  request.set_parent(kParent);
  request.mutable_workflow()->set_template_(v1::Workflow::NEW_MEMBER);
  request.mutable_workflow()->set_filter("full_name = marion");

  const auto unsaved = client_.Call(&Stub::PreviewWorkflow, request);
  request.set_name(Create().name());
  const auto saved = client_.Call(&Stub::PreviewWorkflow, request);

  ASSERT_TRUE(unsaved.ok()) << unsaved.status();
  EXPECT_EQ(unsaved->match_count(), 1);
  ASSERT_EQ(unsaved->samples_size(), 1);
  EXPECT_EQ(unsaved->samples(0).contact().full_name(), "Marion");
  EXPECT_THAT(unsaved->samples(0).reasons(), ElementsAre("full_name is \"Marion\""));
  EXPECT_EQ(unsaved->sample_payload(), "");
  EXPECT_EQ(CountWorkflows(), 1) << "a preview saves nothing";
  ASSERT_TRUE(saved.ok()) << saved.status();
  EXPECT_EQ(saved->match_count(), 1);
  EXPECT_THAT(saved->sample_payload(), testing::HasSubstr("\"webhook\":5"));
}

TEST_F(WorkflowServiceTest, RefusesBadPreviewsByField) {
  v1::PreviewWorkflowRequest request;
  request.set_parent(kParent);
  const auto fields = [&] {
    return WrongFields(client_.Call(&Stub::PreviewWorkflow, request).status());
  };
  EXPECT_THAT(fields(), ElementsAre("name"));
  request.set_name("communities/2/workflows/1");
  EXPECT_THAT(fields(), ElementsAre("name"));
  request.mutable_workflow()->set_filter("nope = 1");
  EXPECT_THAT(fields(), ElementsAre("workflow.template"));
  request.mutable_workflow()->set_template_(v1::Workflow::NEW_MEMBER);
  EXPECT_THAT(fields(), ElementsAre("workflow.filter"));
  request.set_sample_size(21);
  request.set_days(-1);
  EXPECT_THAT(fields(), ElementsAre("sample_size", "days"));
  request.set_parent("1");
  EXPECT_THAT(fields(), ElementsAre("parent"));
}

}  // namespace
}  // namespace crier::evaluator::transport
