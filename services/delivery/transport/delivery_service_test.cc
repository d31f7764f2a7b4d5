#include "services/delivery/transport/delivery_service.h"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/delivery/domain/fake_delivery_store.h"
#include "services/delivery/domain/fake_repair_store.h"
#include "services/delivery/domain/fake_webhook_store.h"
#include "services/delivery/domain/samples.h"
#include "services/delivery/transport/delivery_proto.h"
#include "tests/support/in_process_client.h"
#include "tests/support/wrong_fields.h"

namespace crier::delivery::transport {
namespace {

using testing::ElementsAre;
using Stub = v1::DeliveryService::Stub;

// The deliveries of one webhook, newest first.
class FakeDeliveryLog : public DeliveryLog {
 public:
  absl::StatusOr<std::optional<DeliveryRecord>> Get(const DeliveryId& id,
                                                    absl::Time deadline) override {
    for (const DeliveryRecord& record : records) {
      if (record.id == id) return std::optional<DeliveryRecord>(record);
    }
    return std::optional<DeliveryRecord>();
  }

  absl::StatusOr<DeliveryPage> List(const DeliveryFilter& asked,
                                    const std::optional<MessageId>& before, int limit,
                                    absl::Time deadline) override {
    filter = asked;
    DeliveryPage page;
    for (const DeliveryRecord& record : records) {
      if (before && !(record.id.message < *before)) continue;
      if (static_cast<int>(page.records.size()) == std::min(limit, most_at_once)) {
        page.next = page.records.empty() ? record.id.message : page.records.back().id.message;
        return page;
      }
      page.records.push_back(record);
    }
    return page;
  }

  absl::StatusOr<WebhookHealth> Health(const WebhookId& webhook, absl::Time) override {
    return health;
  }

  std::vector<DeliveryRecord> records;
  int most_at_once = 1'000'000;  // as when little of what it looks at is asked for
  DeliveryFilter filter;         // of the last listing
  WebhookHealth health;
};

class DeliveryServiceTest : public testing::Test {
 protected:
  DeliveryServiceTest() {
    Webhook webhook;
    webhook.id.community = 123;
    webhook_ = webhooks_.Create(webhook, "", absl::InfiniteFuture())->id;
  }

  v1::EnqueueDeliveriesRequest ValidRequest() {
    v1::EnqueueDeliveriesRequest request;
    request.set_producer("evaluator/log-partitions/7");
    request.set_next_position(10);
    v1::EnqueueMessage& message = *request.add_messages();
    *message.mutable_event() = SampleContactEvent();
    v1::EnqueueTarget& target = *message.add_targets();
    target.set_webhook(api::ResourceName(api::kWebhooks, webhook_));
    target.set_workflow("communities/123/workflows/5");
    target.set_workflow_display_name("Test");
    return request;
  }

  // What is wrong with a valid request after the change.
  std::vector<std::string> Wrong(const std::function<void(v1::EnqueueDeliveriesRequest&)>& change) {
    v1::EnqueueDeliveriesRequest request = ValidRequest();
    change(request);
    const auto response =
        client_.Call<v1::EnqueueDeliveriesResponse>(&Stub::EnqueueDeliveries, request);
    EXPECT_EQ(response.status().code(), absl::StatusCode::kInvalidArgument) << response.status();
    return WrongFields(response.status());
  }

  int64_t Position() {
    return *store_.ProducerPosition("evaluator/log-partitions/7", absl::InfiniteFuture());
  }

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

