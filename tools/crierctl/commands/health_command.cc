#include "tools/crierctl/commands/health_command.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/api/time.h"
#include "common/status/macros.h"
#include "crier/delivery/v1/delivery_service.grpc.pb.h"
#include "tools/crierctl/arguments.h"
#include "tools/crierctl/connection.h"
#include "tools/crierctl/message_output.h"
#include "tools/crierctl/names.h"
#include "tools/crierctl/table.h"
#include "tools/crierctl/text.h"

namespace crier::crierctl {
namespace {

using ::crier::delivery::v1::DeliveryService;
using ::crier::delivery::v1::GetWebhookHealthRequest;
using ::crier::delivery::v1::WebhookHealth;

constexpr int kMostPendingCounted = 10'000;

std::string SuccessText(const WebhookHealth& health) {
  if (health.attempt_count() == 0) return "no attempts";
  const int64_t attempts = health.attempt_count();
  return absl::StrFormat(
      "%.1f %% of the last %s, since %s", 100.0 * health.success_count() / attempts,
      attempts == 1 ? "attempt" : absl::StrCat(ReadableCount(attempts), " attempts"),
      TimeText(health.oldest_create_time(), health.has_oldest_create_time()));
}

std::string DurationText(const google::protobuf::Duration& duration, bool is_set) {
  return is_set ? ReadableDuration(api::FromProto(duration)) : "";
}

std::string FailureText(const WebhookHealth& health) {
  if (!health.has_last_failure()) return "";
  const auto& failure = health.last_failure();
  return absl::StrCat(TimeText(failure.start_time(), failure.has_start_time()), " ",
                      OutcomeText(failure), ": ", failure.error());
}

std::string PendingText(const WebhookHealth& health) {
  return health.pending_count() > kMostPendingCounted
             ? absl::StrCat("more than ", ReadableCount(kMostPendingCounted))
             : ReadableCount(health.pending_count());
}

absl::Status Show(Session& session, const std::string& webhook) {
  GetWebhookHealthRequest request;
  ASSIGN_OR_RETURN(*request.mutable_webhook(),
                   ChildName("webhooks", session.settings.community, webhook));
  ASSIGN_OR_RETURN(const WebhookHealth health,
                   Connect<DeliveryService>(session.settings)
                       .Call(&DeliveryService::Stub::GetWebhookHealth, request));
  if (session.settings.json()) {
    session.out << CountsJson(health);
    return absl::OkStatus();
  }
  session.out << RenderFields({
      {"webhook", health.webhook()},
      {"success", SuccessText(health)},
      {"failing since", TimeText(health.failing_since(), health.has_failing_since())},
      {"median", DurationText(health.median_duration(), health.has_median_duration())},
      {"p99", DurationText(health.p99_duration(), health.has_p99_duration())},
      {"last failure", FailureText(health)},
      {"pending", PendingText(health)},
      {"next attempt", NextAttemptText(health.next_attempt_time(), health.has_next_attempt_time())},
  });
  return absl::OkStatus();
}

}  // namespace

void AddHealthCommand(CLI::App& webhooks, Session& session) {
  const auto name = std::make_shared<std::string>();
  CLI::App& command =
      *webhooks.add_subcommand("health", "Show how a webhook does, by its newest attempts");
  AddName(command, "webhook", *name);
  OnRun(command, session, [&session, name] { return Show(session, *name); });
}

}  // namespace crier::crierctl
