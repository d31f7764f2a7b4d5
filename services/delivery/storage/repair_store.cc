#include "services/delivery/storage/repair_store.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/api/resource_name.h"
#include "common/status/macros.h"
#include "services/delivery/domain/errors.h"
#include "services/delivery/domain/queue/shard.h"
#include "services/delivery/storage/cancellation.h"
#include "services/delivery/storage/delivery_sql.h"
#include "services/delivery/storage/queue_notices.h"
#include "services/delivery/storage/repair_sql.h"
#include "services/delivery/storage/webhook_sql.h"

namespace crier::delivery::storage {
namespace {

using pg::Params;
using pg::Rows;
using pg::Transaction;

Params Key(const DeliveryId& id) {
  return Params().Add(id.webhook.community).Add(id.webhook.id).Add(id.message.ToUuid());
}

absl::Status NotFound(const DeliveryId& id) {
  return DeliveryNotFoundError(absl::StrCat(api::ResourceName(api::kWebhooks, id.webhook),
                                            "/deliveries/", id.message.ToString()));
}

// Deliveries that go on the queue again, as columns.
struct Again {
  std::vector<int64_t> communities;
  std::vector<int64_t> webhooks;
  std::vector<std::string> deliveries;
  std::vector<int32_t> shards;
  std::vector<int32_t> attempts;

  void Add(const WebhookId& webhook, std::string delivery, int attempts_made) {
    communities.push_back(webhook.community);
    webhooks.push_back(webhook.id);
    deliveries.push_back(std::move(delivery));
    shards.push_back(ShardOf(webhook));
    attempts.push_back(attempts_made);
  }

  int size() const { return static_cast<int>(deliveries.size()); }
};

Params Keys(const Again& again) {
  return Params().AddArray(again.communities).AddArray(again.webhooks).AddArray(again.deliveries);
}

absl::Status LockDeliveries(Transaction& transaction, const Again& again) {
  return transaction.Execute(kLockDeliveries, Keys(again)).status();
}

// The deliveries are locked.
absl::Status QueueAgain(Transaction& transaction, const Again& again, absl::Time due_time) {
  Params params = Keys(again);
  params.AddArray(again.shards).AddArray(again.attempts).Add(due_time);
  RETURN_IF_ERROR(transaction.Execute(kQueueAgain, params).status());
  return transaction.Execute(kCountAgain, Keys(again)).status();
}

// Locks what was found exhausted, and returns what still is so then: another recovery may have been
// at the same deliveries.
absl::StatusOr<Again> LockExhausted(Transaction& transaction, const Again& found) {
  Again again;
  if (found.size() == 0) return again;
  RETURN_IF_ERROR(LockDeliveries(transaction, found));
  Params params = Keys(found);
  params.AddArray(found.attempts);
  ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kFindStillExhausted, params));
  for (const Rows::Row row : rows) {
    again.Add({row.Int64(0), row.Int64(1)}, row.Text(2), row.Int32(3));
  }
  return again;
}

// Each once.
std::vector<WebhookId> WebhooksOf(const Again& again) {
  std::set<std::pair<int64_t, int64_t>> distinct;
  for (int i = 0; i < again.size(); ++i) {
    distinct.insert({again.communities[i], again.webhooks[i]});
  }
  std::vector<WebhookId> webhooks;
  for (const auto& [community, webhook] : distinct) webhooks.push_back({community, webhook});
  return webhooks;
}

absl::StatusOr<Recovery> ReadRecovery(const Rows::Row& row) {
  Recovery recovery;
  recovery.community = row.Int64(0);
  recovery.id = row.Int64(1);
  if (row.Int64(2) != 0) recovery.webhook = row.Int64(2);
  recovery.created_from = row.Time(3);
  recovery.created_before = row.Time(4);
  ASSIGN_OR_RETURN(const MessageId looked_at, MessageId::FromUuid(row.Text(5)));
  recovery.progress_time = looked_at.time();
  recovery.state = static_cast<RecoveryState>(row.Int32(6));
  // The last id that was found says nothing of the rest, in which there was none.
  if (recovery.state == RecoveryState::kSucceeded) recovery.progress_time = recovery.created_before;
  recovery.recovered = row.Int64(7);
  recovery.create_time = row.Time(8);
  recovery.end_time = row.OptionalTime(9);
  return recovery;
}

absl::StatusOr<Recovery> LoadRecovery(Transaction& transaction, int64_t community, int64_t id) {
  ASSIGN_OR_RETURN(const Rows rows,
                   transaction.Execute(kGetRecovery, Params().Add(community).Add(id)));
  if (rows.empty()) return RecoveryNotFoundError(community, id);
  return ReadRecovery(rows[0]);
}

absl::Status CheckWebhook(Transaction& transaction, const WebhookId& webhook) {
  ASSIGN_OR_RETURN(
      const Rows rows,
      transaction.Execute(kLockWebhook, Params().Add(webhook.community).Add(webhook.id)));
  return rows.empty() ? WebhookNotFoundError(webhook) : absl::OkStatus();
}

}  // namespace

absl::Status PgRepairStore::Redeliver(const DeliveryId& id, absl::Time due_time,
                                      absl::Time deadline) {
  return pool_.Run(deadline, [&](Transaction& transaction) -> absl::Status {
    ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kFindForRepair, Key(id)));
    if (rows.empty()) return NotFound(id);
    if (!rows[0].Bool(1)) return WebhookNotFoundError(id.webhook);
    if (rows[0].Bool(0)) return DeliveryErasedError();
    Again again;
    again.Add(id.webhook, id.message.ToUuid(), rows[0].Int32(2));
    RETURN_IF_ERROR(LockDeliveries(transaction, again));
    RETURN_IF_ERROR(QueueAgain(transaction, again, due_time));
    return NotifyTryNow(transaction, schema_, id.webhook);
  });
}

