#include "services/ingest/storage/eraser.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/api/resource_name.h"
#include "common/api/time.h"
#include "common/pg/transaction.h"
#include "common/status/macros.h"
#include "crier/entity/v1/event.pb.h"
#include "services/ingest/domain/entities/identity.h"
#include "services/ingest/domain/errors.h"
#include "services/ingest/domain/log/log_partition.h"
#include "services/ingest/domain/writing/entity_store.h"
#include "services/ingest/storage/entity_store_sql.h"
#include "services/ingest/storage/eraser_sql.h"
#include "services/ingest/storage/identity_store.h"
#include "services/ingest/storage/log_channel.h"
#include "services/ingest/storage/log_writer.h"

namespace crier::ingest::storage {
namespace {

using entity::v1::Event;
using pg::Params;
using pg::Rows;
using pg::Transaction;

// What is erased with a community, row by row; the keys begin with the community. Events are
// rewritten, and the deletion itself stays.
constexpr const char* kTables[] = {"activities",
                                   "contacts",
                                   "contact_identities",
                                   "contact_redirects",
                                   "organizations",
                                   "segments",
                                   "tags",
                                   "requests"};

// A log partition's head, locked until the transaction ends.
struct LockedHead {
  int32_t log_partition = 0;
  Head head;
};

absl::StatusOr<LockedHead> LockHead(Transaction& transaction, int64_t community) {
  ASSIGN_OR_RETURN(const Rows count, transaction.Execute(kCountPartitions));
  LockedHead locked;
  locked.log_partition = LogPartitionOf(community, count[0].Int32(0));
  ASSIGN_OR_RETURN(
      const Rows rows,
      transaction.Execute(kLockHeads, Params().AddArray(std::vector{locked.log_partition})));
  if (rows.size() != 1) return absl::InternalError("a log partition has no head");
  locked.head = {rows[0].Int64(1), rows[0].Int64(2),
                 rows[0].OptionalTime(3).value_or(absl::InfinitePast())};
  return locked;
}

// Appends events of nothing but names.
absl::Status Append(Transaction& transaction, LockedHead locked, std::vector<Event> events,
                    absl::Time now, const std::string& channel) {
  Head& head = locked.head;
  head.accept_time = std::max(head.accept_time, absl::FromUnixMicros(absl::ToUnixMicros(now)));
  std::vector<LoggedEvent> logged;
  for (Event& event : events) {
    event.set_log_partition(locked.log_partition);
    event.set_position(++head.position);
    *event.mutable_accept_time() = api::ToProto(head.accept_time);
    logged.push_back({locked.log_partition, head.position, head.accept_time, event.community_id(),
                      event.kind(), std::nullopt, std::nullopt, event.SerializeAsString()});
  }
  return WriteLog(transaction, logged, {{locked.log_partition, head}}, channel);
}

// What is left of an event: its place in the log. Without a kind it fires nothing, however far
// behind a reader is.
Event Emptied(const Event& event) {
  Event empty;
  empty.set_community_id(event.community_id());
  empty.set_log_partition(event.log_partition());
  empty.set_position(event.position());
  *empty.mutable_accept_time() = event.accept_time();
  return empty;
}

// Takes out of stored events what they tell.
absl::Status Rewrite(Transaction& transaction, const Rows& rows) {
  if (rows.empty()) return absl::OkStatus();
  std::vector<int32_t> partitions;
  std::vector<int64_t> positions;
  std::vector<absl::Time> accept_times;
  std::vector<std::string> events;
  for (const Rows::Row row : rows) {
    Event event;
    if (!event.ParseFromString(row.Bytes(3))) {
      return absl::InternalError("a stored event cannot be parsed");
    }
    partitions.push_back(row.Int32(0));
    positions.push_back(row.Int64(1));
    accept_times.push_back(row.Time(2));
    events.push_back(Emptied(event).SerializeAsString());
  }
  return transaction
      .Execute(kRewriteEvents, Params()
                                   .AddArray(partitions)
                                   .AddArray(positions)
                                   .AddArray(accept_times)
                                   .AddBytesArray(events))
      .status();
}

absl::StatusOr<std::vector<int64_t>> NamesOf(Transaction& transaction, int64_t community,
                                             int64_t id) {
  ASSIGN_OR_RETURN(const Rows rows,
                   transaction.Execute(kNamesOfContact, Params().Add(community).Add(id)));
  std::vector<int64_t> ids;
  for (const Rows::Row row : rows) ids.push_back(row.Int64(0));
  return ids;
}

// Erases some of what a contact did and of what events say of it; how many rows. What it did and
// was thought to be somebody else's stays for as long as events tell of it.
absl::StatusOr<int64_t> EraseSomeOf(Transaction& transaction, int64_t community,
                                    const std::vector<int64_t>& names, int limit) {
  Params params;
  params.Add(community).AddArray(names).Add(limit);
  ASSIGN_OR_RETURN(const Rows activities, transaction.Execute(kEraseActivitiesOf, params));
  ASSIGN_OR_RETURN(const Rows events, transaction.Execute(kLoadEventsOf, params));
  RETURN_IF_ERROR(Rewrite(transaction, events));
  ASSIGN_OR_RETURN(const Rows elsewhere, transaction.Execute(kLoadEventsElsewhere, params));
  RETURN_IF_ERROR(Rewrite(transaction, elsewhere));
  return activities.affected() + events.size() + elsewhere.size();
}

// Erases the rest of what a contact did, once nothing tells of it any more. Returns what is to be
// erased by readers of the log, who have it under somebody else.
absl::StatusOr<std::vector<Event>> EraseMovedActivities(Transaction& transaction, int64_t community,
                                                        const Params& contacts) {
  ASSIGN_OR_RETURN(const Rows moved, transaction.Execute(kEraseMovedActivitiesOf, contacts));
  std::vector<Event> events;
  for (const Rows::Row row : moved) {
    Event& event = events.emplace_back();
    event.set_community_id(community);
    event.set_kind(Event::ACTIVITY_ERASED);
    entity::v1::Activity& activity = *event.mutable_activity();
    activity.set_name(api::ResourceName(api::kActivities, {community, row.Int64(0)}));
    activity.mutable_contact()->set_name(
        api::ResourceName(api::kContacts, {community, row.Int64(1)}));
  }
  return events;
}

// Those that the contacts, which are the only column, say themselves.
absl::Status EraseIdentitiesSaidBy(Transaction& transaction, int64_t community,
                                   const Rows& contacts) {
  std::vector<Identity> identities;
  for (const Rows::Row row : contacts) {
    entity::v1::Contact contact;
    if (!contact.ParseFromString(row.Bytes(0))) {
      return absl::InternalError("a stored contact cannot be parsed");
    }
    for (Identity& identity : IdentitiesOf(community, contact)) {
      identities.push_back(std::move(identity));
    }
  }
  ASSIGN_OR_RETURN(const Params params, IdentityParams(transaction, {identities}));
  return transaction.Execute(kRemoveIdentities, params).status();
}

Event DeletionOf(int64_t community, std::vector<int64_t> names) {
  Event event;
  event.set_community_id(community);
  event.set_kind(Event::CONTACT_DELETED);
  event.set_deleted_contact(api::ResourceName(api::kContacts, {community, names.front()}));
  std::sort(names.begin() + 1, names.end());
  for (size_t i = 1; i < names.size(); ++i) {
    event.add_merged_contacts(api::ResourceName(api::kContacts, {community, names[i]}));
  }
  return event;
}

struct Step {
  int64_t rows = 0;
  int64_t next_subject = 0;
};

// Erases some rows of a community, of one table at a time.
absl::StatusOr<Step> EraseSome(Transaction& transaction, int64_t community, int64_t next_subject,
                               int limit) {
  Step step{0, next_subject};
  for (const char* table : kTables) {
    ASSIGN_OR_RETURN(
        const Rows rows,
        transaction.ExecuteDynamic(
            // Of a partitioned table, places are those of a partition; so the community is said
            // twice.
            absl::StrCat("DELETE FROM ", table,
                         " WHERE community_id = $1 AND ctid = ANY (ARRAY(SELECT ctid FROM ", table,
                         " WHERE community_id = $1 LIMIT $2::bigint))"),
            Params().Add(community).Add(limit)));
    step.rows = rows.affected();
    if (step.rows > 0) return step;
  }
  ASSIGN_OR_RETURN(
      const Rows events,
      transaction.Execute(kLoadEventsFrom, Params().Add(community).Add(next_subject).Add(limit)));
  RETURN_IF_ERROR(Rewrite(transaction, events));
  step.rows = events.size();
  if (!events.empty()) step.next_subject = events[events.size() - 1].Int64(4);
  return step;
}

// What was done of the deletion of a community whose turn it was.
struct DeletionStep {
  int64_t community = 0;
  bool heard = false;  // all readers have heard of it: nothing was to be done
  int64_t rows = 0;    // erased
};

// Nothing when no deletion is to go on.
absl::StatusOr<std::optional<DeletionStep>> TakeStep(Transaction& transaction, int limit) {
  ASSIGN_OR_RETURN(const Rows taken, transaction.Execute(kTakeDeletion));
  if (taken.empty()) return std::optional<DeletionStep>();
  DeletionStep done{taken[0].Int64(0), taken[0].Bool(2)};
  if (!done.heard) {
    ASSIGN_OR_RETURN(const Step step,
                     EraseSome(transaction, done.community, taken[0].Int64(1), limit));
    done.rows = step.rows;
    const Params count = Params().Add(done.community).Add(step.rows).Add(step.next_subject);
    RETURN_IF_ERROR(transaction.Execute(kCountErased, count).status());
  }
  return std::make_optional(done);
}

}  // namespace

PgEraser::PgEraser(pg::Pool& pool, int step_rows)
    : pool_(pool), step_rows_(step_rows), channel_(LogChannel(pool.database().schema)) {}

absl::Status PgEraser::EraseContact(int64_t community, int64_t id, absl::Time now,
                                    absl::Time deadline) {
  const auto not_found = [&] {
    return EntityNotFoundError(EntityKind::kContact,
                               api::ResourceName(api::kContacts, {community, id}));
  };
  // What may be much goes first, without the lock that writers wait for.
  int64_t erased = step_rows_;
  while (erased >= step_rows_) {
    ASSIGN_OR_RETURN(
        erased, pool_.Run(deadline, [&](Transaction& transaction) -> absl::StatusOr<int64_t> {
          ASSIGN_OR_RETURN(const std::vector<int64_t> names, NamesOf(transaction, community, id));
          if (names.empty()) return not_found();
          return EraseSomeOf(transaction, community, names, step_rows_);
        }));
  }
  return pool_.Run(deadline, [&](Transaction& transaction) -> absl::Status {
    ASSIGN_OR_RETURN(LockedHead head, LockHead(transaction, community));
    // Read anew: a merge may have come in between, and nothing comes from here on.
    ASSIGN_OR_RETURN(const std::vector<int64_t> names, NamesOf(transaction, community, id));
    if (names.empty()) return not_found();
    int64_t rest = 1;
    while (rest > 0) {
      ASSIGN_OR_RETURN(rest, EraseSomeOf(transaction, community, names, step_rows_));
    }
    Params params;
    params.Add(community).AddArray(names);
    ASSIGN_OR_RETURN(std::vector<Event> events,
                     EraseMovedActivities(transaction, community, params));
    ASSIGN_OR_RETURN(const Rows contacts, transaction.Execute(kEraseContacts, params));
    RETURN_IF_ERROR(EraseIdentitiesSaidBy(transaction, community, contacts));
    RETURN_IF_ERROR(transaction.Execute(kEraseApartOf, params).status());
    RETURN_IF_ERROR(transaction.Execute(kEraseRedirectsOf, params).status());
    events.push_back(DeletionOf(community, names));
    return Append(transaction, std::move(head), std::move(events), now, channel_);
  });
}

absl::StatusOr<CommunityDeletion> PgEraser::BeginDeletion(int64_t community, absl::Time now,
                                                          absl::Time deadline) {
  RETURN_IF_ERROR(pool_.Run(deadline, [&](Transaction& transaction) -> absl::Status {
    ASSIGN_OR_RETURN(const LockedHead head, LockHead(transaction, community));
    RETURN_IF_ERROR(transaction.Execute(kBeginDeletion, Params().Add(community).Add(now)).status());
    return transaction.Execute(kRefuseRecords, Params().Add(community).Add(head.log_partition))
        .status();
  }));
  return GetDeletion(community, deadline);
}

absl::StatusOr<CommunityDeletion> PgEraser::GetDeletion(int64_t community, absl::Time deadline) {
  ASSIGN_OR_RETURN(const Rows rows, pool_.Read(deadline, kGetDeletion, Params().Add(community)));
  ASSIGN_OR_RETURN(const Rows waiting,
                   pool_.Read(deadline, kWaitingReaders, Params().Add(community)));
  if (rows.empty()) return CommunityDeletionNotFoundError();
  CommunityDeletion deletion;
  deletion.community = community;
  deletion.create_time = rows[0].Time(0);
  deletion.finish_time = rows[0].OptionalTime(1);
  deletion.erased_count = rows[0].Int64(2);
  for (const Rows::Row row : waiting) deletion.waiting_readers.push_back(row.Text(0));
  return deletion;
}

absl::StatusOr<std::optional<absl::Time>> PgEraser::OldestDeletion(absl::Time deadline) {
  ASSIGN_OR_RETURN(const Rows rows, pool_.Read(deadline, kOldestDeletion));
  return rows[0].OptionalTime(0);
}

absl::StatusOr<bool> PgEraser::ContinueDeletions(absl::Time now, absl::Time deadline) {
  ASSIGN_OR_RETURN(const std::optional<DeletionStep> step,
                   pool_.Run(deadline, [&](Transaction& transaction) {
                     return TakeStep(transaction, step_rows_);
                   }));
  if (!step) return false;
  if (step->heard) {
    RETURN_IF_ERROR(FinishDeletion(step->community, now, deadline));
  } else if (step->rows == 0) {
    RETURN_IF_ERROR(TellOfDeletion(step->community, now, deadline));
  }
  return true;
}

// Records are refused since the deletion began. What somebody may have had under way then is found
// by a last look, under the lock that all writers take.
absl::Status PgEraser::TellOfDeletion(int64_t community, absl::Time now, absl::Time deadline) {
  return pool_.Run(deadline, [&](Transaction& transaction) -> absl::Status {
    ASSIGN_OR_RETURN(LockedHead head, LockHead(transaction, community));
    ASSIGN_OR_RETURN(const Step last, EraseSome(transaction, community, 0, step_rows_));
    if (last.rows > 0) {
      return transaction
          .Execute(kCountErased, Params().Add(community).Add(last.rows).Add(int64_t{0}))
          .status();
    }
    ASSIGN_OR_RETURN(
        const Rows told,
        transaction.Execute(
            kTellOfDeletion,
            Params().Add(community).Add(head.log_partition).Add(head.head.position + 1)));
    if (told.affected() == 0) return absl::OkStatus();  // by another replica
    Event event;
    event.set_community_id(community);
    event.set_kind(Event::COMMUNITY_DELETED);
    return Append(transaction, std::move(head), {std::move(event)}, now, channel_);
  });
}

absl::Status PgEraser::FinishDeletion(int64_t community, absl::Time now, absl::Time deadline) {
  return pool_.Run(deadline, [&](Transaction& transaction) -> absl::Status {
    ASSIGN_OR_RETURN(const LockedHead head, LockHead(transaction, community));
    ASSIGN_OR_RETURN(const Rows finished,
                     transaction.Execute(kFinishDeletion, Params().Add(community).Add(now)));
    if (finished.affected() == 0) return absl::OkStatus();  // by another replica
    return transaction.Execute(kAcceptRecords, Params().Add(community).Add(head.log_partition))
        .status();
  });
}

}  // namespace crier::ingest::storage
