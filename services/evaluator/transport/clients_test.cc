// The clients of the ingest and delivery services, against fakes of these over gRPC.
#include <atomic>
#include <memory>
#include <thread>

#include "absl/time/clock.h"
#include "common/log/log.h"
#include "common/rpc/server.h"
#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/evaluator/domain/errors.h"
#include "services/evaluator/domain/matching/fire_record.h"
#include "services/evaluator/transport/delivery_client.h"
#include "services/evaluator/transport/event_client.h"
#include "services/evaluator/transport/fake_services.h"
#include "services/evaluator/transport/target_client.h"

namespace crier::evaluator::transport {
namespace {

constexpr absl::Duration kLong = absl::Seconds(30);
constexpr char kProducer[] = "evaluator/log-partitions/0";

absl::Time Deadline() { return absl::Now() + kLong; }

class ClientsTest : public testing::Test {
 protected:
  ClientsTest() {
    auto started = rpc::Server::Start(
        {.listen_address = "127.0.0.1:0"},
        {&event_service_, &delivery_service_, &webhook_service_, &target_service_});
    EXPECT_TRUE(started.ok()) << started.status();
    server_ = *std::move(started);
    events_.Connect(server_->InProcessChannel());
    deliveries_.Connect(server_->InProcessChannel());
    targets_.Connect(server_->InProcessChannel());
  }

  void Append() {
    entity::v1::Event event;
    event.set_kind(entity::v1::Event::CONTACT_FOUND);
    event.set_community_id(1);
    source_.Append(event);
  }

