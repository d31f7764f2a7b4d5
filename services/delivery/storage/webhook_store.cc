#include "services/delivery/storage/webhook_store.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "common/status/macros.h"
#include "services/delivery/domain/errors.h"
#include "services/delivery/domain/queue/shard.h"
#include "services/delivery/storage/delivery_sql.h"
#include "services/delivery/storage/queue_notices.h"
#include "services/delivery/storage/webhook_secrets.h"
#include "services/delivery/storage/webhook_sql.h"
#include "services/delivery/storage/webhook_state.h"

namespace crier::delivery::storage {
namespace {

using crypto::KeyRing;
using pg::Params;
using pg::Rows;
using pg::Transaction;

// A secret as it is to be stored, or NULL when it is the one that is there.
void AddSecret(const KeyRing& ring, SecretKind kind, const WebhookId& webhook,
               const std::string& secret, const std::string* stored, Params& params) {
  if (stored != nullptr && *stored == secret) {
    params.AddNull();
  } else {
    params.AddBytes(SealSecret(ring, kind, webhook, 0, secret));
  }
}

// The webhook's key and the settings that both an insertion and an update store, from
// `display_name` to `trusted_roots`. `before` is null for an insertion.
void AddSettings(const KeyRing& ring, const Webhook& webhook, const Webhook* before,
                 Params& params) {
  params.Add(webhook.id.community).Add(webhook.id.id);
  params.Add(webhook.display_name).Add(webhook.url);
  AddSecret(ring, SecretKind::kHeaderSecret, webhook.id, webhook.secret,
            before != nullptr ? &before->secret : nullptr, params);
  params.Add(PayloadVersionName(webhook.payload_version))
      .Add(webhook.envelope)
      .Add(webhook.member_alias);
  const std::string headers = HeaderLines(webhook.custom_headers);
  const std::string headers_before = before != nullptr ? HeaderLines(before->custom_headers) : "";
  AddSecret(ring, SecretKind::kCustomHeaders, webhook.id, headers,
            before != nullptr ? &headers_before : nullptr, params);
  params.Add(absl::ToInt64Nanoseconds(webhook.request_timeout)).Add(webhook.client_certificate);
  AddSecret(ring, SecretKind::kClientKey, webhook.id, webhook.client_key,
            before != nullptr ? &before->client_key : nullptr, params);
  params.Add(webhook.trusted_roots);
}

// Fills in what is sealed: `secret`, `client_key`, the custom headers and the signing keys.
absl::Status ReadSecrets(const KeyRing& ring, const Rows::Row& row, Webhook& webhook) {
  ASSIGN_OR_RETURN(webhook.secret,
                   OpenSecret(ring, SecretKind::kHeaderSecret, webhook.id, 0, row.Bytes(4)));
  ASSIGN_OR_RETURN(webhook.client_key,
                   OpenSecret(ring, SecretKind::kClientKey, webhook.id, 0, row.Bytes(15)));
  ASSIGN_OR_RETURN(const std::string headers,
                   OpenSecret(ring, SecretKind::kCustomHeaders, webhook.id, 0, row.Bytes(8)));
  ASSIGN_OR_RETURN(webhook.custom_headers, ParseHeaderLines(headers));
  ASSIGN_OR_RETURN(webhook.signing_keys,
                   ReadKeys(ring, webhook.id, row.OptionalText(17).value_or("")));
  return absl::OkStatus();
}

// Those from `retry_delays_ns` to `operational`, likewise.
void AddPace(const Webhook& webhook, Params& params) {
  std::vector<int64_t> delays;
  for (const absl::Duration delay : webhook.retry_policy.delays) {
    delays.push_back(absl::ToInt64Nanoseconds(delay));
  }
  params.AddArray(delays)
      .Add(webhook.retry_policy.max_attempts)
      .Add(webhook.attempts_per_minute)
      .Add(webhook.max_concurrency)
      .Add(webhook.operational);
}

absl::StatusOr<std::vector<absl::Duration>> ReadDelays(const std::string& text) {
  std::vector<absl::Duration> delays;
  for (const absl::string_view number : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    int64_t nanoseconds = 0;
    if (!absl::SimpleAtoi(number, &nanoseconds)) {
      return absl::InternalError("a stored delay is no number");
    }
    delays.push_back(absl::Nanoseconds(nanoseconds));
  }
  return delays;
}

// The columns of kGetWebhooks and kListWebhooks.
absl::StatusOr<Webhook> ReadWebhook(const KeyRing& ring, const Rows::Row& row) {
  Webhook webhook;
  webhook.id = {row.Int64(0), row.Int64(1)};
  webhook.display_name = row.Text(2);
  webhook.url = row.Text(3);
  const std::optional<PayloadVersion> payload_version = FindPayloadVersion(row.Text(5));
  if (!payload_version) {
    return absl::InternalError("stored payload version is unknown to this release");
  }
  webhook.payload_version = *payload_version;
  webhook.envelope = row.Bool(6);
  webhook.member_alias = row.Bool(7);
  webhook.request_timeout = absl::Nanoseconds(row.Int64(9));
  webhook.create_time = row.Time(10);
  webhook.update_time = row.Time(11);
  webhook.version = row.Int64(12);
  ASSIGN_OR_RETURN(webhook.cancelled_through, MessageId::FromUuid(row.Text(13)));
  webhook.client_certificate = row.Text(14);
  webhook.trusted_roots = row.Text(16);
  // One webhook whose secrets are lost must not hold up the others that are read with it.
  const absl::Status secrets = ReadSecrets(ring, row, webhook);
  if (!secrets.ok()) {
    webhook.secrets_error = std::string(secrets.message());
    webhook.secret.clear();
    webhook.client_key.clear();
    webhook.custom_headers.clear();
    webhook.signing_keys.clear();
  }
  webhook.state = static_cast<WebhookState>(row.Int32(18));
  webhook.disable_reason = static_cast<DisableReason>(row.Int32(19));
  webhook.state_change_time = row.OptionalTime(20);
  ASSIGN_OR_RETURN(webhook.retry_policy.delays, ReadDelays(row.Text(21)));
  webhook.retry_policy.max_attempts = row.Int32(22);
  webhook.attempts_per_minute = row.Int32(23);
  webhook.max_concurrency = row.Int32(24);
  webhook.operational = row.Bool(25);
  webhook.failing = ReadFailing(row, 26);
  return webhook;
}

absl::StatusOr<std::vector<Webhook>> ReadWebhooks(const KeyRing& ring, const Rows& rows) {
  std::vector<Webhook> webhooks;
  webhooks.reserve(rows.size());
  for (const Rows::Row row : rows) {
    ASSIGN_OR_RETURN(Webhook webhook, ReadWebhook(ring, row));
    webhooks.push_back(std::move(webhook));
  }
  return webhooks;
}

// $1: communities, $2: webhooks.
Params Keys(const std::vector<WebhookId>& ids) {
  std::vector<int64_t> communities, webhooks;
  for (const WebhookId& id : ids) {
    communities.push_back(id.community);
    webhooks.push_back(id.id);
  }
  return Params().AddArray(communities).AddArray(webhooks);
}

absl::StatusOr<std::vector<Webhook>> Load(Transaction& transaction, const KeyRing& ring,
                                          const std::vector<WebhookId>& ids) {
  ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kGetWebhooks, Keys(ids)));
  return ReadWebhooks(ring, rows);
}

