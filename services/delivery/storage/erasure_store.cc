#include "services/delivery/storage/erasure_store.h"

#include <string>
#include <vector>

#include "common/api/resource_name.h"
#include "common/status/macros.h"
#include "crier/entity/v1/activity.pb.h"
#include "services/delivery/domain/queue/intake_store.h"
#include "services/delivery/storage/cancellation.h"
#include "services/delivery/storage/erasure_sql.h"

namespace crier::delivery::storage {
namespace {

using pg::Params;
using pg::Rows;
using pg::Transaction;

// Longer than any producer goes on with what it read before the deletion.
constexpr absl::Duration kSecondSweepAfter = absl::Hours(1);

// Deliveries of one community as columns.
struct Found {
  std::vector<int64_t> communities;
  std::vector<int64_t> webhooks;
  std::vector<std::string> deliveries;
  std::vector<std::string> snapshots;

  Found(int64_t community, const Rows& rows) {
    for (const Rows::Row row : rows) {
      communities.push_back(community);
      webhooks.push_back(row.Int64(0));
      deliveries.push_back(row.Text(1));
      snapshots.push_back(row.Text(2));
    }
  }

  int size() const { return static_cast<int>(deliveries.size()); }
  Params Keys() const {
    return Params().AddArray(communities).AddArray(webhooks).AddArray(deliveries);
  }
};

// The name of an activity as its message holds it: field number, length, text.
std::string NameBytes(int64_t community, int64_t activity) {
  entity::v1::Activity message;
  message.set_name(api::ResourceName(api::kActivities, {community, activity}));
  return message.SerializeAsString();
}

absl::StatusOr<Rows> FindDeliveries(Transaction& transaction, const Erasure& erasure,
                                    int max_deliveries) {
  Params params;
  params.Add(erasure.community).Add(erasure.contact).Add(max_deliveries);
  if (erasure.activity == 0) return transaction.Execute(kDeliveriesOfContact, params);
  params.AddBytes(NameBytes(erasure.community, erasure.activity));
  return transaction.Execute(kDeliveriesOfActivity, params);
}

// The queue comes before the rest: what is not on it any more is not sent, and the outcome of an
// attempt that is under way waits for this transaction there, or this for it.
absl::StatusOr<Found> EraseOfContact(Transaction& transaction, const Erasure& erasure,
                                     int max_deliveries, int& cancelled) {
  const int64_t community = erasure.community;
  ASSIGN_OR_RETURN(const Rows rows, FindDeliveries(transaction, erasure, max_deliveries));
  Found found(community, rows);
  if (rows.empty()) return found;
  ASSIGN_OR_RETURN(cancelled,
                   CancelQueued(transaction, community, found.webhooks, found.deliveries));
  RETURN_IF_ERROR(
      transaction.Execute(kEraseSnapshots, Params().Add(community).AddArray(found.snapshots))
          .status());
  RETURN_IF_ERROR(transaction.Execute(kEraseResponses, found.Keys()).status());
  RETURN_IF_ERROR(transaction.Execute(kMarkErased, found.Keys()).status());
  return found;
}

absl::StatusOr<Found> EraseOfCommunity(Transaction& transaction, int64_t community,
                                       int64_t webhooks_through, int max_deliveries,
                                       int& cancelled) {
  const Params webhooks = Params().Add(community).Add(webhooks_through);
  RETURN_IF_ERROR(transaction.Execute(kDeleteWebhookKeys, webhooks).status());
  RETURN_IF_ERROR(transaction.Execute(kDeleteWebhooks, webhooks).status());
  RETURN_IF_ERROR(transaction.Execute(kDeleteRecoveries, webhooks).status());
  ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kDeliveriesOfCommunity,
                                                        Params(webhooks).Add(max_deliveries)));
  Found found(community, rows);
  if (rows.empty()) return found;
  ASSIGN_OR_RETURN(cancelled,
                   CancelQueued(transaction, community, found.webhooks, found.deliveries));
  // Before their attempts: one that is still under way is added while its delivery is there.
  RETURN_IF_ERROR(transaction.Execute(kDeleteDeliveries, found.Keys()).status());
  RETURN_IF_ERROR(transaction.Execute(kDeleteAttempts, found.Keys()).status());
  RETURN_IF_ERROR(
      transaction.Execute(kDeleteSnapshots, Params().Add(community).AddArray(found.snapshots))
          .status());
  return found;
}

}  // namespace

absl::StatusOr<ErasureStep> PgErasureStore::Step(int max_deliveries, absl::Time deadline) {
  return pool_.Run(deadline, [&](Transaction& transaction) -> absl::StatusOr<ErasureStep> {
    ErasureStep step;
    ASSIGN_OR_RETURN(const Rows due, transaction.Execute(kTakeErasure));
    if (due.empty()) return step;
    step.found = true;
    const Erasure erasure{due[0].Int64(0), due[0].Int64(1), due[0].Int64(2)};
    ASSIGN_OR_RETURN(const Found found,
                     erasure.contact != 0
                         ? EraseOfContact(transaction, erasure, max_deliveries, step.cancelled)
                         : EraseOfCommunity(transaction, erasure.community, due[0].Int64(3),
                                            max_deliveries, step.cancelled));
    step.erased = found.size();
    if (step.erased == max_deliveries) return step;
    step.swept = true;
    step.over = due[0].Int32(4) <= 1;
    const Params key = Params().Add(erasure.community).Add(erasure.contact).Add(erasure.activity);
    RETURN_IF_ERROR(
        (step.over ? transaction.Execute(kEndErasure, key)
                   : transaction.Execute(kEndSweep,
                                         Params(key).Add(absl::ToDoubleSeconds(kSecondSweepAfter))))
            .status());
    return step;
  });
}

}  // namespace crier::delivery::storage
