#include "services/delivery/transport/recovery_service.h"

#include <functional>
#include <string>
#include <vector>

#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "services/delivery/domain/fakes/fake_repair_store.h"
#include "tests/support/in_process_client.h"
#include "tests/support/wrong_fields.h"

namespace crier::delivery::transport {
namespace {

using testing::ElementsAre;
using Stub = v1::RecoveryService::Stub;

class RecoveryServiceTest : public testing::Test {
 protected:
  absl::StatusOr<v1::Recovery> Recover(
      const std::function<void(v1::RecoverDeliveriesRequest&)>& change = {}) {
    v1::RecoverDeliveriesRequest request;
    request.set_parent("communities/7/webhooks/3");
    request.mutable_created_from()->set_seconds(1'600'000'000);
    if (change) change(request);
    return client_.Call<v1::Recovery>(&Stub::RecoverDeliveries, request);
  }

  std::vector<std::string> Wrong(const std::function<void(v1::RecoverDeliveriesRequest&)>& change) {
    return WrongFields(Recover(change).status());
  }

  FakeClock clock_{absl::FromUnixSeconds(1'700'000'000)};
  FakeRepairStore repairs_;
  rpc::Executor executor_{{}};
  RecoveryService service_{repairs_, clock_, executor_};
  InProcessClient<v1::RecoveryService> client_{service_};
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

// It ends when it has looked at what is there: it must not say more than that.
TEST_F(RecoveryServiceTest, LooksAtNothingThatIsStillToCome) {
  const auto recovery =
      Recover([](auto& r) { r.mutable_created_before()->set_seconds(1'800'000'000); });

  ASSERT_TRUE(recovery.ok()) << recovery.status();
  EXPECT_EQ(recovery->created_before().seconds(), 1'700'000'000);
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

  const auto first = client_.Call<v1::ListRecoveriesResponse>(&Stub::ListRecoveries, list);
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_EQ(first->recoveries_size(), 2);
  EXPECT_EQ(first->recoveries(0).name(), "communities/7/recoveries/3");
  list.set_page_token(first->next_page_token());
  const auto last = client_.Call<v1::ListRecoveriesResponse>(&Stub::ListRecoveries, list);
  ASSERT_TRUE(last.ok()) << last.status();
  ASSERT_EQ(last->recoveries_size(), 1);
  EXPECT_EQ(last->next_page_token(), "");

  v1::CancelRecoveryRequest cancel;
  cancel.set_name("communities/7/recoveries/2");
  EXPECT_EQ(client_.Call<v1::Recovery>(&Stub::CancelRecovery, cancel)->state(),
            v1::Recovery::CANCELLED);
  v1::GetRecoveryRequest get;
  get.set_name(cancel.name());
  EXPECT_EQ(client_.Call<v1::Recovery>(&Stub::GetRecovery, get)->state(), v1::Recovery::CANCELLED);
  get.set_name("communities/7/recoveries/99");
  EXPECT_EQ(ErrorReason(client_.Call<v1::Recovery>(&Stub::GetRecovery, get).status()),
            "RECOVERY_NOT_FOUND");
}

}  // namespace
}  // namespace crier::delivery::transport
