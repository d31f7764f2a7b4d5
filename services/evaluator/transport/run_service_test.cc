#include "services/evaluator/transport/run_service.h"

#include <string>
#include <vector>

#include "common/api/resource_name.h"
#include "common/api/time.h"
#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/evaluator/domain/fakes/fake_run_store.h"
#include "services/evaluator/domain/runs/runs.h"
#include "tests/support/in_process_client.h"
#include "tests/support/wrong_fields.h"

namespace crier::evaluator::transport {
namespace {

namespace v1 = workflow::v1;
using Stub = v1::RunService::Stub;
using testing::ElementsAre;

constexpr char kWorkflow[] = "communities/1/workflows/7";

class RunServiceTest : public testing::Test {
 protected:
  RunServiceTest() {
    Workflow workflow;
    workflow.id = {1, 7};
    workflow.workflow_template = Template::kMembersThatMeetCriteria;
    workflow.state = State::kEnabled;
    store_.Put(workflow, clock_.Now());
  }

  absl::StatusOr<v1::Run> Begin(const std::string& name, bool full_scan = false) {
    v1::RunWorkflowRequest request;
    request.set_name(name);
    request.set_full_scan(full_scan);
    return client_.Call(&Stub::RunWorkflow, request);
  }

  absl::StatusOr<v1::Run> Get(const std::string& name) {
    v1::GetRunRequest request;
    request.set_name(name);
    return client_.Call(&Stub::GetRun, request);
  }

  absl::StatusOr<v1::Run> Cancel(const std::string& name) {
    v1::CancelRunRequest request;
    request.set_name(name);
    return client_.Call(&Stub::CancelRun, request);
  }

  absl::StatusOr<v1::ListRunsResponse> List(const std::string& parent, int page_size = 0,
                                            const std::string& page_token = "") {
    v1::ListRunsRequest request;
    request.set_parent(parent);
    request.set_page_size(page_size);
    request.set_page_token(page_token);
    return client_.Call(&Stub::ListRuns, request);
  }

  FakeClock clock_{absl::FromUnixSeconds(1'681'726'886)};
  FakeRunStore store_;
  Runs runs_{store_, clock_};
  rpc::Executor executor_{{.threads = 2, .queue_capacity = 16}};
  RunService service_{runs_, executor_};
  InProcessClient<v1::RunService> client_{service_};
};

TEST_F(RunServiceTest, ShowsARun) {
  const v1::Run run = List(kWorkflow).value().runs(0);

  EXPECT_EQ(run.name(), "communities/1/workflows/7/runs/1");
  EXPECT_EQ(run.state(), v1::Run::PENDING);
  EXPECT_EQ(run.trigger(), v1::Run::ENABLE);
  EXPECT_EQ(api::FromProto(run.create_time()), clock_.Now());
  EXPECT_FALSE(run.has_start_time());
  EXPECT_EQ(Get(run.name()).value().SerializeAsString(), run.SerializeAsString());
}

TEST_F(RunServiceTest, OneIsCancelledBeforeTheNextBegins) {
  const absl::Status refused = Begin(kWorkflow).status();
  EXPECT_EQ(ErrorReason(refused), "RUN_UNFINISHED");
  EXPECT_EQ(ErrorMetadata(refused, "run"), "communities/1/workflows/7/runs/1");

  EXPECT_EQ(Cancel("communities/1/workflows/7/runs/1").value().state(), v1::Run::CANCELLED);
  const auto next = Begin(kWorkflow, /*full_scan=*/true);

  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(next->trigger(), v1::Run::MANUAL);
  EXPECT_EQ(Get(next->name()).value().state(), v1::Run::PENDING);
}

TEST_F(RunServiceTest, ListsNewestFirstPageByPage) {
  for (int i = 1; i <= 4; ++i) {
    ASSERT_TRUE(Cancel(absl::StrCat(kWorkflow, "/runs/", i)).ok());
    ASSERT_TRUE(Begin(kWorkflow).ok());
  }
  std::vector<std::string> names;
  std::string token;
  do {
    const v1::ListRunsResponse page = List(kWorkflow, 2, token).value();
    for (const v1::Run& run : page.runs()) names.push_back(run.name());
    token = page.next_page_token();
  } while (!token.empty());

  const std::string prefix = absl::StrCat(kWorkflow, "/runs/");
  EXPECT_THAT(names,
              ElementsAre(prefix + "5", prefix + "4", prefix + "3", prefix + "2", prefix + "1"));
}

TEST_F(RunServiceTest, SaysWhichNameIsWrong) {
  EXPECT_THAT(WrongFields(Begin("workflows/7").status()), ElementsAre("name"));
  EXPECT_THAT(WrongFields(Get("communities/1/workflows/7").status()), ElementsAre("name"));
  EXPECT_THAT(WrongFields(Cancel("communities/1/workflows/7/runs/0").status()),
              ElementsAre("name"));
  EXPECT_THAT(WrongFields(List("communities/1").status()), ElementsAre("parent"));
  EXPECT_THAT(WrongFields(List(kWorkflow, -1).status()), ElementsAre("page_size"));
  EXPECT_THAT(WrongFields(List(kWorkflow, 1, "x").status()), ElementsAre("page_token"));
}

TEST_F(RunServiceTest, SaysWhatDoesNotExist) {
  EXPECT_EQ(ErrorReason(Begin("communities/1/workflows/8").status()), "WORKFLOW_NOT_FOUND");
  EXPECT_EQ(ErrorReason(List("communities/1/workflows/8").status()), "WORKFLOW_NOT_FOUND");
  EXPECT_EQ(ErrorReason(Get("communities/1/workflows/7/runs/9").status()), "RUN_NOT_FOUND");
}

}  // namespace
}  // namespace crier::evaluator::transport
