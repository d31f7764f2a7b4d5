#include "services/delivery/storage/webhook_store.h"

#include <rapidjson/document.h>

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_split.h"
#include "common/status/macros.h"
#include "services/delivery/domain/errors.h"
#include "services/delivery/storage/delivery_sql.h"
#include "services/delivery/storage/webhook_sql.h"

namespace crier::delivery::storage {
namespace {

using pg::Params;
using pg::Rows;
using pg::Transaction;

// The settings that both an insertion and an update store, from `display_name` to
// `request_timeout_ns`.
void AddSettings(const Webhook& webhook, Params& params) {
  std::vector<std::string> names, values;
  for (const auto& [name, value] : webhook.custom_headers) {
    names.push_back(name);
    values.push_back(value);
  }
  params.Add(webhook.display_name)
      .Add(webhook.url)
      .Add(webhook.secret)
      .Add(PayloadVersionName(webhook.payload_version))
      .Add(webhook.envelope)
      .Add(webhook.member_alias)
      .AddArray(names)
      .AddArray(values)
      .Add(absl::ToInt64Nanoseconds(webhook.request_timeout));
}

absl::StatusOr<std::map<std::string, std::string>> ReadHeaders(const std::string& json) {
  rapidjson::Document document;
  document.Parse(json.data(), json.size());
  if (document.HasParseError() || !document.IsObject()) {
    return absl::InternalError("stored custom headers are no JSON object");
  }
  std::map<std::string, std::string> headers;
  const rapidjson::Value& object = document;
  for (const auto& member : object.GetObject()) {
    headers.emplace(member.name.GetString(), member.value.GetString());
  }
  return headers;
}

// The columns of kGetWebhooks and kListWebhooks.
absl::StatusOr<Webhook> ReadWebhook(const Rows::Row& row) {
  Webhook webhook;
  webhook.id = {row.Int64(0), row.Int64(1)};
  webhook.display_name = row.Text(2);
  webhook.url = row.Text(3);
  webhook.secret = row.Text(4);
  const std::optional<PayloadVersion> payload_version = FindPayloadVersion(row.Text(5));
  if (!payload_version) {
    return absl::InternalError("stored payload version is unknown to this release");
  }
  webhook.payload_version = *payload_version;
  webhook.envelope = row.Bool(6);
  webhook.member_alias = row.Bool(7);
  ASSIGN_OR_RETURN(webhook.custom_headers, ReadHeaders(row.Text(8)));
  webhook.request_timeout = absl::Nanoseconds(row.Int64(9));
  webhook.create_time = row.Time(10);
  webhook.update_time = row.Time(11);
  webhook.version = row.Int64(12);
  const std::string keys = row.OptionalText(13).value_or("");
  for (const absl::string_view key : absl::StrSplit(keys, ' ', absl::SkipEmpty())) {
    webhook.signing_keys.push_back(absl::HexStringToBytes(key));
  }
  ASSIGN_OR_RETURN(webhook.cancelled_through, MessageId::FromUuid(row.Text(14)));
  return webhook;
}

absl::StatusOr<std::vector<Webhook>> ReadWebhooks(const Rows& rows) {
  std::vector<Webhook> webhooks;
  webhooks.reserve(rows.size());
  for (const Rows::Row row : rows) {
    ASSIGN_OR_RETURN(Webhook webhook, ReadWebhook(row));
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

absl::StatusOr<std::vector<Webhook>> Load(Transaction& transaction,
                                          const std::vector<WebhookId>& ids) {
  ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kGetWebhooks, Keys(ids)));
  return ReadWebhooks(rows);
}

absl::StatusOr<Webhook> LoadOne(Transaction& transaction, const WebhookId& id) {
  ASSIGN_OR_RETURN(std::vector<Webhook> found, Load(transaction, {id}));
  if (found.empty()) return WebhookNotFoundError(id);
  return std::move(found.front());
}

// The id of the new row; nothing when the request id was used before.
absl::StatusOr<std::optional<int64_t>> Insert(Transaction& transaction, const Webhook& webhook,
                                              absl::string_view request_id) {
  Params params;
  params.Add(webhook.id.community);
  request_id.empty() ? params.AddNull() : params.Add(request_id);
  AddSettings(webhook, params);
  params.Add(webhook.create_time).Add(webhook.update_time);
  ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kInsertWebhook, params));
  if (rows.empty()) return std::optional<int64_t>();
  const int64_t id = rows[0].Int64(0);
  RETURN_IF_ERROR(
      transaction
          .Execute(kInsertKeys,
                   Params().Add(webhook.id.community).Add(id).AddBytesArray(webhook.signing_keys))
          .status());
  return std::optional<int64_t>(id);
}

// The webhook that an earlier call with the request id created.
absl::StatusOr<Webhook> LoadCreatedBefore(Transaction& transaction, int64_t community,
                                          absl::string_view request_id) {
  ASSIGN_OR_RETURN(const Rows rows,
                   transaction.Execute(kFindByRequestId, Params().Add(community).Add(request_id)));
  if (rows.empty()) return absl::InternalError("the request id was taken and is free again");
  absl::StatusOr<Webhook> webhook = LoadOne(transaction, {community, rows[0].Int64(0)});
  if (absl::IsNotFound(webhook.status())) return RequestIdSpentError();
  return webhook;
}

