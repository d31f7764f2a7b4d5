// A WebhookService on a server within the process, with webhooks in memory and real HTTP.
#ifndef CRIER_SERVICES_DELIVERY_TRANSPORT_WEBHOOK_SERVICE_TEST_H_
#define CRIER_SERVICES_DELIVERY_TRANSPORT_WEBHOOK_SERVICE_TEST_H_

#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/rpc/executor.h"
#include "crier/delivery/v1/webhook_service.grpc.pb.h"
#include "gtest/gtest.h"
#include "services/delivery/domain/attempts/webhook_tester.h"
#include "services/delivery/domain/fakes/fake_webhook_store.h"
#include "services/delivery/domain/payloads/payload.h"
#include "services/delivery/domain/webhooks/url_policy.h"
#include "services/delivery/sending/http_sender.h"
#include "services/delivery/transport/webhook_service.h"
#include "tests/support/in_process_client.h"
#include "tests/support/wrong_fields.h"

namespace crier::delivery::transport {

class WebhookServiceTest : public testing::Test {
 protected:
  using Stub = v1::WebhookService::Stub;

  static v1::CreateWebhookRequest CreateRequest() {
    v1::CreateWebhookRequest request;
    request.set_parent("communities/7");
    request.mutable_webhook()->set_display_name("CRM");
    request.mutable_webhook()->set_url("https://hooks.example.com/hook");
    return request;
  }

  absl::StatusOr<v1::Webhook> Create(const v1::CreateWebhookRequest& request) {
    return client_.Call<v1::Webhook>(&Stub::CreateWebhook, request);
  }

  v1::Webhook MustCreate(const v1::CreateWebhookRequest& request = CreateRequest()) {
    const auto webhook = Create(request);
    EXPECT_TRUE(webhook.ok()) << webhook.status();
    return webhook.value_or(v1::Webhook());
  }

  absl::StatusOr<v1::Webhook> Get(const std::string& name) {
    v1::GetWebhookRequest request;
    request.set_name(name);
    return client_.Call<v1::Webhook>(&Stub::GetWebhook, request);
  }

  absl::StatusOr<v1::ListWebhooksResponse> List(const std::string& parent, int page_size = 0,
                                                const std::string& token = "") {
    v1::ListWebhooksRequest request;
    request.set_parent(parent);
    request.set_page_size(page_size);
    request.set_page_token(token);
    return client_.Call<v1::ListWebhooksResponse>(&Stub::ListWebhooks, request);
  }

  absl::StatusOr<v1::Webhook> Update(const v1::Webhook& webhook,
                                     const std::vector<std::string>& mask) {
    v1::UpdateWebhookRequest request;
    *request.mutable_webhook() = webhook;
    for (const std::string& path : mask) request.mutable_update_mask()->add_paths(path);
    return client_.Call<v1::Webhook>(&Stub::UpdateWebhook, request);
  }

  template <typename Request>
  absl::StatusOr<v1::Webhook> ChangeState(grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                                       const Request&,
                                                                       v1::Webhook*),
                                          const std::string& name, const std::string& etag = "") {
    Request request;
    request.set_name(name);
    request.set_etag(etag);
    return client_.Call<v1::Webhook>(method, request);
  }

  absl::Status Delete(const std::string& name, const std::string& etag = "") {
    v1::DeleteWebhookRequest request;
    request.set_name(name);
    request.set_etag(etag);
    return client_.Call<google::protobuf::Empty>(&Stub::DeleteWebhook, request).status();
  }

  absl::StatusOr<v1::Exchange> Test(const v1::TestWebhookRequest& request) {
    const auto response = client_.Call<v1::TestWebhookResponse>(&Stub::TestWebhook, request);
    if (!response.ok()) return response.status();
    return response->exchange();
  }

  // https to everything public, http to the local machine as well.
  static TargetPolicy Targets() {
    TargetPolicy settings;
    settings.allow_http = true;
    settings.allowed_targets = {"127.0.0.0/8"};
    settings.allowed_ports = {"1-65535"};
    return settings;
  }

  FakeClock clock_{absl::FromUnixNanos(1700000000123456789)};
  FakeWebhookStore store_;
  const UrlPolicy policy_ = *UrlPolicy::Create(Targets());
  rpc::Executor executor_{{}};
  HttpSender sender_{policy_, {}};
  WebhookTester tester_{sender_, clock_, kDefaultAppBaseUrl};
  metrics::Registry registry_;
  prometheus::Counter& cancelled_ = registry_.Counter("cancelled_total", "Deliveries.");
  WebhookService service_{store_, tester_, policy_, clock_, executor_, cancelled_};
  InProcessClient<v1::WebhookService> client_{service_};
};

}  // namespace crier::delivery::transport

#endif  // CRIER_SERVICES_DELIVERY_TRANSPORT_WEBHOOK_SERVICE_TEST_H_
