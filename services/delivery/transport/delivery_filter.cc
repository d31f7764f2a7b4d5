#include "services/delivery/transport/delivery_filter.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/api/resource_name.h"
#include "common/api/time.h"
#include "common/api/validation.h"
#include "common/status/errors.h"
#include "common/status/macros.h"

namespace crier::delivery::transport {
namespace {

using Request = v1::ListDeliveriesRequest;

std::optional<StatusClass> FromProto(Request::StatusClass status_class) {
  switch (status_class) {
    case Request::NO_RESPONSE:
      return StatusClass::kNoResponse;
    case Request::SUCCESS:
      return StatusClass::kSuccess;
    case Request::REDIRECT:
      return StatusClass::kRedirect;
    case Request::CLIENT_ERROR:
      return StatusClass::kClientError;
    case Request::SERVER_ERROR:
      return StatusClass::kServerError;
    default:
      return std::nullopt;
  }
}

std::optional<DeliveryState> FromProto(v1::Delivery::State state) {
  switch (state) {
    case v1::Delivery::PENDING:
      return DeliveryState::kPending;
    case v1::Delivery::SUCCEEDED:
      return DeliveryState::kSucceeded;
    case v1::Delivery::EXHAUSTED:
      return DeliveryState::kExhausted;
    case v1::Delivery::CANCELLED:
      return DeliveryState::kCancelled;
    default:
      return std::nullopt;
  }
}

void ReadWorkflow(const Request& request, DeliveryFilter& filter, FieldViolations& violations) {
  if (request.workflow().empty()) return;
  const auto workflow = api::ParseResource("workflow", api::kWorkflows, request.workflow());
  if (!workflow.ok() || workflow->community != filter.community) {
    violations.Add("workflow",
                   "must have the form communities/{community}/workflows/{workflow}, with the "
                   "community that `parent` names");
  } else {
    filter.workflow = workflow->id;
  }
}

}  // namespace

absl::StatusOr<std::pair<int64_t, std::optional<int64_t>>> ParseWebhooks(absl::string_view field,
                                                                         const std::string& name) {
  using Result = std::pair<int64_t, std::optional<int64_t>>;
  absl::string_view community = name;
  if (absl::ConsumeSuffix(&community, "/webhooks/-")) {
    const absl::StatusOr<int64_t> id = api::ParseCommunity(field, community);
    if (id.ok()) return Result(*id, std::nullopt);
  }
  const absl::StatusOr<WebhookId> webhook = api::ParseResource(field, api::kWebhooks, name);
  if (webhook.ok()) return Result(webhook->community, webhook->id);
  return InvalidField(
      field,
      "must have the form communities/{community}/webhooks/{webhook}, or with - for "
      "all webhooks of the community");
}

absl::StatusOr<DeliveryFilter> ReadDeliveryFilter(const Request& request) {
  DeliveryFilter filter;
  ASSIGN_OR_RETURN(std::tie(filter.community, filter.webhook),
                   ParseWebhooks("parent", request.parent()));
  FieldViolations violations;
  ReadWorkflow(request, filter, violations);
  filter.state = FromProto(request.state());
  if (!v1::Delivery::State_IsValid(request.state())) {
    violations.Add("state", "must be PENDING, SUCCEEDED, EXHAUSTED or CANCELLED");
  }
  filter.status_class = FromProto(request.status_class());
  if (!Request::StatusClass_IsValid(request.status_class())) {
    violations.Add("status_class",
                   "must be NO_RESPONSE, SUCCESS, REDIRECT, CLIENT_ERROR or SERVER_ERROR");
  }
  if (request.has_created_from()) {
    api::CheckTimestamp("created_from", request.created_from(), violations);
    filter.created_from = api::FromProto(request.created_from());
  }
  if (request.has_created_before()) {
    api::CheckTimestamp("created_before", request.created_before(), violations);
    filter.created_before = api::FromProto(request.created_before());
  }
  if (violations.empty() && filter.created_from > filter.created_before) {
    violations.Add("created_from", "must not be after `created_before`");
  }
  RETURN_IF_ERROR(violations.ToStatus());
  return filter;
}

std::string ListingScope(const Request& request) {
  const auto time = [](bool is_set, const google::protobuf::Timestamp& value) {
    return is_set ? absl::StrCat(value.seconds(), ".", value.nanos()) : "";
  };
  return absl::StrCat("deliveries of ", request.parent(), "|", request.workflow(), "|",
                      request.state(), "|", request.status_class(), "|",
                      time(request.has_created_from(), request.created_from()), "|",
                      time(request.has_created_before(), request.created_before()));
}

}  // namespace crier::delivery::transport
