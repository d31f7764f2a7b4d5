#include "services/delivery/transport/webhook_service.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "common/api/field_mask.h"
#include "common/api/paging.h"
#include "common/api/resource_name.h"
#include "common/api/validation.h"
#include "common/status/macros.h"
#include "services/delivery/domain/payloads/samples.h"
#include "services/delivery/domain/webhooks/own_headers.h"
#include "services/delivery/domain/webhooks/webhook_rules.h"
#include "services/delivery/transport/exchange_proto.h"
#include "services/delivery/transport/page_bytes.h"
#include "services/delivery/transport/webhook_proto.h"

namespace crier::delivery::transport {
namespace {

std::set<std::string> AllSettings() { return {WebhookSettings().begin(), WebhookSettings().end()}; }

absl::StatusOr<Sample> SampleOf(v1::PayloadType type) {
  switch (type) {
    case v1::CONTACT:
      return SampleContactEvent();
    case v1::ORGANIZATION:
      return SampleOrganizationEvent();
    case v1::ACTIVITY:
      return SampleActivityEvent();
    case v1::NOTICE:
      return SampleNotice();
    default:
      return InvalidField("payload_type", "must be CONTACT, ORGANIZATION, ACTIVITY or NOTICE");
  }
}

}  // namespace

absl::Time WebhookService::Now() const {
  // As fine as it is stored, so that a webhook reads the same from its creation on.
  return absl::FromUnixMicros(absl::ToUnixMicros(clock_.Now()));
}

absl::StatusOr<Webhook> WebhookService::ReadSettings(
    const v1::Webhook& webhook, const std::set<std::string>& fields,
    const std::map<std::string, std::string>& stored, FieldViolations& violations) const {
  Webhook settings = FromProto(webhook, fields, violations);
  CheckWebhook(settings, fields, policy_, violations);
  CheckMaskedHeaders(settings, stored, violations);
  RETURN_IF_ERROR(violations.ToStatus());
  return settings;
}

absl::StatusOr<Webhook> WebhookService::GetRepeated(const WebhookId& id, const v1::Webhook& wanted,
                                                    absl::Time deadline) const {
  const bool masked = std::any_of(wanted.custom_headers().begin(), wanted.custom_headers().end(),
                                  [](const auto& header) { return header.second == kMask; });
  const bool keyless = !wanted.client_certificate().empty() && wanted.client_key().empty();
  if (!masked && !keyless) return Webhook();
  return store_.Get(id, deadline);
}

grpc::ServerUnaryReactor* WebhookService::CreateWebhook(grpc::CallbackServerContext* context,
                                                        const v1::CreateWebhookRequest* request,
                                                        v1::Webhook* response) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    ASSIGN_OR_RETURN(const int64_t community, api::ParseCommunity("parent", request->parent()));
    FieldViolations violations;
    api::CheckRequestId(request->request_id(), violations);
    // Nothing only with a violation, with which ReadSettings() fails.
    std::optional<SigningKey> key =
        ReadSigningKey(request->signing_secret(), request->signing_scheme(), violations);
    ASSIGN_OR_RETURN(Webhook webhook,
                     ReadSettings(request->webhook(), AllSettings(), {}, violations));
    if (request->validate_only()) {
      *response = ToProto(webhook);
      return absl::OkStatus();
    }
    webhook.id.community = community;
    webhook.create_time = webhook.update_time = Now();
    key->number = 1;
    key->create_time = webhook.create_time;
    webhook.signing_keys = {*std::move(key)};
    ASSIGN_OR_RETURN(const Webhook created,
                     store_.Create(webhook, request->request_id(), call.deadline));
    *response = ToProto(created);
    const auto first = std::find_if(created.signing_keys.begin(), created.signing_keys.end(),
                                    [](const SigningKey& made) { return made.number == 1; });
    if (first != created.signing_keys.end()) {
      response->set_signing_secret(SecretToShow(*first, clock_.Now()));
    }
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* WebhookService::GetWebhook(grpc::CallbackServerContext* context,
                                                     const v1::GetWebhookRequest* request,
                                                     v1::Webhook* response) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    ASSIGN_OR_RETURN(const WebhookId id,
                     api::ParseResource("name", api::kWebhooks, request->name()));
    ASSIGN_OR_RETURN(const Webhook webhook, store_.Get(id, call.deadline));
    *response = ToProto(webhook);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* WebhookService::ListWebhooks(grpc::CallbackServerContext* context,
                                                       const v1::ListWebhooksRequest* request,
                                                       v1::ListWebhooksResponse* response) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    ASSIGN_OR_RETURN(const int64_t community, api::ParseCommunity("parent", request->parent()));
    ASSIGN_OR_RETURN(const int page_size, api::PageSize(request->page_size()));
    const std::string listing = api::CommunityListing(api::kWebhooks, community);
    ASSIGN_OR_RETURN(const int64_t after, api::ParseIdPageToken(listing, request->page_token()));
    // One more than asked for tells whether there is a further page.
    ASSIGN_OR_RETURN(const std::vector<Webhook> webhooks,
                     store_.List(community, after, page_size + 1, call.deadline));
    size_t bytes = 0;
    int64_t last = 0;
    for (const Webhook& webhook : webhooks) {
      v1::Webhook shown = ToProto(webhook);
      bytes += shown.ByteSizeLong();
      const int size = response->webhooks_size();
      if (size == page_size || (bytes > kPageBytes && size > 0)) {
        response->set_next_page_token(api::MakeIdPageToken(listing, last));
        break;
      }
      last = webhook.id.id;
      *response->add_webhooks() = std::move(shown);
    }
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* WebhookService::UpdateWebhook(grpc::CallbackServerContext* context,
                                                        const v1::UpdateWebhookRequest* request,
                                                        v1::Webhook* response) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    const v1::Webhook& wanted = request->webhook();
    ASSIGN_OR_RETURN(const WebhookId id,
                     api::ParseResource("webhook.name", api::kWebhooks, wanted.name()));
    ASSIGN_OR_RETURN(std::set<std::string> fields,
                     api::FieldsToUpdate(request->update_mask(), wanted, WebhookSettings()));
    ASSIGN_OR_RETURN(const Webhook stored, GetRepeated(id, wanted, call.deadline));
    if (!wanted.client_certificate().empty() && fields.count("client_key") == 0 &&
        wanted.client_certificate() == stored.client_certificate) {
      fields.erase("client_certificate");
    }
    FieldViolations violations;
    ASSIGN_OR_RETURN(const Webhook settings,
                     ReadSettings(wanted, fields, stored.custom_headers, violations));
    const absl::Time now = Now();
    const auto change = [&](Webhook& webhook) {
      CopySettings(settings, fields, webhook);
      webhook.update_time = now;
    };
    ASSIGN_OR_RETURN(const Webhook updated,
                     store_.Update(id, wanted.etag(), change, call.deadline));
    *response = ToProto(updated);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* WebhookService::DeleteWebhook(grpc::CallbackServerContext* context,
                                                        const v1::DeleteWebhookRequest* request,
                                                        google::protobuf::Empty*) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    ASSIGN_OR_RETURN(const WebhookId id,
                     api::ParseResource("name", api::kWebhooks, request->name()));
    ASSIGN_OR_RETURN(const int cancelled, store_.Delete(id, request->etag(), call.deadline));
    cancelled_.Increment(cancelled);
    return absl::OkStatus();
  });
}

