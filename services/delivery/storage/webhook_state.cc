#include "services/delivery/storage/webhook_state.h"

#include <cstdint>

#include "common/status/macros.h"
#include "services/delivery/storage/webhook_sql.h"

namespace crier::delivery::storage {

using pg::Params;
using pg::Rows;

std::optional<FailingSpell> ReadFailing(const Rows::Row& row, int first) {
  if (row.IsNull(first)) return std::nullopt;
  return FailingSpell{row.Time(first), row.Time(first + 1),
                      absl::Microseconds(row.Int64(first + 2)), row.Bool(first + 3)};
}

void AddFailing(const Webhook& webhook, Params& params) {
  if (!webhook.failing) {
    params.AddNull().AddNull().AddNull().AddNull();
    return;
  }
  params.Add(webhook.failing->since)
      .Add(webhook.failing->last_counted)
      .Add(absl::ToInt64Microseconds(webhook.failing->counted))
      .Add(webhook.failing->told);
}

absl::Status StoreState(pg::Transaction& transaction, const Webhook& webhook) {
  Params params;
  params.Add(webhook.id.community).Add(webhook.id.id);
  AddFailing(webhook, params);
  params.Add(static_cast<int32_t>(webhook.state))
      .Add(static_cast<int32_t>(webhook.disable_reason))
      .Add(webhook.state_change_time)
      .Add(webhook.update_time)
      .Add(webhook.version);
  return transaction.Execute(kSetState, params).status();
}

absl::StatusOr<std::vector<Webhook>> LockStates(pg::Transaction& transaction,
                                                const std::vector<WebhookId>& ids) {
  std::vector<int64_t> communities, webhooks;
  for (const WebhookId& id : ids) {
    communities.push_back(id.community);
    webhooks.push_back(id.id);
  }
  ASSIGN_OR_RETURN(
      const Rows rows,
      transaction.Execute(kLockHealth, Params().AddArray(communities).AddArray(webhooks)));
  std::vector<Webhook> found;
  for (const Rows::Row row : rows) {
    Webhook webhook;
    webhook.id = {row.Int64(0), row.Int64(1)};
    webhook.display_name = row.Text(2);
    webhook.version = row.Int64(3);
    webhook.state = static_cast<WebhookState>(row.Int32(4));
    webhook.disable_reason = static_cast<DisableReason>(row.Int32(5));
    webhook.state_change_time = row.OptionalTime(6);
    webhook.update_time = row.Time(7);
    webhook.failing = ReadFailing(row, 8);
    found.push_back(std::move(webhook));
  }
  return found;
}

}  // namespace crier::delivery::storage
