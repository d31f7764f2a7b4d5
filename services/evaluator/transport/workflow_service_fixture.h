// What the tests of WorkflowService start from: the service in a server of its own, over fakes.
#ifndef CRIER_SERVICES_EVALUATOR_TRANSPORT_WORKFLOW_SERVICE_FIXTURE_H_
#define CRIER_SERVICES_EVALUATOR_TRANSPORT_WORKFLOW_SERVICE_FIXTURE_H_

#include <atomic>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "services/evaluator/domain/fakes/fake_cap_store.h"
#include "services/evaluator/domain/fakes/fake_contact_source.h"
#include "services/evaluator/domain/fakes/fake_delivery_sink.h"
#include "services/evaluator/domain/fakes/fake_entity_source.h"
#include "services/evaluator/domain/fakes/fake_event_source.h"
#include "services/evaluator/domain/fakes/fake_statistics_store.h"
#include "services/evaluator/domain/fakes/fake_target_directory.h"
#include "services/evaluator/domain/fakes/fake_workflow_store.h"
#include "services/evaluator/transport/workflow_service.h"
#include "tests/support/in_process_client.h"

namespace crier::evaluator::transport {

namespace v1 = workflow::v1;

inline constexpr char kParent[] = "communities/1";
inline constexpr char kWebhook[] = "communities/1/webhooks/5";

class WorkflowServiceTest : public testing::Test {
 protected:
  using Stub = v1::WorkflowService::Stub;

  WorkflowServiceTest() {
    deliveries_.AddWebhook({1, 5});
    deliveries_.AddWebhook({1, 6});
  }

  static v1::CreateWorkflowRequest MakeCreate() {
    v1::CreateWorkflowRequest request;
    request.set_parent(kParent);
    request.mutable_workflow()->set_display_name("name");
    request.mutable_workflow()->set_template_(v1::Workflow::NEW_MEMBER);
    request.mutable_workflow()->set_webhook(kWebhook);
    return request;
  }

  absl::StatusOr<v1::Workflow> Create(const v1::CreateWorkflowRequest& request) {
    return client_.Call(&Stub::CreateWorkflow, request);
  }

  v1::Workflow Create() { return Create(MakeCreate()).value(); }

  template <typename Request, typename Response>
  absl::StatusOr<Response> CallByName(grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                                   const Request&, Response*),
                                      const std::string& name) {
    Request request;
    request.set_name(name);
    return client_.Call(method, request);
  }

  absl::StatusOr<v1::Workflow> Get(const std::string& name) {
    return CallByName(&Stub::GetWorkflow, name);
  }

  absl::StatusOr<v1::Workflow> Update(const v1::Workflow& workflow,
                                      const std::vector<std::string>& mask) {
    v1::UpdateWorkflowRequest request;
    *request.mutable_workflow() = workflow;
    for (const std::string& path : mask) request.mutable_update_mask()->add_paths(path);
    return client_.Call(&Stub::UpdateWorkflow, request);
  }

  absl::StatusOr<v1::ListWorkflowsResponse> List(const std::string& parent, int page_size = 0,
                                                 const std::string& page_token = "") {
    v1::ListWorkflowsRequest request;
    request.set_parent(parent);
    request.set_page_size(page_size);
    request.set_page_token(page_token);
    return client_.Call(&Stub::ListWorkflows, request);
  }

  int CountWorkflows() { return List(kParent).value().workflows_size(); }

  std::atomic<bool> ingest_away_ = false;
  std::atomic<bool> delivery_away_ = false;
  FakeWorkflowStore store_;
  FakeEventSource events_{1, [this] { return ingest_away_ ? Fault::kBefore : Fault::kNone; }};
  FakeDeliverySink deliveries_{[this] { return delivery_away_ ? Fault::kBefore : Fault::kNone; }};
  FakeClock clock_{absl::FromUnixSeconds(1'681'726'886)};
  Workflows workflows_{store_, events_, deliveries_, clock_};
  rpc::Executor executor_{{.threads = 4, .queue_capacity = 64}};
  FakeEntitySource entities_{clock_,
                             [this] { return ingest_away_ ? Fault::kBefore : Fault::kNone; }};
  FakeTargetDirectory targets_{deliveries_};
  Previewer previewer_{entities_, targets_, clock_};
  FakeStatisticsStore statistics_;
  FakeContactSource contacts_;
  FakeCapStore statuses_;
  EnableGuard guard_{contacts_, statuses_, /*limit=*/2, clock_};
  WorkflowService service_{workflows_, previewer_, statistics_, guard_,
                           statuses_,  clock_,     executor_};
  InProcessClient<v1::WorkflowService> client_{service_};
};

}  // namespace crier::evaluator::transport

#endif  // CRIER_SERVICES_EVALUATOR_TRANSPORT_WORKFLOW_SERVICE_FIXTURE_H_
