#include "services/delivery/storage/queue_store.h"

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <set>

#include "common/api/time.h"
#include "common/pg/lease_store.h"
#include "common/status/macros.h"
#include "services/delivery/domain/shard.h"
#include "services/delivery/storage/delivery_sql.h"
#include "services/delivery/storage/exchange_codec.h"
#include "services/delivery/storage/webhook_state.h"

namespace crier::delivery::storage {
namespace {

using pg::Params;
using pg::Rows;
using pg::Transaction;

// What the column of durations holds at most; attempts end long before.
constexpr int64_t kLongestMicroseconds = std::numeric_limits<int32_t>::max();

// Keys of deliveries as the parameters $1 to $3.
struct KeyColumns {
  std::vector<int64_t> communities;
  std::vector<int64_t> webhooks;
  std::vector<std::string> ids;

  void Add(const DeliveryId& id) {
    communities.push_back(id.webhook.community);
    webhooks.push_back(id.webhook.id);
    ids.push_back(id.message.ToUuid());
  }

  bool empty() const { return ids.empty(); }

  Params ToParams() const {
    return Params().AddArray(communities).AddArray(webhooks).AddArray(ids);
  }
};

// What a batch of outcomes changes, as columns.
struct Changes {
  struct {
    KeyColumns keys;
    std::vector<int32_t> numbers;
    std::vector<int32_t> states;
    std::vector<int32_t> outcomes;
    std::vector<int32_t> statuses;
    std::vector<int32_t> durations;
    std::vector<std::string> exchanges;
    std::vector<std::string> responses;
  } attempts;

  KeyColumns finished;
  std::set<std::string> queued;  // what Write() found on the queue

  struct {
    KeyColumns keys;
    std::vector<int32_t> attempt_counts;
    std::vector<absl::Time> due_times;
  } again;

  void Add(const AttemptOutcome& outcome) {
    if (outcome.attempt) {
      AddAttempt(outcome.id, *outcome.attempt, outcome.state);
    }
    if (outcome.state != DeliveryState::kPending) {
      finished.Add(outcome.id);
    } else if (outcome.attempt) {
      again.keys.Add(outcome.id);
      again.attempt_counts.push_back(outcome.attempt->number);
      again.due_times.push_back(outcome.due_time);
    }
  }

  void AddAttempt(const DeliveryId& id, const Attempt& attempt, DeliveryState state) {
    const AttemptResult& result = attempt.exchange.result;
    attempts.keys.Add(id);
    attempts.numbers.push_back(attempt.number);
    attempts.states.push_back(static_cast<int32_t>(state));
    attempts.outcomes.push_back(static_cast<int32_t>(result.outcome));
    attempts.statuses.push_back(result.status);
    attempts.durations.push_back(static_cast<int32_t>(
        std::min(absl::ToInt64Microseconds(result.duration), kLongestMicroseconds)));
    attempts.exchanges.push_back(EncodeExchange(attempt.exchange));
    attempts.responses.push_back(EncodeResponse(result));
  }

  // The queue comes first: its rows are what this and a cancellation wait for each other at. A
  // delivery that is not there any more was cancelled while the attempt was under way, perhaps
  // because the person in it has to be forgotten, so nothing is kept that may tell of them.
  absl::Status Write(Transaction& transaction) {
    if (!finished.empty()) {
      ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kDequeue, finished.ToParams()));
      for (const Rows::Row row : rows) queued.insert(row.Text(0));
    }
    if (!again.keys.empty()) {
      Params params = again.keys.ToParams();
      params.AddArray(again.attempt_counts).AddArray(again.due_times);
      ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kRequeue, params));
      for (const Rows::Row row : rows) queued.insert(row.Text(0));
    }
    if (attempts.keys.empty()) return absl::OkStatus();
    for (size_t i = 0; i < attempts.responses.size(); ++i) {
      if (queued.count(attempts.keys.ids[i]) == 0) attempts.responses[i].clear();
    }
    Params params = attempts.keys.ToParams();
    params.AddArray(attempts.numbers)
        .AddArray(attempts.states)
        .AddArray(attempts.outcomes)
        .AddArray(attempts.statuses)
        .AddArray(attempts.durations)
        .AddBytesArray(attempts.exchanges)
        .AddBytesArray(attempts.responses);
    return transaction.Execute(kInsertAttempts, params).status();
  }
};