absl::StatusOr<Webhook> LoadOne(Transaction& transaction, const KeyRing& ring,
                                const WebhookId& id) {
  ASSIGN_OR_RETURN(std::vector<Webhook> found, Load(transaction, ring, {id}));
  if (found.empty()) return WebhookNotFoundError(id);
  return std::move(found.front());
}

// The id of the new row; nothing when the request id was used before.
absl::StatusOr<std::optional<int64_t>> Insert(Transaction& transaction, const KeyRing& ring,
                                              Webhook webhook, absl::string_view request_id) {
  ASSIGN_OR_RETURN(const Rows next, transaction.Execute(kNextWebhookId));
  webhook.id.id = next[0].Int64(0);
  Params params;
  AddSettings(ring, webhook, /*before=*/nullptr, params);
  request_id.empty() ? params.AddNull() : params.Add(request_id);
  params.Add(webhook.create_time).Add(webhook.update_time);
  AddPace(webhook, params);
  ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kInsertWebhook, params));
  if (rows.empty()) return std::optional<int64_t>();
  RETURN_IF_ERROR(
      transaction.Execute(kInsertKeys, KeyParams(ring, webhook.id, webhook.signing_keys)).status());
  return std::optional<int64_t>(webhook.id.id);
}

// The webhook that an earlier call with the request id created.
absl::StatusOr<Webhook> LoadCreatedBefore(Transaction& transaction, const KeyRing& ring,
                                          int64_t community, absl::string_view request_id) {
  ASSIGN_OR_RETURN(const Rows rows,
                   transaction.Execute(kFindByRequestId, Params().Add(community).Add(request_id)));
  if (rows.empty()) return absl::InternalError("the request id was taken and is free again");
  absl::StatusOr<Webhook> webhook = LoadOne(transaction, ring, {community, rows[0].Int64(0)});
  if (absl::IsNotFound(webhook.status())) return RequestIdSpentError();
  return webhook;
}

