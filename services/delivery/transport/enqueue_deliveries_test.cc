// EnqueueDeliveries, and where its producers stand.
#include <functional>
#include <string>
#include <vector>

#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "services/delivery/domain/payloads/samples.h"
#include "services/delivery/transport/delivery_service_test.h"
#include "tests/support/wrong_fields.h"

namespace crier::delivery::transport {
namespace {

using testing::ElementsAre;

class EnqueueDeliveriesTest : public DeliveryServiceTest {
 protected:
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
};

TEST_F(EnqueueDeliveriesTest, EnqueuesAndMovesThePosition) {
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

TEST_F(EnqueueDeliveriesTest, TellsWhereTheProducerStands) {
  ASSERT_TRUE(
      client_.Call<v1::EnqueueDeliveriesResponse>(&Stub::EnqueueDeliveries, ValidRequest()).ok());

  const auto again =
      client_.Call<v1::EnqueueDeliveriesResponse>(&Stub::EnqueueDeliveries, ValidRequest());

  EXPECT_EQ(again.status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ErrorReason(again.status()), "POSITION_MISMATCH");
  EXPECT_EQ(ErrorMetadata(again.status(), "actual_position"), "10");
}

TEST_F(EnqueueDeliveriesTest, RecordsErasures) {
  v1::EnqueueDeliveriesRequest request = ValidRequest();
  request.clear_messages();
  v1::Erasure& contact = *request.add_erasures();
  contact.set_community_id(123);
  contact.set_contact("communities/123/contacts/8");
  request.add_erasures()->set_community_id(7);
  v1::Erasure& activity = *request.add_erasures();
  activity.set_community_id(123);
  activity.set_contact("communities/123/contacts/8/activities/4");

  const auto response =
      client_.Call<v1::EnqueueDeliveriesResponse>(&Stub::EnqueueDeliveries, request);

  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_THAT(store_.erasures(), ElementsAre(Erasure{123, 8}, Erasure{7, 0}, Erasure{123, 8, 4}));
}

TEST_F(EnqueueDeliveriesTest, ChecksErasures) {
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
  for (const char* contact :
       {"communities/1/activities/4", "communities/1/contacts/1/activities/",
        "communities/1/contacts/1/activities/0", "communities/1/contacts/1/activities/4/5",
        "communities/2/contacts/1/activities/4", "/activities/4"}) {
    EXPECT_THAT(Wrong(with(1, contact)), testing::Contains("erasures[1].contact")) << contact;
  }
  EXPECT_THAT(Wrong([](v1::EnqueueDeliveriesRequest& request) {
                for (int i = 0; i < 1001; ++i) request.add_erasures()->set_community_id(1);
              }),
              ElementsAre("erasures"));
  EXPECT_EQ(Position(), 0);
}

TEST_F(EnqueueDeliveriesTest, ChecksTheProducerAndItsPositions) {
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

TEST_F(EnqueueDeliveriesTest, ChecksEvents) {
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

TEST_F(EnqueueDeliveriesTest, ChecksWhenDeliveriesAreDue) {
  EXPECT_THAT(
      Wrong([](v1::EnqueueDeliveriesRequest& request) {
        request.mutable_messages(0)->mutable_targets(0)->mutable_not_before()->set_nanos(-1);
      }),
      ElementsAre("messages[0].targets[0].not_before"));
  EXPECT_EQ(Position(), 0);
}

TEST_F(EnqueueDeliveriesTest, ChecksTheTimesOfPayloads) {
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

TEST_F(EnqueueDeliveriesTest, ChecksTargets) {
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

TEST_F(EnqueueDeliveriesTest, ChecksHowMuchIsSentAtOnce) {
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

TEST_F(EnqueueDeliveriesTest, SaysWhenTheDatabaseIsAway) {
  store_.FailTimes(1, absl::UnavailableError("away"));

  const auto response =
      client_.Call<v1::EnqueueDeliveriesResponse>(&Stub::EnqueueDeliveries, ValidRequest());

  EXPECT_EQ(response.status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace crier::delivery::transport
