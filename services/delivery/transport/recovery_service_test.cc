#include "services/delivery/transport/recovery_service.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "common/rpc/client.h"
#include "common/rpc/server.h"
#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "services/delivery/domain/fake_repair_store.h"

namespace crier::delivery::transport {
namespace {

using testing::ElementsAre;
using Stub = v1::RecoveryService::Stub;

class RecoveryServiceTest : public testing::Test {
 protected:
  RecoveryServiceTest() {
    auto server = rpc::Server::Start({.listen_address = "127.0.0.1:0"}, {&service_});
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    stub_ = v1::RecoveryService::NewStub(server_->InProcessChannel());
  }

  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request) {
    Response response;
    const absl::Status status =
        rpc::Call(*stub_, method, request, response, absl::Now() + absl::Seconds(30));
    if (!status.ok()) return status;
    return response;
  }

  absl::StatusOr<v1::Recovery> Recover(
      const std::function<void(v1::RecoverDeliveriesRequest&)>& change = {}) {
    v1::RecoverDeliveriesRequest request;
    request.set_parent("communities/7/webhooks/3");
    request.mutable_created_from()->set_seconds(1'600'000'000);
    if (change) change(request);
    return Call<v1::Recovery>(&Stub::RecoverDeliveries, request);
  }

  std::vector<std::string> Wrong(const std::function<void(v1::RecoverDeliveriesRequest&)>& change) {
    const absl::Status status = Recover(change).status();
    std::vector<std::string> fields;
    google::rpc::BadRequest bad_request;
    const auto detail = status.GetPayload("type.googleapis.com/google.rpc.BadRequest");
    if (!detail || !bad_request.ParseFromString(std::string(*detail))) return fields;
    for (const auto& violation : bad_request.field_violations()) {
      fields.push_back(violation.field());
    }
    return fields;
  }

  FakeClock clock_{absl::FromUnixSeconds(1'700'000'000)};
  FakeRepairStore repairs_;
  rpc::Executor executor_{{}};
  RecoveryService service_{repairs_, clock_, executor_};
  std::unique_ptr<rpc::Server> server_;
  std::unique_ptr<Stub> stub_;
};

TEST_F(RecoveryServiceTest, BeginsARecovery) {
  const auto recovery = Recover();

  ASSERT_TRUE(recovery.ok()) << recovery.status();
  EXPECT_EQ(recovery->name(), "communities/7/recoveries/1");
  EXPECT_EQ(recovery->webhook(), "communities/7/webhooks/3");
  EXPECT_EQ(recovery->state(), v1::Recovery::RUNNING);
  EXPECT_EQ(recovery->created_from().seconds(), 1'600'000'000);
  EXPECT_EQ(recovery->created_before().seconds(), 1'700'000'000) << "now";
  EXPECT_FALSE(recovery->has_end_time());
}

TEST_F(RecoveryServiceTest, RecoversAllWebhooksOfACommunity) {
  const auto recovery = Recover([](auto& r) { r.set_parent("communities/7/webhooks/-"); });

  ASSERT_TRUE(recovery.ok()) << recovery.status();
  EXPECT_EQ(recovery->webhook(), "communities/7/webhooks/-");
}

TEST_F(RecoveryServiceTest, ARepetitionBeginsNoOther) {
  const auto once = [](auto& r) { r.set_request_id("once"); };

  EXPECT_EQ(Recover(once)->name(), Recover(once)->name());
}

TEST_F(RecoveryServiceTest, NamesWhatIsWrong) {
  using Request = v1::RecoverDeliveriesRequest;
  EXPECT_THAT(Wrong([](Request& r) { r.set_parent("communities/7"); }), ElementsAre("parent"));
  EXPECT_THAT(Wrong([](Request& r) { r.clear_created_from(); }), ElementsAre("created_from"));
  EXPECT_THAT(Wrong([](Request& r) { r.mutable_created_from()->set_nanos(-1); }),
              ElementsAre("created_from"));
  EXPECT_THAT(Wrong([](Request& r) { r.mutable_created_before()->set_seconds(1'600'000'000); }),
              ElementsAre("created_from"));
  EXPECT_THAT(Wrong([](Request& r) { r.set_request_id(std::string(65, 'x')); }),
              ElementsAre("request_id"));
}

TEST_F(RecoveryServiceTest, ShowsListsAndCancels) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Recover().ok());
  v1::ListRecoveriesRequest list;
  list.set_parent("communities/7");
  list.set_page_size(2);

  const auto first = Call<v1::ListRecoveriesResponse>(&Stub::ListRecoveries, list);
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_EQ(first->recoveries_size(), 2);
  EXPECT_EQ(first->recoveries(0).name(), "communities/7/recoveries/3");
  list.set_page_token(first->next_page_token());
  const auto last = Call<v1::ListRecoveriesResponse>(&Stub::ListRecoveries, list);
  ASSERT_TRUE(last.ok()) << last.status();
  ASSERT_EQ(last->recoveries_size(), 1);
  EXPECT_EQ(last->next_page_token(), "");

  v1::CancelRecoveryRequest cancel;
  cancel.set_name("communities/7/recoveries/2");
  EXPECT_EQ(Call<v1::Recovery>(&Stub::CancelRecovery, cancel)->state(), v1::Recovery::CANCELLED);
  v1::GetRecoveryRequest get;
  get.set_name(cancel.name());
  EXPECT_EQ(Call<v1::Recovery>(&Stub::GetRecovery, get)->state(), v1::Recovery::CANCELLED);
  get.set_name("communities/7/recoveries/99");
  EXPECT_EQ(ErrorReason(Call<v1::Recovery>(&Stub::GetRecovery, get).status()),
            "RECOVERY_NOT_FOUND");
}

}  // namespace
}  // namespace crier::delivery::transport