// The epochs by shard under which this replica still holds leases, locked until the end of the
// transaction: nobody gets one of these shards before this is committed.
absl::StatusOr<std::set<std::pair<int32_t, int64_t>>> LockHeld(
    Transaction& transaction, const std::string& owner,
    const std::vector<AttemptOutcome>& outcomes) {
  std::set<std::pair<int32_t, int64_t>> wanted;
  for (const AttemptOutcome& outcome : outcomes) {
    wanted.insert({outcome.lease.slot, outcome.lease.epoch});
  }
  std::vector<lease::Lease> leases;
  for (const auto& [slot, epoch] : wanted) leases.push_back({slot, epoch});
  ASSIGN_OR_RETURN(const std::vector<lease::Lease> locked,
                   pg::LockLeases(transaction, owner, leases));
  std::set<std::pair<int32_t, int64_t>> held;
  for (const lease::Lease& lease : locked) held.insert({lease.slot, lease.epoch});
  return held;
}

// A repetition of a commit that did happen finds nothing on the queue, and tells nobody again.
std::vector<Notice> ExhaustedNotices(const std::vector<AttemptOutcome>& outcomes,
                                     const std::vector<bool>& written,
                                     const std::set<std::string>& queued) {
  std::vector<Notice> notices;
  for (size_t i = 0; i < outcomes.size(); ++i) {
    const AttemptOutcome& outcome = outcomes[i];
    if (!written[i] || outcome.state != DeliveryState::kExhausted || outcome.notice) continue;
    if (queued.count(outcome.id.message.ToUuid()) == 0) continue;
    notices.push_back(ExhaustedNotice(outcome.id.webhook, outcome.id.message,
                                      outcome.attempt->number, outcome.attempt->exchange));
  }
  return notices;
}

// Changes the webhooks that the outcomes say something of, and adds what is to be told of that.
absl::Status ApplyFindings(Transaction& transaction, const std::vector<AttemptOutcome>& outcomes,
                           const std::vector<bool>& written, std::vector<Notice>& notices) {
  std::vector<WebhookId> ids;
  for (size_t i = 0; i < outcomes.size(); ++i) {
    if (written[i] && outcomes[i].finding) ids.push_back(outcomes[i].id.webhook);
  }
  if (ids.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(std::vector<Webhook> webhooks, LockStates(transaction, ids));
  for (Webhook& webhook : webhooks) {
    const Webhook before = webhook;
    for (size_t i = 0; i < outcomes.size(); ++i) {
      const AttemptOutcome& outcome = outcomes[i];
      if (!written[i] || !outcome.finding || !(outcome.id.webhook == webhook.id)) continue;
      const std::optional<Notice> notice = Apply(*outcome.finding, webhook);
      if (notice) notices.push_back(*notice);
    }
    if (webhook.version == before.version && webhook.failing == before.failing) continue;
    RETURN_IF_ERROR(StoreState(transaction, webhook));
  }
  return absl::OkStatus();
}

// The content of a delivery as it is stored; nothing for one that cannot be read.
std::optional<DeliveryContent> ReadContent(const DeliveryId& id, const Rows::Row& row) {
  auto event = std::make_shared<entity::v1::Event>();
  DeliveryContent content;
  content.workflow = {row.Int64(1), row.Text(2)};
  if (row.Int32(4) == kNoticeKind) {
    content.notice = std::make_shared<const std::string>(row.Bytes(3));
    *event->mutable_accept_time() = api::ToProto(id.message.time());
  } else if (!event->ParseFromString(row.Bytes(3))) {
    return std::nullopt;
  }
  content.event = std::move(event);
  return content;
}

}  // namespace

absl::StatusOr<std::vector<StoredWebhook>> PgQueueStore::FindWebhooks(int32_t shard,
                                                                      absl::Time before, int limit,
                                                                      absl::Time deadline) {
  std::vector<StoredWebhook> found;
  RETURN_IF_ERROR(pool_.Run(deadline, [&](Transaction& transaction) -> absl::Status {
    ASSIGN_OR_RETURN(
        const Rows rows,
        transaction.Execute(kFindWebhooks, Params().Add(shard).Add(before).Add(limit)));
    found.clear();
    for (const Rows::Row row : rows) {
      found.push_back({{row.Int64(0), row.Int64(1)}, row.Time(2)});
    }
    return absl::OkStatus();
  }));
  return found;
}

