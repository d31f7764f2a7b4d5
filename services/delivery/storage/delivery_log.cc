#include "services/delivery/storage/delivery_log.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "common/pg/transaction.h"
#include "common/status/macros.h"
#include "services/delivery/domain/errors.h"
#include "services/delivery/domain/queue/shard.h"
#include "services/delivery/storage/delivery_sql.h"
#include "services/delivery/storage/exchange_codec.h"

namespace crier::delivery::storage {
namespace {

using pg::Params;
using pg::Rows;
using pg::Transaction;

// Sorts after every id.
constexpr char kLastUuid[] = "ffffffff-ffff-ffff-ffff-ffffffffffff";

// A delivery that is neither queued nor finished by its last attempt was cancelled: there is no
// other way off the queue.
DeliveryState StateWithoutAttempts(const DeliveryRecord& record) {
  return record.next_attempt_time ? DeliveryState::kPending : DeliveryState::kCancelled;
}

DeliveryState StateAfter(const DeliveryRecord& record, DeliveryState last_attempt) {
  // One that is sent again is pending, whatever its last attempt led to.
  const bool open = record.next_attempt_time || last_attempt == DeliveryState::kPending;
  return open ? StateWithoutAttempts(record) : last_attempt;
}

DeliveryRecord ReadDelivery(int64_t community, const MessageId& id, const Rows::Row& row) {
  DeliveryRecord record;
  record.id = {{community, row.Int64(10)}, id};
  record.workflow_id = row.Int64(1);
  record.event_kind = static_cast<entity::v1::Event::Kind>(row.Int32(2));
  record.event_accept_time = row.Time(3);
  record.next_attempt_time = row.OptionalTime(4);
  record.erased = row.Bool(9);
  record.state = StateWithoutAttempts(record);
  return record;
}

// Rows of kGetDelivery and kGetDeliveries.
absl::StatusOr<std::vector<DeliveryRecord>> ReadDeliveries(int64_t community, const Rows& rows) {
  std::vector<DeliveryRecord> records;
  for (const Rows::Row row : rows) {
    ASSIGN_OR_RETURN(const MessageId id, MessageId::FromUuid(row.Text(0)));
    if (records.empty() || records.back().id.message != id) {
      records.push_back(ReadDelivery(community, id, row));
    }
    if (row.IsNull(5)) continue;
    DeliveryRecord& record = records.back();
    ASSIGN_OR_RETURN(Exchange exchange, DecodeExchange(row.Bytes(7), row.Bytes(8)));
    record.attempts.push_back({row.Int32(5), std::move(exchange)});
    record.state = StateAfter(record, static_cast<DeliveryState>(row.Int32(6)));
  }
  return records;
}

// Candidates read at once when they are filtered, and in all by one call: what one call may cost.
constexpr int kCandidatesAtOnce = 500;
constexpr int kMaxCandidates = 2000;

// The statuses that a class has, first and last. Without a response the status is 0.
std::pair<int32_t, int32_t> StatusesOf(StatusClass status_class) {
  const int32_t hundreds = static_cast<int32_t>(status_class) * 100;
  return {hundreds, status_class == StatusClass::kNoResponse ? 0 : hundreds + 99};
}

// A delivery as far as the filter looks at it.
struct Candidate {
  int64_t webhook = 0;
  std::string delivery;
  bool matches = false;
};

bool Matches(const DeliveryFilter& filter, const Rows::Row& row) {
  if (filter.workflow && row.Int64(2) != *filter.workflow) return false;
  DeliveryRecord record;
  if (!row.IsNull(3)) record.next_attempt_time = absl::InfiniteFuture();
  const DeliveryState state = row.IsNull(4)
                                  ? StateWithoutAttempts(record)
                                  : StateAfter(record, static_cast<DeliveryState>(row.Int32(4)));
  if (filter.state && state != *filter.state) return false;
  if (!filter.status_class) return true;
  if (row.IsNull(5)) return false;  // no attempt, so no last one
  const auto [first, last] = StatusesOf(*filter.status_class);
  return row.Int32(5) >= first && row.Int32(5) <= last;
}

// The statement that leads to what is asked for by the shortest way, with its parameters.
absl::StatusOr<Rows> FindCandidates(Transaction& transaction, const DeliveryFilter& filter,
                                    const std::string& from, const std::string& before, int limit) {
  Params params = Params().Add(filter.community).Add(from).Add(before).Add(limit);
  const bool failed = filter.state == DeliveryState::kExhausted ||
                      (filter.status_class && *filter.status_class != StatusClass::kSuccess);
  if (failed) {
    params.Add(filter.webhook);
    filter.state == DeliveryState::kExhausted
        ? params.Add(static_cast<int32_t>(DeliveryState::kExhausted))
        : params.AddNull();
    const auto [first, last] = filter.status_class ? StatusesOf(*filter.status_class)
                                                   : std::pair<int32_t, int32_t>(0, 999);
    return transaction.Execute(kListFailed, params.Add(first).Add(last));
  }
  if (!filter.webhook) return transaction.Execute(kListCommunity, params);
  params.Add(*filter.webhook);
  return transaction.Execute(filter.state == DeliveryState::kPending ? kListQueued : kListWebhook,
                             params);
}

// The time of a bound as an id.
std::string Bound(absl::Time time) {
  return time == absl::InfiniteFuture() ? kLastUuid : MessageId::FirstAt(time).ToUuid();
}

absl::StatusOr<std::vector<DeliveryRecord>> LoadRecords(Transaction& transaction, int64_t community,
                                                        const std::vector<Candidate>& wanted) {
  if (wanted.empty()) return std::vector<DeliveryRecord>();
  std::vector<int64_t> webhooks;
  std::vector<std::string> deliveries;
  for (const Candidate& candidate : wanted) {
    webhooks.push_back(candidate.webhook);
    deliveries.push_back(candidate.delivery);
  }
  ASSIGN_OR_RETURN(
      const Rows rows,
      transaction.Execute(kGetDeliveries,
                          Params().Add(community).AddArray(webhooks).AddArray(deliveries)));
  return ReadDeliveries(community, rows);
}

// Goes through the candidates until the page is full, enough have been looked at, or none is left.
absl::StatusOr<DeliveryPage> FindPage(Transaction& transaction, const DeliveryFilter& filter,
                                      const std::optional<MessageId>& before, int limit) {
  const std::string from = Bound(filter.created_from);
  std::string end = Bound(filter.created_before);
  if (before) end = std::min(end, before->ToUuid());  // uuids sort as their text does
  const bool filtered = filter.workflow || filter.state || filter.status_class;
  const int chunk = filtered ? kCandidatesAtOnce : limit + 1;
  std::vector<Candidate> wanted;
  bool more = true;
  for (int seen = 0; more && seen < kMaxCandidates && static_cast<int>(wanted.size()) < limit;) {
    ASSIGN_OR_RETURN(const Rows rows, FindCandidates(transaction, filter, from, end, chunk));
    seen += chunk;
    more = rows.size() == chunk;
    for (const Rows::Row row : rows) {
      if (static_cast<int>(wanted.size()) == limit) {
        more = true;
        break;
      }
      const bool again = row.Text(1) == end;  // of a delivery with several failures
      end = row.Text(1);
      if (!again && Matches(filter, row)) wanted.push_back({row.Int64(0), end});
    }
  }
  DeliveryPage page;
  ASSIGN_OR_RETURN(page.records, LoadRecords(transaction, filter.community, wanted));
  if (more) {
    ASSIGN_OR_RETURN(page.next, MessageId::FromUuid(end));
  }
  return page;
}

absl::StatusOr<WebhookHealth> ReadHealth(Transaction& transaction, const WebhookId& webhook) {
  WebhookHealth health;
  ASSIGN_OR_RETURN(
      const Rows recent,
      transaction.Execute(kHealth,
                          Params().Add(webhook.community).Add(webhook.id).Add(kHealthAttempts)));
  health.attempts = recent[0].Int32(0);
  health.successes = recent[0].Int32(1);
  if (health.attempts > 0) {
    health.median_duration = absl::Microseconds(recent[0].Int64(2));
    health.p99_duration = absl::Microseconds(recent[0].Int64(3));
    ASSIGN_OR_RETURN(const MessageId oldest, MessageId::FromUuid(recent[0].Text(4)));
    health.oldest_create_time = oldest.time();
    ASSIGN_OR_RETURN(
        const Rows failure,
        transaction.Execute(kLastFailure,
                            Params().Add(webhook.community).Add(webhook.id).Add(oldest.ToUuid())));
    if (!failure.empty()) {
      ASSIGN_OR_RETURN(health.last_failure, DecodeExchange(failure[0].Bytes(0), ""));
      health.last_failure->request_headers.clear();
    }
  }
  ASSIGN_OR_RETURN(const Rows pending,
                   transaction.Execute(kPending, Params()
                                                     .Add(webhook.community)
                                                     .Add(webhook.id)
                                                     .Add(ShardOf(webhook))
                                                     .Add(kMaxPendingCounted + 1)));
  if (!pending[0].Bool(3)) return WebhookNotFoundError(webhook);
  health.pending = pending[0].Int32(0);
  health.next_attempt_time = pending[0].OptionalTime(1);
  health.failing_since = pending[0].OptionalTime(2);
  return health;
}

}  // namespace

absl::StatusOr<std::optional<DeliveryRecord>> PgDeliveryLog::Get(const DeliveryId& id,
                                                                 absl::Time deadline) {
  const Params key = Params().Add(id.webhook.community).Add(id.webhook.id).Add(id.message.ToUuid());
  ASSIGN_OR_RETURN(const Rows rows, pool_.Read(deadline, kGetDelivery, key));
  ASSIGN_OR_RETURN(std::vector<DeliveryRecord> found, ReadDeliveries(id.webhook.community, rows));
  if (found.empty()) return std::optional<DeliveryRecord>();
  return std::optional<DeliveryRecord>(std::move(found.front()));
}

absl::StatusOr<DeliveryPage> PgDeliveryLog::List(const DeliveryFilter& filter,
                                                 const std::optional<MessageId>& before, int limit,
                                                 absl::Time deadline) {
  return pool_.Read(deadline, [&](Transaction& transaction) {
    return FindPage(transaction, filter, before, limit);
  });
}

absl::StatusOr<WebhookHealth> PgDeliveryLog::Health(const WebhookId& webhook, absl::Time deadline) {
  return pool_.Read(deadline,
                    [&](Transaction& transaction) { return ReadHealth(transaction, webhook); });
}

}  // namespace crier::delivery::storage
