// A whole ingest service over real gRPC, on a schema of its own.
#ifndef CRIER_SERVICES_INGEST_SERVER_TEST_FIXTURE_H_
#define CRIER_SERVICES_INGEST_SERVER_TEST_FIXTURE_H_

#include <grpcpp/client_context.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "common/base/clock.h"
#include "common/metrics/metrics.h"
#include "common/rpc/server.h"
#include "common/rpc/status.h"
#include "crier/ingest/v1/entity_service.grpc.pb.h"
#include "crier/ingest/v1/event_service.grpc.pb.h"
#include "crier/ingest/v1/ingest_service.grpc.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"
#include "services/ingest/server.h"
#include "tests/support/test_database.h"

namespace crier::ingest {

// One replica.
class Replica {
 public:
  explicit Replica(const IngestOptions& options, const Clock& clock = SystemClock())
      : ingest_(options, registry, clock) {
    auto server = rpc::Server::Start({.listen_address = "127.0.0.1:0"}, ingest_.rpc_services());
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    ingest_.Start(*server_);
    records = v1::IngestService::NewStub(server_->InProcessChannel());
    events = v1::EventService::NewStub(server_->InProcessChannel());
    entities = v1::EntityService::NewStub(server_->InProcessChannel());
  }

  ~Replica() {
    ingest_.Stop();
    server_->Drain();
  }

  void WaitUntilReady() {
    while (!CheckReady().ok()) {
    }
  }
  absl::Status CheckReady() { return ingest_.CheckReady(absl::Now() + absl::Seconds(5)); }
  void Stop() { ingest_.Stop(); }

  metrics::Registry registry;
  std::unique_ptr<v1::IngestService::Stub> records;
  std::unique_ptr<v1::EventService::Stub> events;
  std::unique_ptr<v1::EntityService::Stub> entities;

 private:
  IngestServer ingest_;
  std::unique_ptr<rpc::Server> server_;
};

// A Subscribe call.
class Stream {
 public:
  Stream(Replica& replica, int32_t log_partition, int64_t after_position) {
    v1::SubscribeRequest request;
    request.set_log_partition(log_partition);
    request.set_after_position(after_position);
    reader_ = replica.events->Subscribe(&context_, request);
  }
  ~Stream() { context_.TryCancel(); }

  // The events of the next frame; none when the stream has ended.
  std::vector<entity::v1::Event> Next() {
    v1::SubscribeResponse frame;
    if (!reader_->Read(&frame)) return {};
    return {frame.events().begin(), frame.events().end()};
  }

  // How the stream ended; reads whatever is left before that.
  absl::Status End() {
    while (!Next().empty()) {
    }
    return rpc::FromGrpc(reader_->Finish());
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::SubscribeResponse>> reader_;
};

// The fields that a status calls bad.
inline std::vector<std::string> BadFields(const google::rpc::Status& status) {
  std::vector<std::string> fields;
  for (const auto& detail : status.details()) {
    google::rpc::BadRequest bad_request;
    if (!detail.UnpackTo(&bad_request)) continue;
    for (const auto& violation : bad_request.field_violations())
      fields.push_back(violation.field());
  }
  return fields;
}

class ServerTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { postgres_ = new tests::TestDatabase; }
  static void TearDownTestSuite() {
    delete postgres_;
    postgres_ = nullptr;
  }

  ServerTest() {
    options_.postgres.url = postgres_->url();
    options_.postgres.role = "";
    options_.postgres.schema = postgres_->NewSchemaName().schema;
    EXPECT_EQ(Migrate(options_), absl::OkStatus());
  }

  // A unary call.
  template <typename Method, typename Stub, typename Request, typename Response>
  static absl::Status Call(Stub& stub, Method method, const Request& request, Response* response) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(30)));
    return rpc::FromGrpc((stub.*method)(&context, request, response));
  }

  static absl::Status Ingest(Replica& replica, const v1::UpsertContactRequest& request,
                             v1::IngestResult* result) {
    return Call(*replica.records, &v1::IngestService::Stub::UpsertContact, request, result);
  }
  static absl::Status Ingest(Replica& replica, const v1::UpsertOrganizationRequest& request,
                             v1::IngestResult* result) {
    return Call(*replica.records, &v1::IngestService::Stub::UpsertOrganization, request, result);
  }
  static absl::Status Ingest(Replica& replica, const v1::RecordActivityRequest& request,
                             v1::IngestResult* result) {
    return Call(*replica.records, &v1::IngestService::Stub::RecordActivity, request, result);
  }
  static absl::Status Ingest(Replica& replica, const v1::BatchIngestRequest& request,
                             v1::BatchIngestResponse* response) {
    return Call(*replica.records, &v1::IngestService::Stub::BatchIngest, request, response);
  }

  static v1::UpsertContactRequest ContactRequest(const std::string& email) {
    v1::UpsertContactRequest request;
    request.set_parent("communities/1");
    request.mutable_contact()->set_primary_email(email);
    request.add_sightings()->set_source("Test");
    request.mutable_sightings(0)->mutable_seen_time()->set_seconds(1000);
    return request;
  }

  static v1::UpsertOrganizationRequest OrganizationRequest(const std::string& domain) {
    v1::UpsertOrganizationRequest request;
    request.set_parent("communities/1");
    request.mutable_organization()->set_domain(domain);
    return request;
  }

  // Stores one organization of community 1.
  static void AddOrganization(Replica& replica, const std::string& domain) {
    v1::IngestResult result;
    const absl::Status status = Ingest(replica, OrganizationRequest(domain), &result);
    ASSERT_TRUE(status.ok()) << status;
    ASSERT_EQ(result.outcome(), v1::IngestResult::CREATED);
  }

  static v1::LogHead HeadOf(Replica& replica, const std::string& community) {
    v1::GetLogHeadRequest request;
    request.set_community(community);
    v1::LogHead head;
    const absl::Status status =
        Call(*replica.events, &v1::EventService::Stub::GetLogHead, request, &head);
    EXPECT_TRUE(status.ok()) << status;
    return head;
  }

  static tests::TestDatabase* postgres_;

  IngestOptions options_;
};

inline tests::TestDatabase* ServerTest::postgres_ = nullptr;

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_SERVER_TEST_FIXTURE_H_
