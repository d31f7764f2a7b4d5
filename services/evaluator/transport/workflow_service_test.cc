// WorkflowService: names, listings, updates and deletions.
#include <string>
#include <vector>

#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/evaluator/transport/workflow_service_fixture.h"
#include "tests/support/wrong_fields.h"

namespace crier::evaluator::transport {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(WorkflowServiceTest, RefusesBadNames) {
  const std::vector<std::string> names = {"",
                                          "workflows/1",
                                          "communities/1/workflows/",
                                          "communities/1/workflows/0",
                                          "communities/1/workflows/01",
                                          "communities/1/workflows/-1",
                                          "communities/1/workflows/x",
                                          "communities/1/workflows/1/more",
                                          "communities/1/webhooks/1",
                                          "communities/1/workflows/9223372036854775808"};
  for (const std::string& name : names) {
    SCOPED_TRACE(name);
    EXPECT_THAT(WrongFields(Get(name).status()), ElementsAre("name"));
    EXPECT_THAT(WrongFields(CallByName(&Stub::DeleteWorkflow, name).status()), ElementsAre("name"));
    EXPECT_THAT(WrongFields(CallByName(&Stub::EnableWorkflow, name).status()), ElementsAre("name"));
    EXPECT_THAT(WrongFields(CallByName(&Stub::DisableWorkflow, name).status()),
                ElementsAre("name"));
    v1::Workflow workflow;
    workflow.set_name(name);
    EXPECT_THAT(WrongFields(Update(workflow, {}).status()), ElementsAre("workflow.name"));
  }
}

TEST_F(WorkflowServiceTest, UnknownWorkflowsAreNotFound) {
  const std::string name = "communities/1/workflows/99";
  v1::Workflow workflow;
  workflow.set_name(name);
  workflow.set_display_name("other");
  const std::vector<absl::Status> statuses = {
      Get(name).status(), CallByName(&Stub::DeleteWorkflow, name).status(),
      CallByName(&Stub::EnableWorkflow, name).status(),
      CallByName(&Stub::DisableWorkflow, name).status(), Update(workflow, {}).status()};

  for (const absl::Status& status : statuses) {
    EXPECT_TRUE(absl::IsNotFound(status)) << status;
    EXPECT_EQ(ErrorReason(status), "WORKFLOW_NOT_FOUND");
  }
}

TEST_F(WorkflowServiceTest, ListsInPages) {
  std::vector<std::string> created;
  for (int i = 0; i < 5; ++i) created.push_back(Create().name());
  std::vector<std::string> listed;
  std::string token;
  int pages = 0;

  do {
    const v1::ListWorkflowsResponse page = List(kParent, 2, token).value();
    for (const v1::Workflow& workflow : page.workflows()) listed.push_back(workflow.name());
    token = page.next_page_token();
    ++pages;
  } while (!token.empty());

  EXPECT_EQ(listed, created);
  EXPECT_EQ(pages, 3);
  EXPECT_THAT(List("communities/2").value().workflows(), IsEmpty());
  EXPECT_TRUE(List(kParent, 5).value().next_page_token().empty()) << "the last page is full";
}

TEST_F(WorkflowServiceTest, RefusesBadListings) {
  for (int i = 0; i < 2; ++i) Create();
  const std::string token = List(kParent, 1).value().next_page_token();
  ASSERT_FALSE(token.empty());

  EXPECT_THAT(WrongFields(List("").status()), ElementsAre("parent"));
  EXPECT_THAT(WrongFields(List("communities/1/workflows/1").status()), ElementsAre("parent"));
  EXPECT_THAT(WrongFields(List(kParent, -1).status()), ElementsAre("page_size"));
  EXPECT_THAT(WrongFields(List(kParent, 1, "nonsense").status()), ElementsAre("page_token"));
  EXPECT_THAT(WrongFields(List("communities/2", 1, token).status()), ElementsAre("page_token"));
}

TEST_F(WorkflowServiceTest, UpdatesWhatTheMaskNames) {
  const v1::Workflow created = Create();
  v1::Workflow wanted = created;
  wanted.set_display_name("new name");
  wanted.set_webhook("communities/1/webhooks/6");
  clock_.Advance(absl::Seconds(1));

  const v1::Workflow renamed = Update(wanted, {"display_name"}).value();
  EXPECT_EQ(renamed.display_name(), "new name");
  EXPECT_EQ(renamed.webhook(), kWebhook);
  EXPECT_NE(renamed.etag(), created.etag());
  EXPECT_EQ(renamed.update_time().seconds(), created.update_time().seconds() + 1);

  wanted.clear_etag();
  EXPECT_EQ(Update(wanted, {"*"}).value().webhook(), "communities/1/webhooks/6");
}

TEST_F(WorkflowServiceTest, AnEmptyMaskUpdatesWhatIsNotEmpty) {
  v1::Workflow wanted;
  wanted.set_name(Create().name());
  wanted.set_webhook("communities/1/webhooks/6");

  const v1::Workflow updated = Update(wanted, {}).value();

  EXPECT_EQ(updated.display_name(), "name");
  EXPECT_EQ(updated.webhook(), "communities/1/webhooks/6");
}

TEST_F(WorkflowServiceTest, RefusesBadUpdatesByField) {
  const v1::Workflow created = Create();
  v1::Workflow blank;
  blank.set_name(created.name());
  v1::Workflow foreign = blank;
  foreign.set_webhook("communities/2/webhooks/5");
  v1::Workflow unknown = blank;
  unknown.set_template_(static_cast<v1::Workflow::Template>(99));

  for (const char* path : {"template", "state", "name", "etag", "create_time", "nonsense",
                           "display_name.more", "displayName", ""}) {
    SCOPED_TRACE(path);
    EXPECT_THAT(WrongFields(Update(created, {path}).status()), ElementsAre("update_mask"));
  }
  EXPECT_THAT(WrongFields(Update(blank, {"display_name"}).status()),
              ElementsAre("workflow.display_name"));
  EXPECT_THAT(WrongFields(Update(blank, {"*"}).status()),
              ElementsAre("workflow.display_name", "workflow.webhook"));
  EXPECT_THAT(WrongFields(Update(foreign, {}).status()), ElementsAre("workflow.webhook"));
  EXPECT_THAT(WrongFields(Update(unknown, {}).status()), ElementsAre("workflow.template"));
  EXPECT_THAT(WrongFields(Update({}, {}).status()), ElementsAre("workflow.name"));
  EXPECT_EQ(Get(created.name()).value().SerializeAsString(), created.SerializeAsString());
}

TEST_F(WorkflowServiceTest, AnOldEtagAbortsEveryChange) {
  const v1::Workflow created = Create();
  v1::Workflow wanted = created;
  wanted.set_display_name("new name");
  const v1::Workflow updated = Update(wanted, {"display_name"}).value();
  v1::DeleteWorkflowRequest deletion;
  deletion.set_name(created.name());
  deletion.set_etag(created.etag());
  v1::EnableWorkflowRequest enabling;
  enabling.set_name(created.name());
  enabling.set_etag(created.etag());
  v1::DisableWorkflowRequest disabling;
  disabling.set_name(created.name());
  disabling.set_etag(created.etag());

  for (const absl::Status& status : {Update(wanted, {"display_name"}).status(),
                                     client_.Call(&Stub::EnableWorkflow, enabling).status(),
                                     client_.Call(&Stub::DisableWorkflow, disabling).status(),
                                     client_.Call(&Stub::DeleteWorkflow, deletion).status()}) {
    EXPECT_TRUE(absl::IsAborted(status)) << status;
    EXPECT_EQ(ErrorReason(status), "ETAG_MISMATCH");
  }
  EXPECT_EQ(Get(created.name()).value().SerializeAsString(), updated.SerializeAsString());

  deletion.set_etag(updated.etag());
  EXPECT_TRUE(client_.Call(&Stub::DeleteWorkflow, deletion).ok());
  EXPECT_TRUE(absl::IsNotFound(Get(created.name()).status()));
}

TEST_F(WorkflowServiceTest, SaysWhenAServiceBehindItIsAway) {
  const v1::Workflow created = Create();
  ingest_away_ = true;
  delivery_away_ = true;

  EXPECT_TRUE(absl::IsUnavailable(Create(MakeCreate()).status()));
  EXPECT_TRUE(absl::IsUnavailable(CallByName(&Stub::EnableWorkflow, created.name()).status()));
  EXPECT_TRUE(absl::IsUnavailable(CallByName(&Stub::DeleteWorkflow, created.name()).status()));
  EXPECT_EQ(Get(created.name()).value().SerializeAsString(), created.SerializeAsString());
}

}  // namespace
}  // namespace crier::evaluator::transport
