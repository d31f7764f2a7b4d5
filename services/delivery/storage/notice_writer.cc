#include "services/delivery/storage/notice_writer.h"

#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "common/status/macros.h"
#include "services/delivery/storage/delivery_rows.h"
#include "services/delivery/storage/queue_notices.h"
#include "services/delivery/storage/webhook_sql.h"

namespace crier::delivery::storage {
namespace {

using pg::Params;
using pg::Rows;
using pg::Transaction;

using Key = std::pair<int64_t, int64_t>;  // community and webhook

Key KeyOf(const WebhookId& id) { return {id.community, id.id}; }

// Who is told of a webhook.
struct Audience {
  std::string webhook_name;
  std::vector<WebhookId> told;
};

absl::StatusOr<std::map<Key, Audience>> FindAudiences(Transaction& transaction,
                                                      const std::vector<Notice>& notices) {
  std::set<Key> subjects;
  for (const Notice& notice : notices) subjects.insert(KeyOf(notice.webhook));
  std::vector<int64_t> communities, webhooks;
  for (const auto& [community, webhook] : subjects) {
    communities.push_back(community);
    webhooks.push_back(webhook);
  }
  ASSIGN_OR_RETURN(
      const Rows rows,
      transaction.Execute(kFindOperational, Params().AddArray(communities).AddArray(webhooks)));
  std::map<Key, Audience> audiences;
  for (const Rows::Row row : rows) {
    Audience& audience = audiences[{row.Int64(0), row.Int64(1)}];
    audience.webhook_name = row.Text(2);
    audience.told.push_back({row.Int64(0), row.Int64(3)});
  }
  return audiences;
}

}  // namespace

absl::Status NoticeWriter::Write(Transaction& transaction, std::vector<Notice> notices) {
  if (notices.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const auto audiences, FindAudiences(transaction, notices));
  ASSIGN_OR_RETURN(DeliveryRows rows, DeliveryRows::Create(transaction));
  std::vector<WebhookId> told;
  for (Notice& notice : notices) {
    const auto audience = audiences.find(KeyOf(notice.webhook));
    if (audience == audiences.end()) continue;
    notice.webhook_name = audience->second.webhook_name;
    const MessageId snapshot = ids_.Next();
    rows.AddSnapshot(notice.webhook.community, snapshot, RenderNotice(notice));
    for (const WebhookId& webhook : audience->second.told) {
      NewDelivery delivery;
      delivery.id = {webhook, ids_.Next()};
      delivery.snapshot_id = snapshot;
      delivery.kind = kNoticeKind;
      delivery.event_time = notice.time;
      delivery.due_time = notice.time;
      rows.AddDelivery(delivery);
      told.push_back(webhook);
    }
  }
  if (told.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(std::move(rows).Insert(transaction));
  return NotifyQueue(transaction, schema_, told);
}

}  // namespace crier::delivery::storage
