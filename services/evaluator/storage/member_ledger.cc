#include "services/evaluator/storage/member_ledger.h"

#include <algorithm>
#include <map>

#include "common/status/macros.h"
#include "services/evaluator/domain/runs/page_decision.h"
#include "services/evaluator/storage/member_sql.h"
#include "services/evaluator/storage/run_rows.h"

namespace crier::evaluator::storage {
namespace {

using pg::Params;
using pg::Rows;
using pg::Transaction;

// Rows of the ledger that one transaction erases.
constexpr int kEraseAtOnce = 50'000;

Params Of(int64_t community) { return Params().Add(community); }

absl::Status ForgetSent(Transaction& transaction, int64_t community,
                        const std::vector<int64_t>& contacts) {
  for (const int64_t contact : contacts) {
    RETURN_IF_ERROR(transaction.Execute(kForgetSent, Of(community).Add(contact)).status());
  }
  return absl::OkStatus();
}

// Changes every pending page with one of `contacts` in it to what `change(workflow, page)` says,
// which leaves others as they are. Returns all that have been changed.
template <typename Change>
absl::StatusOr<std::vector<ChangedPage>> ChangePages(Transaction& transaction, int64_t community,
                                                     const std::vector<int64_t>& contacts,
                                                     Change change) {
  std::vector<ChangedPage> changed;
  ASSIGN_OR_RETURN(const Rows rows,
                   transaction.Execute(kLockPagesWith, Of(community).AddArray(contacts)));
  for (const Rows::Row row : rows) {
    const WorkflowId workflow = {community, row.Int64(0)};
    const std::vector<int64_t> page = change(workflow.id, ReadIds(row.Text(2)));
    RETURN_IF_ERROR(transaction.Execute(kChangePage, KeyOf(workflow).AddArray(page)).status());
    changed.push_back({workflow, row.Int64(1)});
  }
  return changed;
}

absl::StatusOr<std::vector<ChangedPage>> MergeIn(Transaction& transaction, int64_t community,
                                                 int64_t winner, const std::vector<int64_t>& losers,
                                                 absl::Time now) {
  RETURN_IF_ERROR(transaction.Execute(kLockMembers, Of(community)).status());
  RETURN_IF_ERROR(transaction.Execute(kMarkGone, Of(community).AddArray(losers).Add(now)).status());
  std::vector<int64_t> parts = losers;
  parts.push_back(winner);
  ASSIGN_OR_RETURN(const Rows sent,
                   transaction.Execute(kFindSentByAny, Of(community).AddArray(parts)));
  std::map<int64_t, ContactSet> sent_by;  // workflow → parts in its ledger
  for (const Rows::Row row : sent) sent_by[row.Int64(0)].insert(row.Int64(1));

  ASSIGN_OR_RETURN(std::vector<ChangedPage> changed,
                   ChangePages(transaction, community, parts,
                               [&](int64_t workflow, const std::vector<int64_t>& page) {
                                 ContactSet before = sent_by[workflow];
                                 for (const int64_t contact : page) before.erase(contact);
                                 return MergeIntoPage(page, winner, losers, before);
                               }));
  RETURN_IF_ERROR(
      transaction.Execute(kCarryOver, Of(community).Add(winner).AddArray(losers)).status());
  RETURN_IF_ERROR(ForgetSent(transaction, community, losers));
  return changed;
}

absl::StatusOr<std::vector<ChangedPage>> EraseIn(Transaction& transaction, int64_t community,
                                                 const std::vector<int64_t>& contacts,
                                                 absl::Time now) {
  RETURN_IF_ERROR(transaction.Execute(kLockMembers, Of(community)).status());
  RETURN_IF_ERROR(
      transaction.Execute(kMarkGone, Of(community).AddArray(contacts).Add(now)).status());
  ASSIGN_OR_RETURN(
      std::vector<ChangedPage> changed,
      ChangePages(transaction, community, contacts, [&](int64_t, std::vector<int64_t> page) {
        std::erase_if(page, [&](int64_t contact) {
          return std::find(contacts.begin(), contacts.end(), contact) != contacts.end();
        });
        return page;
      }));
  RETURN_IF_ERROR(ForgetSent(transaction, community, contacts));
  return changed;
}

// All but the members that were sent. Returns the pages that are changed by it.
absl::StatusOr<Rows> EmptyCommunity(Transaction& transaction, int64_t community) {
  RETURN_IF_ERROR(transaction.Execute(kLockMembers, Of(community)).status());
  RETURN_IF_ERROR(transaction.Execute(kCountErasure, Of(community)).status());
  ASSIGN_OR_RETURN(Rows pages, transaction.Execute(kEmptyPages, Of(community)));
  for (const pg::Statement& statement : {kEmptyCaps, kForgetCapDays, kForgetGone}) {
    RETURN_IF_ERROR(transaction.Execute(statement, Of(community)).status());
  }
  return pages;
}

}  // namespace

absl::StatusOr<std::vector<ChangedPage>> PgMemberLedger::Merge(int64_t community, int64_t winner,
                                                               const std::vector<int64_t>& losers,
                                                               absl::Time now,
                                                               absl::Time deadline) {
  return pool_.Run(deadline, [&](Transaction& transaction) {
    return MergeIn(transaction, community, winner, losers, now);
  });
}

absl::StatusOr<std::vector<ChangedPage>> PgMemberLedger::Erase(int64_t community,
                                                               const std::vector<int64_t>& contacts,
                                                               absl::Time now,
                                                               absl::Time deadline) {
  return pool_.Run(deadline, [&](Transaction& transaction) {
    return EraseIn(transaction, community, contacts, now);
  });
}

absl::StatusOr<std::vector<ChangedPage>> PgMemberLedger::EraseCommunity(int64_t community,
                                                                        absl::Time deadline) {
  // First of all: from here on nobody decides on a contact that was read before.
  ASSIGN_OR_RETURN(const Rows emptied, pool_.Run(deadline, [&](Transaction& transaction) {
    return EmptyCommunity(transaction, community);
  }));
  int64_t erased = kEraseAtOnce;
  while (erased == kEraseAtOnce) {
    ASSIGN_OR_RETURN(const Rows rows, pool_.Run(deadline, [&](Transaction& transaction) {
      return transaction.Execute(kForgetSome, Of(community).Add(kEraseAtOnce));
    }));
    erased = rows.affected();
  }
  std::vector<ChangedPage> changed;
  for (const Rows::Row row : emptied) changed.push_back({{community, row.Int64(0)}, row.Int64(1)});
  return changed;
}

}  // namespace crier::evaluator::storage
