#include "services/delivery/storage/queue_store.h"

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <set>

#include "common/pg/lease_store.h"
#include "common/status/macros.h"
#include "services/delivery/domain/queue/shard.h"
#include "services/delivery/storage/delivery_rows.h"
#include "services/delivery/storage/delivery_sql.h"
#include "services/delivery/storage/exchange_codec.h"
#include "services/delivery/storage/webhook_state.h"

namespace crier::delivery::storage {
namespace {

using pg::Params;
using pg::RowArray;
using pg::Rows;
using pg::RowType;
using pg::Transaction;

// What the column of durations holds at most; attempts end long before.
constexpr int64_t kLongestMicroseconds = std::numeric_limits<int32_t>::max();

// Deliveries as the parameter $1.
absl::StatusOr<Params> Keys(Transaction& transaction, const std::vector<DeliveryId>& ids) {
  ASSIGN_OR_RETURN(const RowType type, transaction.FindRowType("delivery_key"));
  RowArray rows(type);
  for (const DeliveryId& id : ids) {
    rows.BeginRow(3);
    AddKey(id, rows);
  }
  return Params().AddRows(std::move(rows));
}

// Writes what a batch of outcomes says of deliveries and attempts.
class Changes {
 public:
  // `outcomes` must outlive this.
  explicit Changes(const std::vector<AttemptOutcome>& outcomes)
      : outcomes_(outcomes),
        queued_(outcomes.size(), false),
        wanted_(outcomes.size(), false),
        cancelled_(outcomes.size(), false) {}

  // Takes up the outcome at a place.
  void Add(size_t place) {
    const AttemptOutcome& outcome = outcomes_[place];
    const bool over = outcome.state != DeliveryState::kPending;
    if (!outcome.attempt) {
      if (over) dropped_.push_back(place);
      return;
    }
    (over ? finished_ : again_).push_back(place);
  }

  // The queue comes first: at its rows this and a cancellation wait for each other.
  absl::Status Write(Transaction& transaction) {
    RETURN_IF_ERROR(Drop(transaction));
    RETURN_IF_ERROR(WriteQueue(transaction, kDequeue, finished_));
    RETURN_IF_ERROR(KeepWanted(transaction));
    RETURN_IF_ERROR(WriteQueue(transaction, kRequeue, again_));
    return WriteAttempts(transaction);
  }

  // Whether the delivery of the outcome at a place goes on, though that was its last attempt.
  bool wanted_again(size_t place) const { return wanted_[place]; }

  // Whether somebody has cancelled the delivery of the outcome at a place before it was written.
  bool cancelled(size_t place) const { return cancelled_[place]; }

  // Whether the outcome at a place has ended its delivery, which was on the queue.
  bool ended(size_t place) const {
    return outcomes_[place].state != DeliveryState::kPending && queued_[place] && !wanted_[place];
  }

 private:
  absl::Status Drop(Transaction& transaction) {
    if (dropped_.empty()) return absl::OkStatus();
    std::vector<DeliveryId> ids;
    for (const size_t place : dropped_) ids.push_back(outcomes_[place].id);
    ASSIGN_OR_RETURN(const Params keys, Keys(transaction, ids));
    ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kDrop, keys));
    MarkQueued(rows, dropped_);
    for (const size_t place : dropped_) cancelled_[place] = !queued_[place];
    return absl::OkStatus();
  }

  // The first column of the rows is a place among `places`, from 1.
  void MarkQueued(const Rows& rows, const std::vector<size_t>& places) {
    for (const Rows::Row row : rows) queued_[places[static_cast<size_t>(row.Int64(0)) - 1]] = true;
  }

  // What is exhausted, but was wanted again since the attempt began, stays on the queue.
  absl::Status KeepWanted(Transaction& transaction) {
    std::vector<size_t> kept;
    for (const size_t place : finished_) {
      const bool failed = outcomes_[place].state != DeliveryState::kSucceeded;
      if (failed && !queued_[place]) kept.push_back(place);
    }
    RETURN_IF_ERROR(WriteQueue(transaction, kRequeue, kept));
    for (const size_t place : kept) wanted_[place] = queued_[place];
    return absl::OkStatus();
  }

  absl::Status WriteQueue(Transaction& transaction, const pg::Statement& statement,
                          const std::vector<size_t>& places) {
    if (places.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const Rows rows, ExecuteOn(places, statement, transaction));
    MarkQueued(rows, places);
    return absl::OkStatus();
  }

  // The statement on the outcomes at `places`, which are not none, as attempted_row.
  absl::StatusOr<Rows> ExecuteOn(const std::vector<size_t>& places, const pg::Statement& statement,
                                 Transaction& transaction) const {
    ASSIGN_OR_RETURN(const RowType type, transaction.FindRowType("attempted_row"));
    RowArray attempted(type);
    for (const size_t place : places) {
      const AttemptOutcome& outcome = outcomes_[place];
      attempted.BeginRow(6);
      AddKey(outcome.id, attempted);
      attempted.Add(static_cast<int16_t>(outcome.attempt->number));
      attempted.Add(outcome.due_time);
      // Who wanted it again has got it when it succeeds.
      attempted.Add(outcome.state == DeliveryState::kSucceeded ? std::numeric_limits<int32_t>::max()
                                                               : outcome.redeliveries);
    }
    return transaction.Execute(statement, Params().AddRows(std::move(attempted)));
  }