absl::Status PgRepairStore::Cancel(const DeliveryId& id, absl::Time deadline) {
  return pool_.Run(deadline, [&](Transaction& transaction) -> absl::Status {
    ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kFindForRepair, Key(id)));
    if (rows.empty()) return NotFound(id);
    ASSIGN_OR_RETURN(const int cancelled, CancelQueued(transaction, id.webhook.community,
                                                       {id.webhook.id}, {id.message.ToUuid()}));
    return cancelled == 0 ? DeliveryNotPendingError() : absl::OkStatus();
  });
}

absl::StatusOr<Recovery> PgRepairStore::StartRecovery(const Recovery& recovery,
                                                      absl::string_view request_id,
                                                      absl::Time deadline) {
  return pool_.Run(deadline, [&](Transaction& transaction) -> absl::StatusOr<Recovery> {
    const int64_t community = recovery.community;
    if (recovery.webhook) {
      RETURN_IF_ERROR(CheckWebhook(transaction, {community, *recovery.webhook}));
    }
    RETURN_IF_ERROR(transaction.Execute(kDeleteOldRecoveries, Params().Add(community)).status());
    Params params = Params().Add(community);
    request_id.empty() ? params.AddNull() : params.Add(request_id);
    params.Add(recovery.webhook.value_or(0))
        .Add(recovery.created_from)
        .Add(recovery.created_before)
        .Add(MessageId::FirstAt(recovery.created_from).ToUuid())
        .Add(recovery.create_time);
    ASSIGN_OR_RETURN(Rows rows, transaction.Execute(kInsertRecovery, params));
    if (rows.empty()) {
      ASSIGN_OR_RETURN(rows, transaction.Execute(kFindRecoveryByRequestId,
                                                 Params().Add(community).Add(request_id)));
    }
    if (rows.empty()) return absl::InternalError("the request id was taken and is free again");
    if (recovery.webhook) {
      RETURN_IF_ERROR(NotifyTryNow(transaction, schema_, {community, *recovery.webhook}));
    }
    return ReadRecovery(rows[0]);
  });
}

absl::StatusOr<Recovery> PgRepairStore::GetRecovery(int64_t community, int64_t id,
                                                    absl::Time deadline) {
  return pool_.Read(
      deadline, [&](Transaction& transaction) { return LoadRecovery(transaction, community, id); });
}

absl::StatusOr<std::vector<Recovery>> PgRepairStore::ListRecoveries(int64_t community,
                                                                    int64_t before, int limit,
                                                                    absl::Time deadline) {
  ASSIGN_OR_RETURN(const Rows rows, pool_.Read(deadline, kListRecoveries,
                                               Params().Add(community).Add(before).Add(limit)));
  std::vector<Recovery> recoveries;
  for (const Rows::Row row : rows) {
    ASSIGN_OR_RETURN(const Recovery recovery, ReadRecovery(row));
    recoveries.push_back(recovery);
  }
  return recoveries;
}

absl::StatusOr<Recovery> PgRepairStore::CancelRecovery(int64_t community, int64_t id,
                                                       absl::Time deadline) {
  return pool_.Run(deadline, [&](Transaction& transaction) -> absl::StatusOr<Recovery> {
    RETURN_IF_ERROR(transaction.Execute(kCancelRecovery, Params().Add(community).Add(id)).status());
    ASSIGN_OR_RETURN(const Recovery recovery, LoadRecovery(transaction, community, id));
    const bool cancelled = recovery.state == RecoveryState::kCancelled;
    if (!cancelled) return RecoveryFinishedError(community, id);
    return recovery;
  });
}

absl::StatusOr<RecoveryStep> PgRepairStore::StepRecovery(int max_deliveries, absl::Time due_time,
                                                         absl::Time deadline) {
  return pool_.Run(deadline, [&](Transaction& transaction) -> absl::StatusOr<RecoveryStep> {
    RecoveryStep step;
    ASSIGN_OR_RETURN(const Rows running, transaction.Execute(kTakeRecovery));
    if (running.empty()) return step;
    step.found = true;
    ASSIGN_OR_RETURN(const Recovery recovery, ReadRecovery(running[0]));
    std::string looked_at = running[0].Text(5);
    ASSIGN_OR_RETURN(
        const Rows exhausted,
        transaction.Execute(kFindExhausted,
                            Params()
                                .Add(recovery.community)
                                .Add(looked_at)
                                .Add(MessageId::FirstAt(recovery.created_before).ToUuid())
                                .Add(recovery.webhook.value_or(0))
                                .Add(max_deliveries)));
    Again found;
    for (const Rows::Row row : exhausted) {
      looked_at = row.Text(1);
      found.Add({recovery.community, row.Int64(0)}, looked_at, row.Int32(2));
    }
    ASSIGN_OR_RETURN(const Again again, LockExhausted(transaction, found));
    if (again.size() > 0) {
      RETURN_IF_ERROR(QueueAgain(transaction, again, due_time));
      RETURN_IF_ERROR(NotifyQueue(transaction, schema_, WebhooksOf(again)));
    }
    step.recovered = again.size();
    step.over = exhausted.size() < max_deliveries;
    const Params moved = Params()
                             .Add(recovery.community)
                             .Add(recovery.id)
                             .Add(looked_at)
                             .Add(step.recovered)
                             .Add(step.over);
    RETURN_IF_ERROR(transaction.Execute(kMoveRecovery, moved).status());
    return step;
  });
}

}  // namespace crier::delivery::storage
