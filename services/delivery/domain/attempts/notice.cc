#include "services/delivery/domain/attempts/notice.h"

#include "absl/strings/str_cat.h"
#include "common/api/resource_name.h"
#include "services/delivery/domain/payloads/json_writer.h"
#include "services/delivery/domain/webhooks/webhook_state.h"

namespace crier::delivery {
namespace {

const char* TypeName(Notice::Type type) {
  switch (type) {
    case Notice::Type::kFailing:
      return "webhook.failing";
    case Notice::Type::kRecovered:
      return "webhook.recovered";
    case Notice::Type::kDisabled:
      return "webhook.disabled";
    case Notice::Type::kExhausted:
      return "delivery.exhausted";
  }
}

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone());
}

Notice NoticeOf(Notice::Type type, const Webhook& webhook, absl::Time now) {
  Notice notice;
  notice.type = type;
  notice.time = now;
  notice.webhook = webhook.id;
  notice.webhook_name = webhook.display_name;
  if (webhook.failing) notice.failing_since = webhook.failing->since;
  return notice;
}

}  // namespace

Notice FailingNotice(const Webhook& webhook, absl::Time now, absl::Time disable_time) {
  Notice notice = NoticeOf(Notice::Type::kFailing, webhook, now);
  notice.disable_time = disable_time;
  return notice;
}

Notice RecoveredNotice(const Webhook& webhook, absl::Time now) {
  return NoticeOf(Notice::Type::kRecovered, webhook, now);
}

Notice DisabledNotice(const Webhook& webhook, absl::Time now) {
  Notice notice = NoticeOf(Notice::Type::kDisabled, webhook, now);
  notice.disable_reason = webhook.disable_reason;
  return notice;
}

Notice ExhaustedNotice(const WebhookId& webhook, const MessageId& delivery, int attempt_count,
                       const Exchange& attempt) {
  Notice notice;
  notice.type = Notice::Type::kExhausted;
  notice.time = attempt.start_time + attempt.result.duration;
  notice.webhook = webhook;
  notice.delivery = delivery;
  notice.attempt_count = attempt_count;
  notice.response_status = attempt.result.status;
  notice.error = attempt.result.error;
  return notice;
}

std::string RenderNotice(const Notice& notice) {
  const std::string webhook = api::ResourceName(api::kWebhooks, notice.webhook);
  JsonWriter json;
  json.BeginObject();
  json.String("type", TypeName(notice.type));
  json.String("timestamp", TimeText(notice.time));
  json.BeginObject("data");
  json.String("webhook", webhook);
  json.String("webhookName", notice.webhook_name);
  if (notice.failing_since) json.String("failingSince", TimeText(*notice.failing_since));
  if (notice.disable_time) json.String("disableTime", TimeText(*notice.disable_time));
  json.String("disableReason", DisableReasonName(notice.disable_reason));
  if (notice.type == Notice::Type::kExhausted) {
    json.String("delivery", absl::StrCat(webhook, "/deliveries/", notice.delivery.ToString()));
    json.Number("attemptCount", notice.attempt_count);
    json.Number("responseStatus", notice.response_status);
    json.String("error", notice.error);
  }
  json.EndObject();
  json.EndObject();
  return json.text();
}

Notice SampleNotice() {
  Notice notice;
  notice.type = Notice::Type::kFailing;
  notice.time = absl::FromCivil(absl::CivilSecond(2023, 4, 17, 10, 21, 26), absl::UTCTimeZone());
  notice.webhook = {123, 1};
  notice.webhook_name = "Test webhook";
  notice.failing_since = notice.time - absl::Hours(1);
  notice.disable_time = *notice.failing_since + 5 * absl::Hours(24);
  return notice;
}

}  // namespace crier::delivery