  // A delivery that is not on the queue any more was cancelled while the attempt was under way,
  // perhaps because the person in it has to be forgotten, so nothing is kept that may tell of them.
  // It stays cancelled, unless the receiver has got it.
  absl::Status WriteAttempts(Transaction& transaction) {
    if (finished_.empty() && again_.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const RowType type, transaction.FindRowType("attempt_row"));
    RowArray attempts(type), late(type);
    bool any = false, any_late = false;
    for (const std::vector<size_t>& places : {finished_, again_}) {
      for (const size_t place : places) {
        (queued_[place] ? any : any_late) = true;
        AddAttempt(place, queued_[place] ? attempts : late);
      }
    }
    if (any) {
      RETURN_IF_ERROR(
          transaction.Execute(kInsertAttempts, Params().AddRows(std::move(attempts))).status());
    }
    if (!any_late) return absl::OkStatus();
    ASSIGN_OR_RETURN(const Rows rows,
                     transaction.Execute(kInsertLateAttempts, Params().AddRows(std::move(late))));
    // An attempt that is there already is that of a commit which is repeated: then it was this that
    // took the delivery off the queue.
    std::set<std::string> repeated;
    for (const Rows::Row row : rows) repeated.insert(row.Text(0));
    for (const std::vector<size_t>& places : {finished_, again_}) {
      for (const size_t place : places) {
        cancelled_[place] =
            !queued_[place] && repeated.count(outcomes_[place].id.message.ToUuid()) == 0;
      }
    }
    return CheckLeft(transaction);
  }

  // Somebody may have put back on the queue what was not there: then this begins anew, or the next
  // attempt would have the number of this one.
  absl::Status CheckLeft(Transaction& transaction) const {
    std::vector<size_t> left;
    for (size_t place = 0; place < outcomes_.size(); ++place) {
      if (cancelled_[place] && outcomes_[place].attempt) left.push_back(place);
    }
    if (left.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const Rows queued, ExecuteOn(left, kFindWanted, transaction));
    if (queued.empty()) return absl::OkStatus();
    return absl::AbortedError("a delivery was wanted again while its attempt was stored");
  }

  void AddAttempt(size_t place, RowArray& row) const {
    const AttemptOutcome& outcome = outcomes_[place];
    const Exchange& exchange = outcome.attempt->exchange;
    row.BeginRow(10);
    AddKey(outcome.id, row);
    row.Add(static_cast<int16_t>(outcome.attempt->number));
    row.Add(static_cast<int16_t>(StateAfter(place)));
    AddBytes(EncodeExchange(exchange), row);
    AddBytes(queued_[place] ? EncodeResponse(exchange.result) : "", row);
    row.Add(static_cast<int16_t>(exchange.result.outcome));
    row.Add(static_cast<int16_t>(exchange.result.status));
    row.Add(static_cast<int32_t>(
        std::min(absl::ToInt64Microseconds(exchange.result.duration), kLongestMicroseconds)));
  }

  DeliveryState StateAfter(size_t place) const {
    if (wanted_[place]) return DeliveryState::kPending;
    const DeliveryState state = outcomes_[place].state;
    const bool cancelled = !queued_[place] && state != DeliveryState::kSucceeded;
    return cancelled ? DeliveryState::kCancelled : state;
  }

  static void AddBytes(absl::string_view bytes, RowArray& row) {
    bytes.copy(row.AddBytes(bytes.size()), bytes.size());
  }

  const std::vector<AttemptOutcome>& outcomes_;
  std::vector<size_t> dropped_;  // places of outcomes, as the next
  std::vector<size_t> finished_;
  std::vector<size_t> again_;
  std::vector<bool> queued_;     // by place: found on the queue
  std::vector<bool> wanted_;     // and left there, though its attempt was the last
  std::vector<bool> cancelled_;  // or not found there, because somebody had cancelled it
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
                                     const Changes& changes) {
  std::vector<Notice> notices;
  for (size_t i = 0; i < outcomes.size(); ++i) {
    const AttemptOutcome& outcome = outcomes[i];
    if (outcome.state != DeliveryState::kExhausted || outcome.notice) continue;
    if (!changes.ended(i)) continue;
    notices.push_back(ExhaustedNotice(outcome.id.webhook, outcome.id.message,
                                      outcome.attempt->number, outcome.attempt->exchange));
  }
  return notices;
}