absl::StatusOr<std::vector<std::vector<QueuedDelivery>>> PgQueueStore::LoadQueue(
    const std::vector<WebhookId>& webhooks, absl::Time before, int limit, absl::Time deadline) {
  std::vector<int32_t> shards;
  std::vector<int64_t> communities, ids;
  for (const WebhookId& webhook : webhooks) {
    shards.push_back(ShardOf(webhook));
    communities.push_back(webhook.community);
    ids.push_back(webhook.id);
  }
  const Params params =
      Params().AddArray(shards).AddArray(communities).AddArray(ids).Add(limit).Add(before);

  std::vector<std::vector<QueuedDelivery>> loaded;
  RETURN_IF_ERROR(pool_.Run(deadline, [&](Transaction& transaction) -> absl::Status {
    ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kLoadQueue, params));
    loaded.assign(webhooks.size(), {});
    for (const Rows::Row row : rows) {
      const size_t place = static_cast<size_t>(row.Int64(0)) - 1;
      QueuedDelivery delivery;
      delivery.id.webhook = webhooks[place];
      ASSIGN_OR_RETURN(delivery.id.message, MessageId::FromUuid(row.Text(1)));
      delivery.due_time = row.Time(2);
      delivery.attempt_count = row.Int32(3);
      delivery.attempts_before = row.Int32(4);
      loaded[place].push_back(std::move(delivery));
    }
    return absl::OkStatus();
  }));
  return loaded;
}

absl::StatusOr<std::vector<std::optional<DeliveryContent>>> PgQueueStore::LoadContents(
    const std::vector<DeliveryId>& ids, absl::Time deadline) {
  KeyColumns keys;
  for (const DeliveryId& id : ids) keys.Add(id);
  std::vector<std::optional<DeliveryContent>> contents;
  RETURN_IF_ERROR(pool_.Run(deadline, [&](Transaction& transaction) -> absl::Status {
    ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kLoadContents, keys.ToParams()));
    contents.assign(ids.size(), std::nullopt);
    for (const Rows::Row row : rows) {
      // One that cannot be read is as good as gone, and must not hold up the others.
      const size_t place = static_cast<size_t>(row.Int64(0)) - 1;
      contents[place] = ReadContent(ids[place], row);
    }
    return absl::OkStatus();
  }));
  return contents;
}

absl::StatusOr<std::vector<bool>> PgQueueStore::FindQueued(const std::vector<DeliveryId>& ids,
                                                           absl::Time deadline) {
  KeyColumns keys;
  for (const DeliveryId& id : ids) keys.Add(id);
  std::vector<bool> queued;
  RETURN_IF_ERROR(pool_.Run(deadline, [&](Transaction& transaction) -> absl::Status {
    ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kFindQueued, keys.ToParams()));
    queued.assign(ids.size(), false);
    for (const Rows::Row row : rows) queued[static_cast<size_t>(row.Int64(0)) - 1] = true;
    return absl::OkStatus();
  }));
  return queued;
}

absl::StatusOr<std::vector<bool>> PgQueueStore::Commit(const std::vector<AttemptOutcome>& outcomes,
                                                       absl::Time deadline) {
  std::vector<bool> written;
  RETURN_IF_ERROR(pool_.Run(deadline, [&](Transaction& transaction) -> absl::Status {
    ASSIGN_OR_RETURN(const auto held, LockHeld(transaction, owner_, outcomes));
    written.clear();
    Changes changes;
    for (const AttemptOutcome& outcome : outcomes) {
      written.push_back(held.count({outcome.lease.slot, outcome.lease.epoch}) > 0);
      if (written.back()) changes.Add(outcome);
    }
    RETURN_IF_ERROR(changes.Write(transaction));
    std::vector<Notice> notices = ExhaustedNotices(outcomes, written, changes.queued);
    RETURN_IF_ERROR(ApplyFindings(transaction, outcomes, written, notices));
    return notices_.Write(transaction, std::move(notices));
  }));
  return written;
}

}  // namespace crier::delivery::storage
