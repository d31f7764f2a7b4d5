#include "services/delivery/storage/queue_notices.h"

#include <cstdint>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/pg/listener.h"
#include "common/status/macros.h"
#include "services/delivery/storage/delivery_sql.h"

namespace crier::delivery::storage {
namespace {

// NOTIFY takes less than 8,000 bytes.
constexpr size_t kMaxPayload = 7900;

constexpr absl::string_view kTryNow = "now:";

}  // namespace

std::string QueueChannel(absl::string_view schema) { return pg::ChannelOf("queue", schema); }

std::vector<std::string> EncodeNotices(const std::vector<WebhookId>& webhooks) {
  std::vector<std::string> notices;
  for (const WebhookId& webhook : webhooks) {
    const std::string entry = absl::StrCat(webhook.community, "/", webhook.id);
    if (notices.empty() || notices.back().size() + entry.size() + 1 > kMaxPayload) {
      notices.push_back(entry);
    } else {
      absl::StrAppend(&notices.back(), ",", entry);
    }
  }
  return notices;
}

absl::Status NotifyQueue(pg::Transaction& transaction, absl::string_view schema,
                         const std::vector<WebhookId>& webhooks) {
  const std::string channel = QueueChannel(schema);
  for (const std::string& notice : EncodeNotices(webhooks)) {
    RETURN_IF_ERROR(transaction.Execute(kNotify, pg::Params().Add(channel).Add(notice)).status());
  }
  return absl::OkStatus();
}

absl::Status NotifyTryNow(pg::Transaction& transaction, absl::string_view schema,
                          const WebhookId& webhook) {
  const std::string notice = absl::StrCat(kTryNow, EncodeNotices({webhook}).front());
  return transaction.Execute(kNotify, pg::Params().Add(QueueChannel(schema)).Add(notice)).status();
}

std::vector<WebhookId> DecodeNotice(absl::string_view payload) {
  absl::ConsumePrefix(&payload, kTryNow);
  std::vector<WebhookId> webhooks;
  for (const absl::string_view entry : absl::StrSplit(payload, ',')) {
    const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(entry, '/');
    WebhookId webhook;
    if (absl::SimpleAtoi(parts.first, &webhook.community) &&
        absl::SimpleAtoi(parts.second, &webhook.id)) {
      webhooks.push_back(webhook);
    }
  }
  return webhooks;
}

bool IsTryNow(absl::string_view payload) { return absl::StartsWith(payload, kTryNow); }

}  // namespace crier::delivery::storage
