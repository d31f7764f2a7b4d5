// The evaluator as a whole, on a real Postgres, against fakes of the other services over gRPC.
#include "services/evaluator/server.h"

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "common/rpc/client.h"
#include "common/rpc/server.h"
#include "crier/workflow/v1/workflow_service.grpc.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/evaluator/domain/fakes/fake_delivery_sink.h"
#include "services/evaluator/domain/fakes/fake_event_source.h"
#include "services/evaluator/transport/fake_services.h"
#include "tests/support/test_database.h"

namespace crier::evaluator {
namespace {

using entity::v1::Event;
using Stub = workflow::v1::WorkflowService::Stub;

constexpr int kPartitions = 4;
constexpr absl::Duration kLong = absl::Seconds(60);

absl::Time Deadline() { return absl::Now() + kLong; }

// The services that the evaluator talks to; they keep what they know while they are away.
class Peers {
 public:
  Peers() { Start("127.0.0.1:0"); }

  void Stop() { server_.reset(); }

  // Comes back at the same address.
  void Restart() { Start(address()); }

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  FakeEventSource events{kPartitions};
  FakeDeliverySink deliveries;

 private:
  void Start(const std::string& address) {
    auto started = rpc::Server::Start(
        {.listen_address = address, .drain_grace = absl::ZeroDuration()},
        {&event_service_, &delivery_service_, &webhook_service_, &target_service_});
    ASSERT_TRUE(started.ok()) << started.status();
    server_ = *std::move(started);
    server_->SetReady(true);
    port_ = server_->port();
  }

  transport::FakeEventService event_service_{events};
  transport::FakeDeliveryService delivery_service_{deliveries};
  transport::FakeWebhookService webhook_service_{deliveries};
  transport::FakeTargetService target_service_{deliveries};
  std::unique_ptr<rpc::Server> server_;
  int port_ = 0;
};

// One process of crier-evaluator, as process::Serve runs it.
class Replica {
 public:
  explicit Replica(const EvaluatorOptions& options) : evaluator_(options, registry_) {
    auto started = rpc::Server::Start({.listen_address = "127.0.0.1:0"}, evaluator_.rpc_services());
    EXPECT_TRUE(started.ok()) << started.status();
    server_ = *std::move(started);
    stub_ = workflow::v1::WorkflowService::NewStub(server_->InProcessChannel());
    evaluator_.Start(*server_);
  }

  ~Replica() { evaluator_.Stop(); }

  absl::Status CheckReady() { return evaluator_.CheckReady(Deadline()); }

  bool WaitUntilReady() {
    const absl::Time end = Deadline();
    while (!CheckReady().ok()) {
      if (absl::Now() > end) return false;
    }
    return true;
  }

  void Stop() { evaluator_.Stop(); }

  absl::StatusOr<workflow::v1::Workflow> CreateEnabled(int64_t community) {
    workflow::v1::CreateWorkflowRequest create;
    const std::string parent = "communities/" + std::to_string(community);
    create.set_parent(parent);
    create.mutable_workflow()->set_display_name("name");
    create.mutable_workflow()->set_template_(workflow::v1::Workflow::NEW_MEMBER);
    create.mutable_workflow()->set_webhook(parent + "/webhooks/5");
    workflow::v1::Workflow workflow;
    absl::Status status = rpc::Call(*stub_, &Stub::CreateWorkflow, create, workflow, Deadline());
    if (!status.ok()) return status;
    workflow::v1::EnableWorkflowRequest enable;
    enable.set_name(workflow.name());
    status = rpc::Call(*stub_, &Stub::EnableWorkflow, enable, workflow, Deadline());
    if (!status.ok()) return status;
    return workflow;
  }

 private:
  metrics::Registry registry_;
  EvaluatorServer evaluator_;
  std::unique_ptr<rpc::Server> server_;
  std::unique_ptr<Stub> stub_;
};

class EvaluatorServerTest : public testing::Test {
 protected:
  EvaluatorServerTest() {
    options_.postgres.url = schema_.url;
    options_.postgres.role = schema_.role;
    options_.postgres.schema = schema_.schema;
    options_.ingest_address = peers_.address();
    options_.delivery_address = peers_.address();
    for (int64_t community = 1; community <= kPartitions; ++community) {
      peers_.deliveries.AddWebhook({community, 5});
    }
  }