// Locks the webhook and returns what it is now.
absl::StatusOr<Webhook> LockWebhook(Transaction& transaction, const WebhookId& id,
                                    absl::string_view etag) {
  RETURN_IF_ERROR(
      transaction.Execute(kLockWebhook, Params().Add(id.community).Add(id.id)).status());
  // A statement of its own, which sees what was committed while the lock was waited for.
  ASSIGN_OR_RETURN(Webhook webhook, LoadOne(transaction, id));
  if (!etag.empty() && etag != webhook.etag()) return EtagMismatchError();
  return webhook;
}

absl::Status StoreChange(Transaction& transaction, const Webhook& webhook) {
  Params params;
  params.Add(webhook.id.community).Add(webhook.id.id);
  AddSettings(webhook, params);
  params.Add(webhook.update_time).Add(webhook.version);
  return transaction.Execute(kUpdateWebhook, params).status();
}

}  // namespace

absl::StatusOr<Webhook> PgWebhookStore::Create(const Webhook& webhook, absl::string_view request_id,
                                               absl::Time deadline) {
  Webhook created;
  RETURN_IF_ERROR(pool_.Run(deadline, [&](Transaction& transaction) -> absl::Status {
    ASSIGN_OR_RETURN(const std::optional<int64_t> id, Insert(transaction, webhook, request_id));
    absl::StatusOr<Webhook> stored =
        id ? LoadOne(transaction, {webhook.id.community, *id})
           : LoadCreatedBefore(transaction, webhook.id.community, request_id);
    if (stored.ok()) created = *std::move(stored);
    return stored.status();
  }));
  return created;
}

absl::StatusOr<Webhook> PgWebhookStore::Get(const WebhookId& id, absl::Time deadline) {
  Webhook webhook;
  RETURN_IF_ERROR(pool_.Run(deadline, [&](Transaction& transaction) -> absl::Status {
    ASSIGN_OR_RETURN(webhook, LoadOne(transaction, id));
    return absl::OkStatus();
  }));
  return webhook;
}

absl::StatusOr<std::vector<std::optional<Webhook>>> PgWebhookStore::GetMany(
    const std::vector<WebhookId>& ids, absl::Time deadline) {
  std::vector<Webhook> found;
  RETURN_IF_ERROR(pool_.Run(deadline, [&](Transaction& transaction) -> absl::Status {
    ASSIGN_OR_RETURN(found, Load(transaction, ids));
    return absl::OkStatus();
  }));
  std::map<std::pair<int64_t, int64_t>, const Webhook*> by_id;
  for (const Webhook& webhook : found) by_id[{webhook.id.community, webhook.id.id}] = &webhook;

  std::vector<std::optional<Webhook>> webhooks(ids.size());
  for (size_t i = 0; i < ids.size(); ++i) {
    const auto entry = by_id.find({ids[i].community, ids[i].id});
    if (entry != by_id.end()) webhooks[i] = *entry->second;
  }
  return webhooks;
}

absl::StatusOr<std::vector<int64_t>> PgWebhookStore::Versions(const std::vector<WebhookId>& ids,
                                                              absl::Time deadline) {
  std::vector<int64_t> versions;
  RETURN_IF_ERROR(pool_.Run(deadline, [&](Transaction& transaction) -> absl::Status {
    ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kGetVersions, Keys(ids)));
    versions.clear();
    for (const Rows::Row row : rows) versions.push_back(row.Int64(0));
    return absl::OkStatus();
  }));
  return versions;
}

absl::StatusOr<std::vector<Webhook>> PgWebhookStore::List(int64_t community, int64_t after,
                                                          int limit, absl::Time deadline) {
  std::vector<Webhook> webhooks;
  RETURN_IF_ERROR(pool_.Run(deadline, [&](Transaction& transaction) -> absl::Status {
    ASSIGN_OR_RETURN(
        const Rows rows,
        transaction.Execute(kListWebhooks, Params().Add(community).Add(after).Add(limit)));
    ASSIGN_OR_RETURN(webhooks, ReadWebhooks(rows));
    return absl::OkStatus();
  }));
  return webhooks;
}

absl::StatusOr<Webhook> PgWebhookStore::Update(const WebhookId& id, absl::string_view etag,
                                               const std::function<void(Webhook&)>& change,
                                               absl::Time deadline) {
  Webhook updated;
  RETURN_IF_ERROR(pool_.Run(deadline, [&](Transaction& transaction) -> absl::Status {
    ASSIGN_OR_RETURN(updated, LockWebhook(transaction, id, etag));
    change(updated);
    ++updated.version;
    return StoreChange(transaction, updated);
  }));
  return updated;
}

absl::Status PgWebhookStore::Delete(const WebhookId& id, absl::string_view etag,
                                    absl::Time deadline) {
  return pool_.Run(deadline, [&](Transaction& transaction) -> absl::Status {
    RETURN_IF_ERROR(LockWebhook(transaction, id, etag).status());
    const Params key = Params().Add(id.community).Add(id.id);
    RETURN_IF_ERROR(transaction.Execute(kDeleteKeys, key).status());
    RETURN_IF_ERROR(transaction.Execute(kEmptyWebhook, key).status());
    return transaction.Execute(kCancelDeliveries, key).status();
  });
}

}  // namespace crier::delivery::storage