// Locks the webhooks that the outcomes say something of.
absl::StatusOr<std::vector<Webhook>> LockFound(Transaction& transaction,
                                               const std::vector<AttemptOutcome>& outcomes,
                                               const std::vector<bool>& written) {
  std::vector<WebhookId> ids;
  for (size_t i = 0; i < outcomes.size(); ++i) {
    if (written[i] && outcomes[i].finding) ids.push_back(outcomes[i].id.webhook);
  }
  if (ids.empty()) return std::vector<Webhook>();
  return LockStates(transaction, ids);
}

// Changes those webhooks, and adds what is to be told of that.
absl::Status ApplyFindings(Transaction& transaction, std::vector<Webhook> webhooks,
                           const std::vector<AttemptOutcome>& outcomes,
                           const std::vector<bool>& written, std::vector<Notice>& notices) {
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

}  // namespace

absl::StatusOr<std::vector<StoredWebhook>> PgQueueStore::FindWebhooks(int32_t shard,
                                                                      absl::Time before, int limit,
                                                                      absl::Time deadline) {
  ASSIGN_OR_RETURN(const Rows rows,
                   pool_.Read(deadline, kFindWebhooks, Params().Add(shard).Add(before).Add(limit)));
  std::vector<StoredWebhook> found;
  for (const Rows::Row row : rows) {
    found.push_back({{row.Int64(0), row.Int64(1)}, row.Time(2)});
  }
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

  ASSIGN_OR_RETURN(const Rows rows, pool_.Read(deadline, kLoadQueue, params));
  std::vector<std::vector<QueuedDelivery>> loaded(webhooks.size());
  for (const Rows::Row row : rows) {
    const size_t place = static_cast<size_t>(row.Int64(0)) - 1;
    QueuedDelivery delivery;
    delivery.id.webhook = webhooks[place];
    ASSIGN_OR_RETURN(delivery.id.message, MessageId::FromUuid(row.Text(1)));
    delivery.due_time = row.Time(2);
    delivery.attempt_count = row.Int32(3);
    delivery.attempts_before = row.Int32(4);
    delivery.redeliveries = row.Int32(5);
    loaded[place].push_back(std::move(delivery));
  }
  return loaded;
}

absl::StatusOr<std::vector<std::optional<DeliveryContent>>> PgQueueStore::LoadContents(
    const std::vector<DeliveryId>& ids, absl::Time deadline) {
  using Contents = std::vector<std::optional<DeliveryContent>>;
  return pool_.Read(deadline, [&](Transaction& transaction) -> absl::StatusOr<Contents> {
    ASSIGN_OR_RETURN(const Params keys, Keys(transaction, ids));
    ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kLoadContents, keys));
    Contents contents(ids.size());
    for (const Rows::Row row : rows) {
      contents[static_cast<size_t>(row.Int64(0)) - 1] =
          DeliveryContent{std::make_shared<const std::string>(row.Bytes(3)),
                          {row.Int64(1), row.Text(2)},
                          row.Int32(4) == kNoticeKind};
    }
    return contents;
  });
}

absl::StatusOr<std::vector<bool>> PgQueueStore::FindQueued(const std::vector<DeliveryId>& ids,
                                                           absl::Time deadline) {
  return pool_.Read(deadline, [&](Transaction& transaction) -> absl::StatusOr<std::vector<bool>> {
    ASSIGN_OR_RETURN(const Params keys, Keys(transaction, ids));
    ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kFindQueued, keys));
    std::vector<bool> queued(ids.size(), false);
    for (const Rows::Row row : rows) queued[static_cast<size_t>(row.Int64(0)) - 1] = true;
    return queued;
  });
}

absl::StatusOr<std::vector<Recorded>> PgQueueStore::Commit(
    const std::vector<AttemptOutcome>& outcomes, absl::Time deadline) {
  return pool_.Run(
      deadline, [&](Transaction& transaction) -> absl::StatusOr<std::vector<Recorded>> {
        ASSIGN_OR_RETURN(const auto held, LockHeld(transaction, owner_, outcomes));
        std::vector<bool> written;
        Changes changes(outcomes);
        for (size_t i = 0; i < outcomes.size(); ++i) {
          written.push_back(held.count({outcomes[i].lease.slot, outcomes[i].lease.epoch}) > 0);
          if (written.back()) changes.Add(i);
        }
        ASSIGN_OR_RETURN(std::vector<Webhook> webhooks, LockFound(transaction, outcomes, written));
        RETURN_IF_ERROR(changes.Write(transaction));
        std::vector<Recorded> recorded;
        for (size_t i = 0; i < outcomes.size(); ++i) {
          recorded.push_back(!written[i]               ? Recorded::kFenced
                             : changes.wanted_again(i) ? Recorded::kWantedAgain
                             : changes.cancelled(i)    ? Recorded::kCancelled
                                                       : Recorded::kWritten);
        }
        std::vector<Notice> notices = ExhaustedNotices(outcomes, changes);
        RETURN_IF_ERROR(
            ApplyFindings(transaction, std::move(webhooks), outcomes, written, notices));
        RETURN_IF_ERROR(notices_.Write(transaction, std::move(notices)));
        return recorded;
      });
}

}  // namespace crier::delivery::storage