  void MigrateSchema() {
    const absl::Status migrated = Migrate(options_);
    ASSERT_TRUE(migrated.ok()) << migrated;
  }

  void Append(int64_t community) {
    Event event;
    event.set_community_id(community);
    event.set_kind(Event::CONTACT_FOUND);
    event.mutable_contact();
    const int64_t position = peers_.events.Append(event);
    last_positions_[community % kPartitions] = position;
    ++appended_;
  }

  // Waits until every event is handed over.
  bool WaitForHandOver() {
    for (int i = 0; i < kPartitions; ++i) {
      const std::string producer = "evaluator/log-partitions/" + std::to_string(i);
      if (!peers_.deliveries.WaitForPosition(producer, last_positions_[i])) return false;
    }
    return true;
  }

  int CountDeliveries() { return static_cast<int>(peers_.deliveries.messages().size()); }

  tests::TestDatabase database_;
  const pg::Database schema_ = database_.NewSchemaName(database_.NewRoleName());
  Peers peers_;
  EvaluatorOptions options_;
  int64_t last_positions_[kPartitions] = {};
  int appended_ = 0;
};

TEST_F(EvaluatorServerTest, HandsOverWhatEnabledWorkflowsWaitFor) {
  MigrateSchema();
  Replica replica(options_);
  ASSERT_TRUE(replica.WaitUntilReady());
  for (int64_t community = 1; community <= kPartitions; ++community) {
    const auto enabled = replica.CreateEnabled(community);
    ASSERT_TRUE(enabled.ok()) << enabled.status();
  }

  for (int i = 0; i < 100; ++i) Append(1 + i % kPartitions);

  EXPECT_TRUE(WaitForHandOver());
  EXPECT_EQ(CountDeliveries(), appended_);
}

TEST_F(EvaluatorServerTest, IsNotReadyBeforeItsSchemaIsThere) {
  Replica replica(options_);
  EXPECT_FALSE(replica.CheckReady().ok());

  MigrateSchema();

  EXPECT_TRUE(replica.WaitUntilReady());
}

TEST_F(EvaluatorServerTest, IsNotReadyBeforeTheIngestServiceWasThere) {
  MigrateSchema();
  peers_.Stop();
  Replica replica(options_);
  EXPECT_FALSE(replica.CheckReady().ok());

  peers_.Restart();

  EXPECT_TRUE(replica.WaitUntilReady());
}

TEST_F(EvaluatorServerTest, RecoversWhenTheOtherServicesComeBack) {
  MigrateSchema();
  Replica replica(options_);
  ASSERT_TRUE(replica.WaitUntilReady());
  ASSERT_TRUE(replica.CreateEnabled(1).ok());
  Append(1);
  ASSERT_TRUE(WaitForHandOver());

  peers_.Stop();
  Append(1);
  EXPECT_TRUE(replica.CheckReady().ok()) << "workflows can still be read";
  peers_.Restart();
  Append(1);

  EXPECT_TRUE(WaitForHandOver());
  EXPECT_EQ(CountDeliveries(), appended_);
}

TEST_F(EvaluatorServerTest, ReplicasTakeOverFromEachOther) {
  MigrateSchema();
  auto first = std::make_unique<Replica>(options_);
  ASSERT_TRUE(first->WaitUntilReady());
  for (int64_t community = 1; community <= kPartitions; ++community) {
    ASSERT_TRUE(first->CreateEnabled(community).ok());
  }
  Replica second(options_);
  ASSERT_TRUE(second.WaitUntilReady());

  for (int i = 0; i < 40; ++i) Append(1 + i % kPartitions);
  first.reset();
  for (int i = 0; i < 40; ++i) Append(1 + i % kPartitions);

  EXPECT_TRUE(WaitForHandOver());
  EXPECT_EQ(CountDeliveries(), appended_);
}

TEST_F(EvaluatorServerTest, AnswersCallsWhileItDrains) {
  MigrateSchema();
  Replica replica(options_);
  ASSERT_TRUE(replica.WaitUntilReady());

  replica.Stop();
  replica.Stop();

  EXPECT_TRUE(replica.CreateEnabled(1).ok());
  while (peers_.events.subscriptions() != 0) std::this_thread::yield();
}

TEST_F(EvaluatorServerTest, StopsWithoutEverHavingBeenReady) {
  Replica replica(options_);

  replica.Stop();

  EXPECT_FALSE(replica.CheckReady().ok());
}

}  // namespace
}  // namespace crier::evaluator