// Locks the webhook and returns what it is now.
absl::StatusOr<Webhook> LockWebhook(Transaction& transaction, const KeyRing& ring,
                                    const WebhookId& id, absl::string_view etag) {
  RETURN_IF_ERROR(
      transaction.Execute(kLockWebhook, Params().Add(id.community).Add(id.id)).status());
  // A statement of its own, which sees what was committed while the lock was waited for.
  ASSIGN_OR_RETURN(Webhook webhook, LoadOne(transaction, ring, id));
  if (!etag.empty() && etag != webhook.etag()) return EtagMismatchError();
  return webhook;
}

absl::Status StoreChange(Transaction& transaction, const KeyRing& ring, const Webhook& webhook,
                         const Webhook& before) {
  Params params;
  AddSettings(ring, webhook, &before, params);
  params.Add(webhook.update_time).Add(webhook.version);
  AddPace(webhook, params);
  AddFailing(webhook, params);
  return transaction.Execute(kUpdateWebhook, params).status();
}

}  // namespace

PgWebhookStore::PgWebhookStore(pg::Pool& pool, const crypto::KeyRingHolder& rings)
    : pool_(pool), rings_(rings), notices_(pool.database().schema) {}

absl::StatusOr<Webhook> PgWebhookStore::Create(const Webhook& webhook, absl::string_view request_id,
                                               absl::Time deadline) {
  return pool_.Run(deadline, [&](Transaction& transaction) -> absl::StatusOr<Webhook> {
    const auto ring = rings_.Get();
    ASSIGN_OR_RETURN(const std::optional<int64_t> id,
                     Insert(transaction, *ring, webhook, request_id));
    return id ? LoadOne(transaction, *ring, {webhook.id.community, *id})
              : LoadCreatedBefore(transaction, *ring, webhook.id.community, request_id);
  });
}

absl::StatusOr<Webhook> PgWebhookStore::Get(const WebhookId& id, absl::Time deadline) {
  return pool_.Read(
      deadline, [&](Transaction& transaction) { return LoadOne(transaction, *rings_.Get(), id); });
}

absl::StatusOr<std::vector<std::shared_ptr<const Webhook>>> PgWebhookStore::GetMany(
    const std::vector<WebhookId>& ids, absl::Time deadline) {
  using Webhooks = std::vector<std::shared_ptr<const Webhook>>;
  return pool_.Read(deadline, [&](Transaction& transaction) -> absl::StatusOr<Webhooks> {
    const absl::Time now = absl::Now();
    ASSIGN_OR_RETURN(const Rows versions, transaction.Execute(kGetRowVersions, Keys(ids)));
    Webhooks webhooks(ids.size());
    absl::flat_hash_map<WebhookId, int64_t, WebhookIdHash> unknown;  // with the version of the row
    for (const Rows::Row row : versions) {
      const size_t place = static_cast<size_t>(row.Int64(0)) - 1;
      const int64_t version = row.Int64(1);
      webhooks[place] = cache_.Find(ids[place], version, now);
      if (webhooks[place] == nullptr) unknown.emplace(ids[place], version);
    }
    if (unknown.empty()) return webhooks;
    std::vector<WebhookId> to_read;
    for (const auto& [id, version] : unknown) to_read.push_back(id);
    ASSIGN_OR_RETURN(std::vector<Webhook> read, Load(transaction, *rings_.Get(), to_read));
    for (Webhook& webhook : read) {
      const auto shared = std::make_shared<const Webhook>(std::move(webhook));
      cache_.Keep(shared, unknown.at(shared->id), now);
      for (size_t i = 0; i < ids.size(); ++i) {
        if (ids[i] == shared->id) webhooks[i] = shared;
      }
    }
    return webhooks;
  });
}

absl::StatusOr<std::vector<std::optional<WebhookState>>> PgWebhookStore::States(
    const std::vector<WebhookId>& ids, absl::Time deadline) {
  ASSIGN_OR_RETURN(const Rows rows, pool_.Read(deadline, kGetStates, Keys(ids)));
  std::vector<std::optional<WebhookState>> states;
  for (const Rows::Row row : rows) {
    states.push_back(row.IsNull(0) ? std::nullopt
                                   : std::make_optional(static_cast<WebhookState>(row.Int32(0))));
  }
  return states;
}

