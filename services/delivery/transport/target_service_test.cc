#include "services/delivery/transport/target_service.h"

#include <string>

#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/delivery/domain/errors.h"
#include "services/delivery/domain/fakes/fake_webhook_store.h"
#include "services/delivery/domain/payloads/payload.h"
#include "services/delivery/domain/payloads/samples.h"
#include "tests/support/in_process_client.h"

namespace crier::delivery::transport {
namespace {

using Stub = v1::TargetService::Stub;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kWebhook[] = "communities/123/webhooks/1";

class TargetServiceTest : public testing::Test {
 protected:
  TargetServiceTest() {
    webhook_.id.community = 123;
    webhook_.envelope = true;
    webhook_ = *webhooks_.Create(webhook_, "", absl::InfiniteFuture());
  }

  absl::StatusOr<v1::FindMissingWebhooksResponse> FindMissing(
      const std::vector<std::string>& names) {
    v1::FindMissingWebhooksRequest request;
    for (const std::string& name : names) request.add_webhooks(name);
    return client_.Call(&Stub::FindMissingWebhooks, request);
  }

  static v1::RenderPayloadRequest MakeRender() {
    v1::RenderPayloadRequest request;
    *request.mutable_message()->mutable_event() = SampleActivityEvent();
    v1::EnqueueTarget& target = *request.mutable_message()->add_targets();
    target.set_webhook(kWebhook);
    target.set_workflow("communities/123/workflows/5");
    target.set_workflow_display_name("Welcome");
    return request;
  }

  absl::StatusOr<std::string> Render(const v1::RenderPayloadRequest& request) {
    const auto response = client_.Call(&Stub::RenderPayload, request);
    if (!response.ok()) return response.status();
    return response->payload();
  }

  FakeWebhookStore webhooks_;
  Webhook webhook_;
  rpc::Executor executor_{{.threads = 2, .queue_capacity = 8}};
  TargetService service_{webhooks_, "https://app.example", executor_};
  InProcessClient<v1::TargetService> client_{service_};
};

TEST_F(TargetServiceTest, NamesTheWebhooksThatAreMissing) {
  const auto response =
      FindMissing({"communities/123/webhooks/9", kWebhook, "communities/7/webhooks/1"});

  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_THAT(response->missing_webhooks(),
              ElementsAre("communities/123/webhooks/9", "communities/7/webhooks/1"));
  ASSERT_TRUE(webhooks_.Delete(webhook_.id, "", absl::InfiniteFuture()).ok());
  EXPECT_THAT(FindMissing({kWebhook})->missing_webhooks(), ElementsAre(kWebhook));
  EXPECT_EQ(FindMissing({})->missing_webhooks_size(), 0);
}

TEST_F(TargetServiceTest, RefusesNamesThatAreNone) {
  EXPECT_THAT(std::string(FindMissing({kWebhook, "webhooks/1"}).status().message()),
              HasSubstr("webhooks[1] must have the form"));
  EXPECT_THAT(std::string(FindMissing(std::vector<std::string>(1001, kWebhook)).status().message()),
              HasSubstr("at most 1,000"));
}

TEST_F(TargetServiceTest, RendersWhatADeliveryWouldSend) {
  const auto payload = Render(MakeRender());

  ASSERT_TRUE(payload.ok()) << payload.status();
  EXPECT_EQ(*payload,
            *RenderPayload(SampleActivityEvent(), {5, "Welcome"}, webhook_, "https://app.example"));
  EXPECT_THAT(*payload, HasSubstr(R"("source":{"type":"workflow","id":5,"name":"Welcome"})"));
}

TEST_F(TargetServiceTest, RefusesToRenderWhatCannotBeEnqueued) {
  v1::RenderPayloadRequest request = MakeRender();
  request.mutable_message()->mutable_event()->clear_accept_time();
  EXPECT_THAT(std::string(Render(request).status().message()),
              HasSubstr("message.event.accept_time"));

  request = MakeRender();
  *request.mutable_message()->add_targets() = request.message().targets(0);
  EXPECT_EQ(Render(request).status(),
            InvalidField("message.targets", "must have exactly one element"));

  request = MakeRender();
  request.mutable_message()->mutable_targets(0)->set_webhook("communities/123/webhooks/9");
  EXPECT_EQ(Render(request).status(), WebhookNotFoundError({123, 9}));
}

}  // namespace
}  // namespace crier::delivery::transport