template <typename Request>
grpc::ServerUnaryReactor* WebhookService::ChangeState(grpc::CallbackServerContext* context,
                                                      const Request* request, StateAction action,
                                                      v1::Webhook* response) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    ASSIGN_OR_RETURN(const WebhookId id,
                     api::ParseResource("name", api::kWebhooks, request->name()));
    ASSIGN_OR_RETURN(const StateChange change,
                     store_.ChangeState(id, request->etag(), action, Now(), call.deadline));
    cancelled_.Increment(change.cancelled);
    *response = ToProto(change.webhook);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* WebhookService::PauseWebhook(grpc::CallbackServerContext* context,
                                                       const v1::PauseWebhookRequest* request,
                                                       v1::Webhook* response) {
  return ChangeState(context, request, StateAction::kPause, response);
}

grpc::ServerUnaryReactor* WebhookService::ResumeWebhook(grpc::CallbackServerContext* context,
                                                        const v1::ResumeWebhookRequest* request,
                                                        v1::Webhook* response) {
  return ChangeState(context, request, StateAction::kResume, response);
}

grpc::ServerUnaryReactor* WebhookService::EnableWebhook(grpc::CallbackServerContext* context,
                                                        const v1::EnableWebhookRequest* request,
                                                        v1::Webhook* response) {
  const StateAction action =
      request->cancel_pending() ? StateAction::kEnableAnew : StateAction::kEnable;
  return ChangeState(context, request, action, response);
}

grpc::ServerUnaryReactor* WebhookService::DisableWebhook(grpc::CallbackServerContext* context,
                                                         const v1::DisableWebhookRequest* request,
                                                         v1::Webhook* response) {
  return ChangeState(context, request, StateAction::kDisable, response);
}

absl::StatusOr<Webhook> WebhookService::TestTarget(const v1::TestWebhookRequest& request,
                                                   absl::Time deadline) const {
  ASSIGN_OR_RETURN(const int64_t community, api::ParseCommunity("parent", request.parent()));
  switch (request.target_case()) {
    case v1::TestWebhookRequest::kWebhookName: {
      ASSIGN_OR_RETURN(const WebhookId id,
                       api::ParseResource("webhook_name", api::kWebhooks, request.webhook_name()));
      if (id.community != community) {
        return InvalidField("webhook_name", "must be of the community that `parent` names");
      }
      return store_.Get(id, deadline);
    }
    case v1::TestWebhookRequest::kWebhook: {
      FieldViolations violations;
      ASSIGN_OR_RETURN(Webhook webhook,
                       ReadSettings(request.webhook(), AllSettings(), {}, violations));
      webhook.id.community = community;
      webhook.signing_keys = {MakeSigningKey(SigningScheme::kV1)};
      return webhook;
    }
    case v1::TestWebhookRequest::TARGET_NOT_SET:
      return InvalidField("webhook_name", "must be set, or else `webhook`");
  }
}

grpc::ServerUnaryReactor* WebhookService::TestWebhook(grpc::CallbackServerContext* context,
                                                      const v1::TestWebhookRequest* request,
                                                      v1::TestWebhookResponse* response) {
  // A receiver may take longer than a call usually may: only a deadline of the caller's own counts.
  const absl::Time test_deadline = absl::FromChrono(context->deadline());
  const auto begin = [=](const rpc::CallContext& call,
                         const rpc::FinishCall& finish) -> absl::Status {
    ASSIGN_OR_RETURN(const Sample sample, SampleOf(request->payload_type()));
    ASSIGN_OR_RETURN(const Webhook webhook, TestTarget(*request, call.deadline));
    return tester_.Test(webhook, sample, test_deadline, [=](const Exchange& exchange) {
      *response->mutable_exchange() = ToProto(exchange);
      finish(absl::OkStatus());
    });
  };
  return rpc::StartUnary(context, executor_, begin);
}

}  // namespace crier::delivery::transport