  std::atomic<bool> away_ = false;
  const Faults faults_ = [this] { return away_ ? Fault::kBefore : Fault::kNone; };
  FakeEventSource source_{2, faults_};
  FakeDeliverySink sink_{faults_};
  FakeEventService event_service_{source_};
  FakeDeliveryService delivery_service_{sink_};
  FakeWebhookService webhook_service_{sink_};
  FakeTargetService target_service_{sink_};
  std::unique_ptr<rpc::Server> server_;
  EventClient events_;
  FireRecord record_;
  DeliveryClient deliveries_{&record_};
  TargetClient targets_;
};

TEST_F(ClientsTest, StreamsFramesFromThePositionOn) {
  for (int i = 0; i < 3; ++i) Append();
  const auto subscription = events_.Subscribe(1, 1);

  const auto frame = subscription->Next(kLong);

  ASSERT_TRUE(frame.ok()) << frame.status();
  ASSERT_TRUE(frame->has_value());
  ASSERT_EQ((*frame)->size(), 2);
  EXPECT_EQ((**frame)[0].position(), 2);
  EXPECT_EQ((**frame)[1].position(), 3);

  Append();
  const auto next = subscription->Next(kLong);
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ((**next)[0].position(), 4);
}

TEST_F(ClientsTest, ATimeoutLosesNothing) {
  const auto subscription = events_.Subscribe(1, 0);
  const auto nothing = subscription->Next(absl::Milliseconds(1));
  ASSERT_TRUE(nothing.ok()) << nothing.status();
  EXPECT_FALSE(nothing->has_value());

  Append();

  const auto frame = subscription->Next(kLong);
  ASSERT_TRUE(frame.ok()) << frame.status();
  ASSERT_TRUE(frame->has_value());
  EXPECT_EQ((**frame)[0].position(), 1);
}

TEST_F(ClientsTest, CancellingEndsAWaitAndEveryLaterOne) {
  const auto subscription = events_.Subscribe(1, 0);
  std::thread canceller([&] {
    while (source_.subscriptions() == 0) std::this_thread::yield();
    subscription->Cancel();
  });

  EXPECT_TRUE(absl::IsCancelled(subscription->Next(kLong).status()));
  canceller.join();
  EXPECT_TRUE(absl::IsCancelled(subscription->Next(kLong).status()));
}

TEST_F(ClientsTest, ASubscriptionMayBeDroppedInEveryState) {
  for (int i = 0; i < 50; ++i) {
    Append();
    const auto unread = events_.Subscribe(1, 0);
    const auto waiting = events_.Subscribe(0, 0);
    EXPECT_TRUE(waiting->Next(absl::ZeroDuration()).ok());
    const auto read = events_.Subscribe(1, 0);
    EXPECT_TRUE(read->Next(kLong).ok());
    const auto ended = events_.Subscribe(1, 1'000);
    EXPECT_TRUE(absl::IsOutOfRange(ended->Next(kLong).status()));
  }
  while (source_.subscriptions() != 0) std::this_thread::yield();
}

TEST_F(ClientsTest, TheEndOfAStreamIsUnavailable) {
  const auto subscription = events_.Subscribe(1, 0);
  EXPECT_FALSE(subscription->Next(absl::ZeroDuration())->has_value());
  while (source_.subscriptions() == 0) std::this_thread::yield();

  source_.Disconnect();

  EXPECT_TRUE(absl::IsUnavailable(subscription->Next(kLong).status()));
  EXPECT_TRUE(absl::IsUnavailable(subscription->Next(kLong).status()));
}

TEST_F(ClientsTest, AStreamEndsWhenItIsOldEnough) {
  EventClient aging(absl::Milliseconds(1));
  aging.Connect(server_->InProcessChannel());

  const absl::Status status = aging.Subscribe(1, 0)->Next(kLong).status();

  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
}

TEST_F(ClientsTest, TellsWhichEventsAreNoLongerKept) {
  for (int i = 0; i < 5; ++i) Append();
  source_.Trim(1, 4);

  const absl::Status dropped = events_.Subscribe(1, 1)->Next(kLong).status();
  const absl::Status beyond = events_.Subscribe(1, 9)->Next(kLong).status();

  EXPECT_EQ(EarliestKeptPosition(dropped), 4) << dropped;
  EXPECT_TRUE(absl::IsOutOfRange(beyond)) << beyond;
  EXPECT_EQ(EarliestKeptPosition(beyond), std::nullopt);
}

TEST_F(ClientsTest, AsksForHeads) {
  Append();
  Append();

  const auto head = events_.Head(1, Deadline());
  ASSERT_TRUE(head.ok()) << head.status();
  EXPECT_EQ(head->log_partition, 1);
  EXPECT_EQ(head->position, 2);
  const auto heads = events_.Heads(Deadline());
  ASSERT_TRUE(heads.ok()) << heads.status();
  ASSERT_EQ(heads->size(), 2u);
  EXPECT_EQ((*heads)[0].position, 0);
  EXPECT_EQ((*heads)[1].position, 2);
}

TEST_F(ClientsTest, RegistersAsAReaderAndConfirmsWhatIsHandedOver) {
  Append();
  Append();
  source_.SetRegistered(1, 1);

  const auto registered = events_.Register(Deadline());
  ASSERT_TRUE(registered.ok()) << registered.status();
  ASSERT_EQ(registered->size(), 2u);
  EXPECT_EQ((*registered)[1].position, 1);
  EXPECT_EQ(events_.Confirm({{1, 2}}, Deadline()), absl::OkStatus());
  EXPECT_EQ(source_.registered(1), 2);
}

TEST_F(ClientsTest, EnqueuesABatchAndTellsThePosition) {
  Batch batch;
  batch.next_position = 3;
  auto* const message = batch.messages.Add();
  message->mutable_event()->set_position(2);
  message->add_targets()->set_webhook("communities/1/webhooks/5");

  const auto standing = deliveries_.Enqueue(kProducer, 0, batch, Deadline());

  ASSERT_TRUE(standing.ok()) << standing.status();
  EXPECT_EQ(*standing, 3);
  EXPECT_EQ(*deliveries_.Position(kProducer, Deadline()), 3);
  ASSERT_EQ(sink_.messages().size(), 1u);
  EXPECT_EQ(sink_.messages()[0].SerializeAsString(), message->SerializeAsString());
}

TEST_F(ClientsTest, AMismatchTellsWhereTheProducerStands) {
  sink_.MoveProducer(kProducer, 7);

  EXPECT_EQ(*deliveries_.Enqueue(kProducer, 0, {{}, 3}, Deadline()), 7);
  EXPECT_EQ(*deliveries_.Enqueue(kProducer, 0, {{}, 7}, Deadline()), 7) << "a repeated call";
}

TEST_F(ClientsTest, KnowsWebhooks) {
  sink_.AddWebhook({1, 5});

  EXPECT_TRUE(*deliveries_.WebhookExists({1, 5}, Deadline()));
  EXPECT_FALSE(*deliveries_.WebhookExists({1, 6}, Deadline()));
  EXPECT_FALSE(*deliveries_.WebhookExists({2, 5}, Deadline()));
}

TEST_F(ClientsTest, PeersThatAreAwayAreUnavailable) {
  away_ = true;

  EXPECT_TRUE(absl::IsUnavailable(events_.Head(1, Deadline()).status()));
  EXPECT_TRUE(absl::IsUnavailable(events_.Heads(Deadline()).status()));
  EXPECT_TRUE(absl::IsUnavailable(events_.Subscribe(1, 0)->Next(kLong).status()));
  EXPECT_TRUE(absl::IsUnavailable(deliveries_.Position(kProducer, Deadline()).status()));
  EXPECT_TRUE(absl::IsUnavailable(deliveries_.Enqueue(kProducer, 0, {{}, 1}, Deadline()).status()));
  EXPECT_TRUE(absl::IsUnavailable(deliveries_.WebhookExists({1, 5}, Deadline()).status()));
}

TEST_F(ClientsTest, WhatAPeerRefusesIsOurMistakeAndNotTheCallers) {
  const absl::Status status = deliveries_.Enqueue(kProducer, 5, {{}, 3}, Deadline()).status();

  EXPECT_TRUE(absl::IsInternal(status)) << status;
}

TEST(UnconnectedClientsTest, AreUnavailable) {
  EventClient events;
  DeliveryClient deliveries;

  EXPECT_TRUE(absl::IsUnavailable(events.Head(1, Deadline()).status()));
  EXPECT_TRUE(absl::IsUnavailable(events.Heads(Deadline()).status()));
  EXPECT_TRUE(absl::IsUnavailable(events.Register(Deadline()).status()));
  EXPECT_TRUE(absl::IsUnavailable(events.Confirm({}, Deadline())));
  EXPECT_TRUE(absl::IsUnavailable(events.Subscribe(1, 0)->Next(kLong).status()));
  EXPECT_TRUE(absl::IsUnavailable(deliveries.Position(kProducer, Deadline()).status()));
  EXPECT_TRUE(absl::IsUnavailable(deliveries.Enqueue(kProducer, 0, {}, Deadline()).status()));
  EXPECT_TRUE(absl::IsUnavailable(deliveries.WebhookExists({1, 5}, Deadline()).status()));
}

TEST(PeerStatusTest, OperatorsAreToldWhyAPeerIsAway) {
  log::SetLevel(log::Level::kInfo);
  testing::internal::CaptureStderr();
  PeerStatus(absl::UnavailableError("ipv4:10.0.0.1:7403: certificate verify failed"), "delivery")
      .IgnoreError();
  const std::string log = testing::internal::GetCapturedStderr();
  log::SetLevel(log::Level::kWarning);

  EXPECT_THAT(log, testing::HasSubstr("ipv4:10.0.0.1:7403: certificate verify failed"));
}

TEST(PeerStatusTest, HidesWhatIsOfNoUseToCallers) {
  const absl::Status away = PeerStatus(absl::UnavailableError("ipv4:10.0.0.1:7403"), "delivery");
  EXPECT_EQ(ErrorReason(away), "PEER_UNAVAILABLE");
  EXPECT_EQ(away.message(), "the delivery service is away; try again");

  EXPECT_TRUE(absl::IsDeadlineExceeded(PeerStatus(absl::DeadlineExceededError(""), "ingest")));
  EXPECT_TRUE(absl::IsUnavailable(PeerStatus(absl::ResourceExhaustedError(""), "ingest")));
  EXPECT_TRUE(absl::IsInternal(PeerStatus(absl::UnimplementedError(""), "ingest")));
  EXPECT_TRUE(absl::IsInternal(PeerStatus(InvalidField("name", "is wrong"), "ingest")));
}

TEST_F(ClientsTest, TellsTheObserverOnceWhatWasStoredAndDropped) {
  sink_.AddWebhook({1, 5});
  Batch batch;
  for (const char* const webhook : {"communities/1/webhooks/5", "communities/1/webhooks/6"}) {
    auto& target = *batch.messages.Add()->add_targets();
    target.set_webhook(webhook);
    target.set_workflow("communities/1/workflows/3");
  }
  batch.next_position = 7;

  EXPECT_EQ(deliveries_.Enqueue(kProducer, 0, batch, Deadline()).value(), 7);
  EXPECT_EQ(deliveries_.Enqueue(kProducer, 0, batch, Deadline()).value(), 7) << "a repetition";

  const std::vector<FireCount> counts = record_.TakeCounts();
  ASSERT_EQ(counts.size(), 1u);
  EXPECT_EQ(counts[0].workflow, (WorkflowId{1, 3}));
  EXPECT_EQ(counts[0].statistics.matched, 2);
  EXPECT_EQ(counts[0].statistics.enqueued, 1);
  EXPECT_EQ(record_.TakeMissing(), (std::vector<WebhookId>{{1, 6}}));
}

TEST_F(ClientsTest, AsksForMissingWebhooksAndPayloads) {
  sink_.AddWebhook({1, 5});
  Workflow workflow;
  workflow.id = {1, 3};
  workflow.webhook = 5;

  EXPECT_EQ(targets_.FindMissing({{1, 5}, {1, 6}}, Deadline()).value(),
            (std::vector<WebhookId>{{1, 6}}));
  EXPECT_EQ(targets_.RenderPayload(entity::v1::Event(), workflow, Deadline()).value(),
            R"({"workflow":"communities/1/workflows/3"})");
  workflow.webhook = 6;
  EXPECT_EQ(targets_.RenderPayload(entity::v1::Event(), workflow, Deadline()).status(),
            WebhookNotFoundError({1, 6}));
}

}  // namespace
}  // namespace crier::evaluator::transport
