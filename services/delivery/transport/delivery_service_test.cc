#include "services/delivery/transport/delivery_service_test.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "services/delivery/domain/payloads/event_snapshot.h"
#include "services/delivery/domain/payloads/samples.h"
#include "services/delivery/transport/delivery_proto.h"
#include "tests/support/wrong_fields.h"

namespace crier::delivery::transport {
namespace {

using testing::ElementsAre;
using testing::StartsWith;

class DeliveryLogTest : public DeliveryServiceTest {
 protected:
  // `count` deliveries with one attempt each, whose response has so many bytes.
  void FillLog(int count, size_t body_bytes) {
    for (int i = 0; i < count; ++i) {
      DeliveryRecord record;
      record.id = {webhook_, ids_.Next()};
      record.state = DeliveryState::kSucceeded;
      record.attempts.push_back({1, {}});
      record.attempts.back().exchange.result.body = std::string(body_bytes, 'x');
      log_.records.insert(log_.records.begin(), record);
    }
  }

  // All pages of the log; the number of deliveries on each.
  std::vector<int> Pages(int page_size) {
    std::vector<int> sizes;
    size_t next = 0;
    v1::ListDeliveriesRequest request;
    request.set_parent(api::ResourceName(api::kWebhooks, webhook_));
    request.set_page_size(page_size);
    do {
      const auto page = client_.Call<v1::ListDeliveriesResponse>(&Stub::ListDeliveries, request);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) return sizes;
      sizes.push_back(page->deliveries_size());
      for (const v1::Delivery& delivery : page->deliveries()) {
        EXPECT_EQ(delivery.name(), DeliveryName(log_.records[next++].id));
      }
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    EXPECT_EQ(next, log_.records.size());
    return sizes;
  }
};

TEST_F(DeliveryLogTest, ShowsADelivery) {
  FillLog(1, 3);
  DeliveryRecord& record = log_.records[0];
  record.workflow_id = 5;
  record.event_kind = entity::v1::Event::ACTIVITY_UPDATED;
  record.state = DeliveryState::kPending;
  record.next_attempt_time = clock_.Now() + absl::Minutes(5);
  record.event_accept_time = clock_.Now() - absl::Seconds(1);
  v1::GetDeliveryRequest request;
  request.set_name(DeliveryName(record.id));

  const auto delivery = client_.Call<v1::Delivery>(&Stub::GetDelivery, request);

  ASSERT_TRUE(delivery.ok()) << delivery.status();
  EXPECT_EQ(delivery->name(), request.name());
  EXPECT_EQ(delivery->workflow(), "communities/123/workflows/5");
  EXPECT_EQ(delivery->payload_type(), v1::ACTIVITY);
  EXPECT_EQ(delivery->state(), v1::Delivery::PENDING);
  EXPECT_EQ(delivery->next_attempt_time().seconds(), 1'700'000'300);
  EXPECT_EQ(delivery->event_accept_time().seconds(), 1'699'999'999);
  EXPECT_EQ(delivery->create_time().seconds(), 1'700'000'000);
  ASSERT_EQ(delivery->attempts_size(), 1);
  EXPECT_EQ(delivery->attempts(0).number(), 1);
  EXPECT_EQ(delivery->attempts(0).exchange().response_body(), "xxx");
}

TEST_F(DeliveryLogTest, ShowsThePayloadUntilItIsErasedOrItsWebhookDeleted) {
  FillLog(1, 3);
  const DeliveryId id = log_.records[0].id;
  v1::GetDeliveryRequest request;
  request.set_name(DeliveryName(id));
  const auto payload = [&] {
    const auto delivery = client_.Call<v1::Delivery>(&Stub::GetDelivery, request);
    EXPECT_TRUE(delivery.ok()) << delivery.status();
    return delivery.ok() ? delivery->payload() : "";
  };
  EXPECT_EQ(payload(), "");

  store_.Add(id, {TakeSnapshot(SampleContactEvent()).bytes, {5, "Name"}}, clock_.Now());
  EXPECT_THAT(payload(), StartsWith("{\"type\":\"contact\""));

  ASSERT_TRUE(webhooks_.Delete(webhook_, "", absl::InfiniteFuture()).ok());
  EXPECT_EQ(payload(), "");
}

TEST_F(DeliveryLogTest, KnowsGoodNamesAndFindsOnlyWhatIsThere) {
  v1::GetDeliveryRequest request;
  for (const std::string& name :
       {std::string(""), std::string("communities/1/webhooks/2"),
        std::string("communities/1/webhooks/2/deliveries/"),
        std::string("communities/1/webhooks/2/deliveries/msg_x"),
        absl::StrCat("communities/0/webhooks/2/deliveries/", ids_.Next().ToString()),
        absl::StrCat("communities/1/webhooks/2/deliveries/", ids_.Next().ToString(), "/x")}) {
    request.set_name(name);
    EXPECT_THAT(WrongFields(client_.Call<v1::Delivery>(&Stub::GetDelivery, request).status()),
                ElementsAre("name"))
        << name;
  }
  request.set_name(DeliveryName({webhook_, ids_.Next()}));
  const absl::Status status = client_.Call<v1::Delivery>(&Stub::GetDelivery, request).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ErrorReason(status), "DELIVERY_NOT_FOUND");
}

TEST_F(DeliveryLogTest, ListsPageByPage) {
  EXPECT_THAT(Pages(10), ElementsAre(0));
  FillLog(45, 1);
  EXPECT_THAT(Pages(20), ElementsAre(20, 20, 5));
  EXPECT_THAT(Pages(45), ElementsAre(45));
  EXPECT_THAT(Pages(44), ElementsAre(44, 1));
  EXPECT_THAT(Pages(0), ElementsAre(45));
}

TEST_F(DeliveryLogTest, EndsAPageBeforeItGrowsTooLarge) {
  FillLog(5, 2'000'000);

  EXPECT_THAT(Pages(5), ElementsAre(1, 1, 1, 1, 1));
}

TEST_F(DeliveryLogTest, EndsAPageWhenTheLogHasLookedAtEnough) {
  FillLog(5, 10);
  log_.most_at_once = 2;

  EXPECT_THAT(Pages(10), ElementsAre(2, 2, 1));
}

TEST_F(DeliveryLogTest, ListsWhatIsAskedFor) {
  v1::ListDeliveriesRequest request;
  request.set_parent("communities/123/webhooks/-");
  request.set_workflow("communities/123/workflows/5");
  request.set_state(v1::Delivery::EXHAUSTED);
  request.set_status_class(v1::ListDeliveriesRequest::SERVER_ERROR);
  request.mutable_created_from()->set_seconds(100);
  request.mutable_created_before()->set_seconds(200);

  const auto page = client_.Call<v1::ListDeliveriesResponse>(&Stub::ListDeliveries, request);

  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(log_.filter.community, 123);
  EXPECT_EQ(log_.filter.webhook, std::nullopt);
  EXPECT_EQ(log_.filter.workflow, 5);
  EXPECT_EQ(log_.filter.state, DeliveryState::kExhausted);
  EXPECT_EQ(log_.filter.status_class, StatusClass::kServerError);
  EXPECT_EQ(log_.filter.created_from, absl::FromUnixSeconds(100));
  EXPECT_EQ(log_.filter.created_before, absl::FromUnixSeconds(200));
}

TEST_F(DeliveryLogTest, ChecksFilters) {
  using Request = v1::ListDeliveriesRequest;
  const auto wrong = [&](const std::function<void(Request&)>& change) {
    Request request;
    request.set_parent("communities/123/webhooks/1");
    change(request);
    return WrongFields(
        client_.Call<v1::ListDeliveriesResponse>(&Stub::ListDeliveries, request).status());
  };
  EXPECT_THAT(wrong([](Request& r) { r.set_parent("communities/-/webhooks/-"); }),
              ElementsAre("parent"));
  EXPECT_THAT(wrong([](Request& r) { r.set_workflow("communities/7/workflows/5"); }),
              ElementsAre("workflow"));
  EXPECT_THAT(wrong([](Request& r) {
                r.set_state(static_cast<v1::Delivery::State>(77));
                r.set_status_class(static_cast<Request::StatusClass>(77));
                r.mutable_created_from()->set_nanos(-1);
              }),
              ElementsAre("state", "status_class", "created_from"));
  EXPECT_THAT(wrong([](Request& r) {
                r.mutable_created_from()->set_seconds(200);
                r.mutable_created_before()->set_seconds(100);
              }),
              ElementsAre("created_from"));
}

TEST_F(DeliveryLogTest, ATokenIsGoodForTheSameFilterOnly) {
  FillLog(3, 10);
  v1::ListDeliveriesRequest request;
  request.set_parent(api::ResourceName(api::kWebhooks, webhook_));
  request.set_page_size(1);
  const auto page = client_.Call<v1::ListDeliveriesResponse>(&Stub::ListDeliveries, request);
  ASSERT_TRUE(page.ok()) << page.status();
  request.set_page_token(page->next_page_token());
  request.set_state(v1::Delivery::PENDING);

  EXPECT_THAT(
      WrongFields(
          client_.Call<v1::ListDeliveriesResponse>(&Stub::ListDeliveries, request).status()),
      ElementsAre("page_token"));
}

TEST_F(DeliveryLogTest, RedeliversAndCancels) {
  FillLog(1, 10);
  const DeliveryId id = log_.records.front().id;
  v1::RedeliverDeliveryRequest redeliver;
  redeliver.set_name(DeliveryName(id));
  v1::CancelDeliveryRequest cancel;
  cancel.set_name(DeliveryName(id));

  const auto redelivered = client_.Call<v1::Delivery>(&Stub::RedeliverDelivery, redeliver);
  const auto cancelled = client_.Call<v1::Delivery>(&Stub::CancelDelivery, cancel);

  ASSERT_TRUE(redelivered.ok()) << redelivered.status();
  EXPECT_EQ(redelivered->name(), DeliveryName(id));
  ASSERT_TRUE(cancelled.ok()) << cancelled.status();
  ASSERT_EQ(repairs_.redelivered.size(), 1u);
  EXPECT_EQ(repairs_.redelivered.front().first, id);
  EXPECT_EQ(repairs_.redelivered.front().second, clock_.Now());
  EXPECT_THAT(repairs_.cancelled, ElementsAre(id));
  EXPECT_EQ(cancelled_.Value(), 1);
}

// Clients take messages of 4 MiB by default.
TEST_F(DeliveryLogTest, ADeliveryIsReadableHoweverOftenItWasSentAgain) {
  FillLog(1, 20'000);
  DeliveryRecord& record = log_.records[0];
  for (int i = 2; i <= 300; ++i) record.attempts.push_back({i, record.attempts[0].exchange});
  record.attempts.front().exchange.result.error = "why";
  v1::GetDeliveryRequest request;
  request.set_name(DeliveryName(record.id));

  const auto delivery = client_.Call<v1::Delivery>(&Stub::GetDelivery, request);

  ASSERT_TRUE(delivery.ok()) << delivery.status();
  ASSERT_EQ(delivery->attempts_size(), 300);
  EXPECT_LT(delivery->ByteSizeLong(), 3u * 1024 * 1024);
  EXPECT_EQ(delivery->attempts(299).exchange().response_body().size(), 20'000u);
  EXPECT_EQ(delivery->attempts(0).exchange().response_body(), "");
  EXPECT_EQ(delivery->attempts(0).exchange().error(), "why");
}

TEST_F(DeliveryLogTest, RefusesRepairsByName) {
  v1::RedeliverDeliveryRequest redeliver;
  redeliver.set_name("communities/1/webhooks/2");
  EXPECT_THAT(WrongFields(client_.Call<v1::Delivery>(&Stub::RedeliverDelivery, redeliver).status()),
              ElementsAre("name"));
  v1::CancelDeliveryRequest cancel;
  cancel.set_name("communities/1/webhooks/2/deliveries/3");
  EXPECT_THAT(WrongFields(client_.Call<v1::Delivery>(&Stub::CancelDelivery, cancel).status()),
              ElementsAre("name"));
}

TEST_F(DeliveryLogTest, TellsTheHealthOfAWebhook) {
  log_.health.attempts = 4;
  log_.health.successes = 3;
  log_.health.oldest_create_time = absl::FromUnixSeconds(5);
  log_.health.median_duration = absl::Milliseconds(20);
  log_.health.p99_duration = absl::Milliseconds(90);
  log_.health.pending = 2;
  log_.health.last_failure.emplace();
  log_.health.last_failure->result.error = "no response came in time";
  v1::GetWebhookHealthRequest request;
  request.set_webhook(api::ResourceName(api::kWebhooks, webhook_));

  const auto health = client_.Call<v1::WebhookHealth>(&Stub::GetWebhookHealth, request);

  ASSERT_TRUE(health.ok()) << health.status();
  EXPECT_EQ(health->webhook(), request.webhook());
  EXPECT_EQ(health->attempt_count(), 4);
  EXPECT_EQ(health->success_count(), 3);
  EXPECT_EQ(health->oldest_create_time().seconds(), 5);
  EXPECT_EQ(health->median_duration().nanos(), 20'000'000);
  EXPECT_EQ(health->p99_duration().nanos(), 90'000'000);
  EXPECT_EQ(health->last_failure().error(), "no response came in time");
  EXPECT_EQ(health->pending_count(), 2);
  EXPECT_FALSE(health->has_next_attempt_time());
}

TEST_F(DeliveryLogTest, ChecksListRequests) {
  v1::ListDeliveriesRequest request;
  EXPECT_THAT(
      WrongFields(
          client_.Call<v1::ListDeliveriesResponse>(&Stub::ListDeliveries, request).status()),
      ElementsAre("parent"));
  request.set_parent("communities/123/webhooks/1");
  request.set_page_size(-1);
  EXPECT_THAT(
      WrongFields(
          client_.Call<v1::ListDeliveriesResponse>(&Stub::ListDeliveries, request).status()),
      ElementsAre("page_size"));
  request.set_page_size(1);
  request.set_page_token("token");
  EXPECT_THAT(
      WrongFields(
          client_.Call<v1::ListDeliveriesResponse>(&Stub::ListDeliveries, request).status()),
      ElementsAre("page_token"));
}

}  // namespace
}  // namespace crier::delivery::transport
