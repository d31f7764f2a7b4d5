#include "services/delivery/storage/notice_writer.h"

#include <cstdint>
#include <map>
#include <set>

#include "common/status/macros.h"
#include "services/delivery/domain/shard.h"
#include "services/delivery/storage/delivery_sql.h"
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

// The rows to insert, as columns.
struct Columns {
  struct {
    std::vector<int64_t> communities;
    std::vector<std::string> ids;
    std::vector<std::string> payloads;
  } snapshots;

  std::vector<WebhookId> webhooks;
  std::vector<int64_t> communities;
  std::vector<int64_t> webhook_ids;
  std::vector<std::string> deliveries;
  std::vector<std::string> snapshot_ids;
  std::vector<int32_t> shards;
  std::vector<absl::Time> times;

  void Add(const Notice& notice, const std::vector<WebhookId>& told, MessageIdGenerator& ids) {
    const std::string snapshot = ids.Next().ToUuid();
    snapshots.communities.push_back(notice.webhook.community);
    snapshots.ids.push_back(snapshot);
    snapshots.payloads.push_back(RenderNotice(notice));
    for (const WebhookId& webhook : told) {
      webhooks.push_back(webhook);
      communities.push_back(webhook.community);
      webhook_ids.push_back(webhook.id);
      deliveries.push_back(ids.Next().ToUuid());
      snapshot_ids.push_back(snapshot);
      shards.push_back(ShardOf(webhook));
      times.push_back(notice.time);
    }
  }

  Params Keys() const {
    return Params().AddArray(communities).AddArray(webhook_ids).AddArray(deliveries);
  }
};

}  // namespace

absl::Status NoticeWriter::Write(Transaction& transaction, std::vector<Notice> notices) {
  if (notices.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const auto audiences, FindAudiences(transaction, notices));
  Columns columns;
  for (Notice& notice : notices) {
    const auto audience = audiences.find(KeyOf(notice.webhook));
    if (audience == audiences.end()) continue;
    notice.webhook_name = audience->second.webhook_name;
    columns.Add(notice, audience->second.told, ids_);
  }
  if (columns.webhooks.empty()) return absl::OkStatus();
  const auto& snapshots = columns.snapshots;
  RETURN_IF_ERROR(transaction
                      .Execute(kInsertSnapshots, Params()
                                                     .AddArray(snapshots.communities)
                                                     .AddArray(snapshots.ids)
                                                     .AddBytesArray(snapshots.payloads))
                      .status());
  RETURN_IF_ERROR(transaction
                      .Execute(kInsertNotices, columns.Keys()
                                                   .AddArray(columns.snapshot_ids)
                                                   .Add(kNoticeKind)
                                                   .AddArray(columns.times))
                      .status());
  RETURN_IF_ERROR(
      transaction
          .Execute(kInsertQueue, columns.Keys().AddArray(columns.shards).AddArray(columns.times))
          .status());
  return NotifyQueue(transaction, schema_, columns.webhooks);
}

}  // namespace crier::delivery::storage