absl::StatusOr<std::vector<Webhook>> PgWebhookStore::List(int64_t community, int64_t after,
                                                          int limit, absl::Time deadline) {
  ASSIGN_OR_RETURN(const Rows rows, pool_.Read(deadline, kListWebhooks,
                                               Params().Add(community).Add(after).Add(limit)));
  return ReadWebhooks(*rings_.Get(), rows);
}

absl::StatusOr<Webhook> PgWebhookStore::Update(const WebhookId& id, absl::string_view etag,
                                               const std::function<void(Webhook&)>& change,
                                               absl::Time deadline) {
  return pool_.Run(deadline, [&](Transaction& transaction) -> absl::StatusOr<Webhook> {
    const auto ring = rings_.Get();
    ASSIGN_OR_RETURN(const Webhook before, LockWebhook(transaction, *ring, id, etag));
    Webhook updated = before;
    change(updated);
    ++updated.version;
    RETURN_IF_ERROR(StoreChange(transaction, *ring, updated, before));
    RETURN_IF_ERROR(NotifyTryNow(transaction, pool_.database().schema, id));
    return updated;
  });
}

absl::StatusOr<Webhook> PgWebhookStore::UpdateKeys(
    const WebhookId& id, absl::string_view etag,
    const std::function<absl::StatusOr<bool>(Webhook&)>& change, absl::Time deadline) {
  return pool_.Run(deadline, [&](Transaction& transaction) -> absl::StatusOr<Webhook> {
    const auto ring = rings_.Get();
    ASSIGN_OR_RETURN(const Webhook before, LockWebhook(transaction, *ring, id, etag));
    if (!before.secrets_error.empty()) return SecretsUnreadableError();
    Webhook updated = before;
    ASSIGN_OR_RETURN(const bool changed, change(updated));
    if (!changed) return updated;
    ++updated.version;
    RETURN_IF_ERROR(StoreChange(transaction, *ring, updated, before));
    RETURN_IF_ERROR(
        transaction.Execute(kDeleteKeys, Params().Add(id.community).Add(id.id)).status());
    const Params keys = KeyParams(*ring, id, updated.signing_keys);
    RETURN_IF_ERROR(transaction.Execute(kInsertKeys, keys).status());
    return updated;
  });
}

absl::StatusOr<StateChange> PgWebhookStore::ChangeState(const WebhookId& id, absl::string_view etag,
                                                        StateAction action, absl::Time now,
                                                        absl::Time deadline) {
  return pool_.Run(deadline, [&](Transaction& transaction) -> absl::StatusOr<StateChange> {
    StateChange change;
    Webhook& webhook = change.webhook;
    ASSIGN_OR_RETURN(webhook, LockWebhook(transaction, *rings_.Get(), id, etag));
    ASSIGN_OR_RETURN(const bool changed, ApplyAction(action, now, webhook));
    if (!changed) return change;
    ++webhook.version;
    RETURN_IF_ERROR(StoreState(transaction, webhook));
    if (webhook.state == WebhookState::kDisabled) {
      RETURN_IF_ERROR(notices_.Write(transaction, {DisabledNotice(webhook, now)}));
    }
    if (action == StateAction::kEnableAnew) {
      ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kCancelAllQueued,
                                                            Params().Add(id.community).Add(id.id)));
      change.cancelled = static_cast<int>(rows[0].Int64(0));
    }
    if (webhook.state == WebhookState::kEnabled) {
      RETURN_IF_ERROR(NotifyTryNow(transaction, pool_.database().schema, id));
    }
    return change;
  });
}

absl::StatusOr<int> PgWebhookStore::Delete(const WebhookId& id, absl::string_view etag,
                                           absl::Time deadline) {
  return pool_.Run(deadline, [&](Transaction& transaction) -> absl::StatusOr<int> {
    RETURN_IF_ERROR(LockWebhook(transaction, *rings_.Get(), id, etag).status());
    const Params key = Params().Add(id.community).Add(id.id);
    RETURN_IF_ERROR(transaction.Execute(kDeleteKeys, key).status());
    RETURN_IF_ERROR(transaction.Execute(kEmptyWebhook, key).status());
    ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kCancelDeliveries, key));
    return static_cast<int>(rows.affected());
  });
}

}  // namespace crier::delivery::storage
