// WebhookService over gRPC.
#ifndef CRIER_SERVICES_DELIVERY_TRANSPORT_WEBHOOK_SERVICE_H_
#define CRIER_SERVICES_DELIVERY_TRANSPORT_WEBHOOK_SERVICE_H_

#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/metrics/metrics.h"
#include "common/rpc/executor.h"
#include "common/rpc/unary.h"
#include "common/status/errors.h"
#include "crier/delivery/v1/webhook_service.grpc.pb.h"
#include "services/delivery/domain/attempts/webhook_tester.h"
#include "services/delivery/domain/webhooks/url_policy.h"
#include "services/delivery/domain/webhooks/webhook_store.h"

namespace crier::delivery::transport {

// Thread-safe. What the methods mean is said in the .proto.
class WebhookService : public v1::WebhookService::CallbackService {
 public:
  // All of it must outlive the server that the service is registered with. `cancelled` counts
  // deliveries.
  WebhookService(WebhookStore& store, WebhookTester& tester, const UrlPolicy& policy,
                 const Clock& clock, rpc::Executor& executor, prometheus::Counter& cancelled)
      : store_(store),
        tester_(tester),
        policy_(policy),
        clock_(clock),
        executor_(executor),
        cancelled_(cancelled) {}

  grpc::ServerUnaryReactor* CreateWebhook(grpc::CallbackServerContext* context,
                                          const v1::CreateWebhookRequest* request,
                                          v1::Webhook* response) override;
  grpc::ServerUnaryReactor* GetWebhook(grpc::CallbackServerContext* context,
                                       const v1::GetWebhookRequest* request,
                                       v1::Webhook* response) override;
  grpc::ServerUnaryReactor* ListWebhooks(grpc::CallbackServerContext* context,
                                         const v1::ListWebhooksRequest* request,
                                         v1::ListWebhooksResponse* response) override;
  grpc::ServerUnaryReactor* UpdateWebhook(grpc::CallbackServerContext* context,
                                          const v1::UpdateWebhookRequest* request,
                                          v1::Webhook* response) override;
  grpc::ServerUnaryReactor* DeleteWebhook(grpc::CallbackServerContext* context,
                                          const v1::DeleteWebhookRequest* request,
                                          google::protobuf::Empty* response) override;
  grpc::ServerUnaryReactor* PauseWebhook(grpc::CallbackServerContext* context,
                                         const v1::PauseWebhookRequest* request,
                                         v1::Webhook* response) override;
  grpc::ServerUnaryReactor* ResumeWebhook(grpc::CallbackServerContext* context,
                                          const v1::ResumeWebhookRequest* request,
                                          v1::Webhook* response) override;
  grpc::ServerUnaryReactor* EnableWebhook(grpc::CallbackServerContext* context,
                                          const v1::EnableWebhookRequest* request,
                                          v1::Webhook* response) override;
  grpc::ServerUnaryReactor* DisableWebhook(grpc::CallbackServerContext* context,
                                           const v1::DisableWebhookRequest* request,
                                           v1::Webhook* response) override;
  grpc::ServerUnaryReactor* TestWebhook(grpc::CallbackServerContext* context,
                                        const v1::TestWebhookRequest* request,
                                        v1::TestWebhookResponse* response) override;

  // In webhook_service_keys.cc.
  grpc::ServerUnaryReactor* RotateSigningSecret(grpc::CallbackServerContext* context,
                                                const v1::RotateSigningSecretRequest* request,
                                                v1::RotateSigningSecretResponse* response) override;
  grpc::ServerUnaryReactor* RevokeSigningKey(grpc::CallbackServerContext* context,
                                             const v1::RevokeSigningKeyRequest* request,
                                             v1::Webhook* response) override;

 private:
  absl::Time Now() const;

  // The named settings, or INVALID_ARGUMENT with everything that is wrong with them and what
  // `violations` holds already. `stored`: the custom headers that the webhook has so far.
  absl::StatusOr<Webhook> ReadSettings(const v1::Webhook& webhook,
                                       const std::set<std::string>& fields,
                                       const std::map<std::string, std::string>& stored,
                                       FieldViolations& violations) const;
  // The webhook that `wanted` is to change, as it is stored, where `wanted` may repeat what was
  // shown of it: masks in place of values, or a certificate without its key. Otherwise nothing.
  absl::StatusOr<Webhook> GetRepeated(const WebhookId& id, const v1::Webhook& wanted,
                                      absl::Time deadline) const;

  // The four methods that change the state of a webhook.
  template <typename Request>
  grpc::ServerUnaryReactor* ChangeState(grpc::CallbackServerContext* context,
                                        const Request* request, StateAction action,
                                        v1::Webhook* response);

  // The webhook that a test is for.
  absl::StatusOr<Webhook> TestTarget(const v1::TestWebhookRequest& request,
                                     absl::Time deadline) const;

  WebhookStore& store_;
  WebhookTester& tester_;
  const UrlPolicy& policy_;
  const Clock& clock_;
  rpc::Executor& executor_;
  prometheus::Counter& cancelled_;
};

}  // namespace crier::delivery::transport

#endif  // CRIER_SERVICES_DELIVERY_TRANSPORT_WEBHOOK_SERVICE_H_