  FakeClock clock_{absl::FromUnixSeconds(1'700'000'000)};
  MessageIdGenerator ids_{clock_};
  metrics::Registry registry_;
  FakeDeliveryStore store_;
  FakeWebhookStore webhooks_;
  FakeDeliveryLog log_;
  WebhookId webhook_;
  ShardScheduler scheduler_{clock_, {}};
  Enqueuer enqueuer_{store_, webhooks_, scheduler_, clock_, registry_};
  EnqueueBatcher enqueue_batcher_{enqueuer_};
  rpc::Executor executor_{{}};
  FakeRepairStore repairs_;
  DeliveryService service_{enqueue_batcher_, store_, log_, repairs_, clock_, executor_};
  InProcessClient<v1::DeliveryService> client_{service_};
};

// --- EnqueueDeliveries ---

TEST_F(DeliveryServiceTest, EnqueuesAndMovesThePosition) {
  v1::EnqueueDeliveriesRequest request = ValidRequest();
  v1::EnqueueTarget& unknown = *request.mutable_messages(0)->add_targets();
  unknown = request.messages(0).targets(0);
  unknown.set_webhook("communities/123/webhooks/999");

  const auto response =
      client_.Call<v1::EnqueueDeliveriesResponse>(&Stub::EnqueueDeliveries, request);

  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->enqueued_count(), 1);
  EXPECT_EQ(response->dropped_count(), 1);
  EXPECT_THAT(response->dropped_webhooks(), ElementsAre("communities/123/webhooks/999"));
  v1::GetProducerPositionRequest position;
  position.set_producer(request.producer());
  EXPECT_EQ(client_.Call<v1::ProducerPosition>(&Stub::GetProducerPosition, position)->position(),
            10);
}

TEST_F(DeliveryServiceTest, TellsWhereTheProducerStands) {
  ASSERT_TRUE(
      client_.Call<v1::EnqueueDeliveriesResponse>(&Stub::EnqueueDeliveries, ValidRequest()).ok());

  const auto again =
      client_.Call<v1::EnqueueDeliveriesResponse>(&Stub::EnqueueDeliveries, ValidRequest());

  EXPECT_EQ(again.status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ErrorReason(again.status()), "POSITION_MISMATCH");
  EXPECT_EQ(ErrorMetadata(again.status(), "actual_position"), "10");
}

TEST_F(DeliveryServiceTest, RecordsErasures) {
  v1::EnqueueDeliveriesRequest request = ValidRequest();
  request.clear_messages();
  v1::Erasure& contact = *request.add_erasures();
  contact.set_community_id(123);
  contact.set_contact("communities/123/contacts/8");
  request.add_erasures()->set_community_id(7);

  const auto response =
      client_.Call<v1::EnqueueDeliveriesResponse>(&Stub::EnqueueDeliveries, request);

  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_THAT(store_.erasures(), ElementsAre(Erasure{123, 8}, Erasure{7, 0}));
}

TEST_F(DeliveryServiceTest, ChecksErasures) {
  const auto with = [](int64_t community, const std::string& contact) {
    return [=](v1::EnqueueDeliveriesRequest& request) {
      request.add_erasures()->set_community_id(1);
      v1::Erasure& erasure = *request.add_erasures();
      erasure.set_community_id(community);
      erasure.set_contact(contact);
    };
  };
  EXPECT_THAT(Wrong(with(0, "")), ElementsAre("erasures[1].community_id"));
  EXPECT_THAT(Wrong(with(-3, "communities/1/contacts/1")), ElementsAre("erasures[1].community_id"));
  EXPECT_THAT(Wrong(with(1, "communities/2/contacts/1")), ElementsAre("erasures[1].contact"));
  EXPECT_THAT(Wrong(with(1, "contacts/1")), ElementsAre("erasures[1].contact"));
  EXPECT_THAT(Wrong([](v1::EnqueueDeliveriesRequest& request) {
                for (int i = 0; i < 1001; ++i) request.add_erasures()->set_community_id(1);
              }),
              ElementsAre("erasures"));
  EXPECT_EQ(Position(), 0);
}

TEST_F(DeliveryServiceTest, ChecksTheProducerAndItsPositions) {
  using Request = v1::EnqueueDeliveriesRequest;
  EXPECT_THAT(Wrong([](Request& r) { r.clear_producer(); }), ElementsAre("producer"));
  EXPECT_THAT(Wrong([](Request& r) { r.set_producer(std::string(129, 'p')); }),
              ElementsAre("producer"));
  EXPECT_THAT(Wrong([](Request& r) { r.set_producer("a\nb"); }), ElementsAre("producer"));
  EXPECT_THAT(Wrong([](Request& r) { r.set_producer("zoë"); }), ElementsAre("producer"));
  EXPECT_THAT(Wrong([](Request& r) { r.set_expected_position(-1); }),
              ElementsAre("expected_position"));
  EXPECT_THAT(Wrong([](Request& r) { r.set_next_position(0); }), ElementsAre("next_position"));
  v1::GetProducerPositionRequest position;
  EXPECT_THAT(
      WrongFields(
          client_.Call<v1::ProducerPosition>(&Stub::GetProducerPosition, position).status()),
      ElementsAre("producer"));
  EXPECT_EQ(Position(), 0);
}

TEST_F(DeliveryServiceTest, ChecksEvents) {
  using entity::v1::Event;
  const auto wrong = [this](const std::function<void(Event&)>& change) {
    return Wrong([&](v1::EnqueueDeliveriesRequest& request) {
      change(*request.mutable_messages(0)->mutable_event());
    });
  };
  const std::string event = "messages[0].event";
  EXPECT_THAT(wrong([](Event& e) { e.clear_kind(); }), ElementsAre(event + ".kind"));
  EXPECT_THAT(wrong([](Event& e) { e.set_kind(static_cast<Event::Kind>(77)); }),
              testing::Contains(event + ".kind"));
  EXPECT_THAT(wrong([](Event& e) { e.set_kind(Event::ACTIVITY_FOUND); }),
              ElementsAre(event + ".activity"));
  EXPECT_THAT(wrong([](Event& e) { e.clear_contact(); }), ElementsAre(event + ".contact"));
  EXPECT_THAT(wrong([](Event& e) { e.mutable_contact()->set_name("communities/1/contacts/2"); }),
              ElementsAre(event + ".contact.name"));
  EXPECT_THAT(wrong([](Event& e) { e.mutable_contact()->clear_name(); }),
              ElementsAre(event + ".contact.name"));
  EXPECT_THAT(wrong([](Event& e) { e.clear_community_id(); }),
              testing::Contains(event + ".community_id"));
  EXPECT_THAT(wrong([](Event& e) { e.mutable_accept_time()->set_nanos(-1); }),
              testing::Contains(testing::StartsWith(event + ".accept_time")));
  EXPECT_THAT(wrong([](Event& e) { e.clear_accept_time(); }),
              testing::Contains(event + ".accept_time"));
  EXPECT_EQ(Position(), 0);
}

TEST_F(DeliveryServiceTest, ChecksWhenDeliveriesAreDue) {
  EXPECT_THAT(
      Wrong([](v1::EnqueueDeliveriesRequest& request) {
        request.mutable_messages(0)->mutable_targets(0)->mutable_not_before()->set_nanos(-1);
      }),
      ElementsAre("messages[0].targets[0].not_before"));
  EXPECT_EQ(Position(), 0);
}

TEST_F(DeliveryServiceTest, ChecksTheTimesOfPayloads) {
  constexpr int64_t kBeyondCalendar = 253'402'300'800;  // year 10000
  const auto wrong = [this](const std::function<void(entity::v1::Event&)>& change) {
    return Wrong([&](v1::EnqueueDeliveriesRequest& request) {
      change(*request.mutable_messages(0)->mutable_event());
    });
  };
  const auto make_activity = [](entity::v1::Event& e) -> entity::v1::Activity& {
    e.set_kind(entity::v1::Event::ACTIVITY_FOUND);
    e.mutable_activity()->set_name("communities/123/activities/2");
    return *e.mutable_activity();
  };
  const std::string event = "messages[0].event";
  EXPECT_THAT(wrong([](auto& e) {
                e.mutable_contact()->mutable_first_seen_time()->set_seconds(kBeyondCalendar);
                e.mutable_contact()->mutable_last_seen_time()->set_nanos(-1);
              }),
              ElementsAre(event + ".contact.first_seen_time", event + ".contact.last_seen_time"));
  EXPECT_THAT(
      wrong([&](auto& e) { make_activity(e).mutable_occur_time()->set_seconds(kBeyondCalendar); }),
      ElementsAre(event + ".activity.occur_time"));
  EXPECT_THAT(wrong([&](auto& e) {
                make_activity(e).mutable_contact()->mutable_last_seen_time()->set_nanos(-1);
              }),
              ElementsAre(event + ".activity.contact.last_seen_time"));
  EXPECT_EQ(Position(), 0);
}

TEST_F(DeliveryServiceTest, ChecksTargets) {
  using v1::EnqueueTarget;
  const auto wrong = [this](const std::function<void(EnqueueTarget&)>& change) {
    return Wrong([&](v1::EnqueueDeliveriesRequest& request) {
      change(*request.mutable_messages(0)->mutable_targets(0));
    });
  };
  const std::string target = "messages[0].targets[0]";
  EXPECT_THAT(wrong([](EnqueueTarget& t) { t.set_webhook("communities/1/webhooks/2"); }),
              ElementsAre(target + ".webhook"));
  EXPECT_THAT(wrong([](EnqueueTarget& t) { t.set_webhook("webhooks/2"); }),
              ElementsAre(target + ".webhook"));
  EXPECT_THAT(wrong([](EnqueueTarget& t) { t.set_workflow("communities/1/workflows/2"); }),
              ElementsAre(target + ".workflow"));
  EXPECT_THAT(wrong([](EnqueueTarget& t) { t.set_workflow_display_name(std::string("a\0b", 3)); }),
              ElementsAre(target + ".workflow_display_name"));
  EXPECT_THAT(
      Wrong([](v1::EnqueueDeliveriesRequest& r) { r.mutable_messages(0)->clear_targets(); }),
      ElementsAre("messages[0].targets"));
  EXPECT_EQ(Position(), 0);
}

TEST_F(DeliveryServiceTest, ChecksHowMuchIsSentAtOnce) {
  const auto messages = [](int count) {
    return [count](v1::EnqueueDeliveriesRequest& request) {
      while (request.messages_size() < count) *request.add_messages() = request.messages(0);
    };
  };
  const auto targets = [](int count) {
    return [count](v1::EnqueueDeliveriesRequest& request) {
      v1::EnqueueMessage& message = *request.mutable_messages(0);
      while (message.targets_size() < count) *message.add_targets() = message.targets(0);
    };
  };
  EXPECT_THAT(Wrong(messages(1001)), ElementsAre("messages"));
  EXPECT_THAT(Wrong(targets(10'001)), ElementsAre("messages"));
  EXPECT_EQ(Position(), 0);
  v1::EnqueueDeliveriesRequest request = ValidRequest();
  messages(1000)(request);
  const auto response =
      client_.Call<v1::EnqueueDeliveriesResponse>(&Stub::EnqueueDeliveries, request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->enqueued_count(), 1000);
}

TEST_F(DeliveryServiceTest, SaysWhenTheDatabaseIsAway) {
  store_.FailTimes(1, absl::UnavailableError("away"));

  const auto response =
      client_.Call<v1::EnqueueDeliveriesResponse>(&Stub::EnqueueDeliveries, ValidRequest());

  EXPECT_EQ(response.status().code(), absl::StatusCode::kUnavailable);
}

// --- reading ---

TEST_F(DeliveryServiceTest, ShowsADelivery) {
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

TEST_F(DeliveryServiceTest, KnowsGoodNamesAndFindsOnlyWhatIsThere) {
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

TEST_F(DeliveryServiceTest, ListsPageByPage) {
  EXPECT_THAT(Pages(10), ElementsAre(0));
  FillLog(45, 1);
  EXPECT_THAT(Pages(20), ElementsAre(20, 20, 5));
  EXPECT_THAT(Pages(45), ElementsAre(45));
  EXPECT_THAT(Pages(44), ElementsAre(44, 1));
  EXPECT_THAT(Pages(0), ElementsAre(45));
}

TEST_F(DeliveryServiceTest, EndsAPageBeforeItGrowsTooLarge) {
  FillLog(5, 2'000'000);

  EXPECT_THAT(Pages(5), ElementsAre(1, 1, 1, 1, 1));
}

TEST_F(DeliveryServiceTest, EndsAPageWhenTheLogHasLookedAtEnough) {
  FillLog(5, 10);
  log_.most_at_once = 2;

  EXPECT_THAT(Pages(10), ElementsAre(2, 2, 1));
}

TEST_F(DeliveryServiceTest, ListsWhatIsAskedFor) {
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

TEST_F(DeliveryServiceTest, ChecksFilters) {
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
}

TEST_F(DeliveryServiceTest, ATokenIsGoodForTheSameFilterOnly) {
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

// --- repair ---

TEST_F(DeliveryServiceTest, RedeliversAndCancels) {
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
}

TEST_F(DeliveryServiceTest, RefusesRepairsByName) {
  v1::RedeliverDeliveryRequest redeliver;
  redeliver.set_name("communities/1/webhooks/2");
  EXPECT_THAT(WrongFields(client_.Call<v1::Delivery>(&Stub::RedeliverDelivery, redeliver).status()),
              ElementsAre("name"));
  v1::CancelDeliveryRequest cancel;
  cancel.set_name("communities/1/webhooks/2/deliveries/3");
  EXPECT_THAT(WrongFields(client_.Call<v1::Delivery>(&Stub::CancelDelivery, cancel).status()),
              ElementsAre("name"));
}

TEST_F(DeliveryServiceTest, TellsTheHealthOfAWebhook) {
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

TEST_F(DeliveryServiceTest, ChecksListRequests) {
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
