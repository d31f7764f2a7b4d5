// New deliveries on their way into Postgres.
#ifndef CRIER_SERVICES_DELIVERY_STORAGE_DELIVERY_ROWS_H_
#define CRIER_SERVICES_DELIVERY_STORAGE_DELIVERY_ROWS_H_

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/message_id.h"
#include "common/pg/row_array.h"
#include "common/pg/transaction.h"
#include "services/delivery/domain/queue/delivery.h"

namespace crier::delivery::storage {

// A delivery as it is stored first.
struct NewDelivery {
  DeliveryId id;
  MessageId snapshot_id;
  WorkflowRef workflow;
  int kind = 0;  // crier.entity.v1.Event.Kind, or kNoticeKind
  absl::Time event_time;
  std::optional<int64_t> contact;  // whose data the snapshot holds
  absl::Time due_time;
};

// Snapshots, and deliveries with their places on the queue. Not thread-safe.
class DeliveryRows {
 public:
  static absl::StatusOr<DeliveryRows> Create(pg::Transaction& transaction);

  // `event`: the bytes of crier.entity.v1.Event, or the payload of a notice.
  void AddSnapshot(int64_t community, const MessageId& id, absl::string_view event);
  void AddDelivery(const NewDelivery& delivery);

  bool empty() const { return empty_; }

  // Ends the life of the rows.
  absl::Status Insert(pg::Transaction& transaction) &&;

 private:
  DeliveryRows(pg::RowType snapshot, pg::RowType delivery, pg::RowType queue)
      : snapshots_(snapshot), deliveries_(delivery), queue_(queue) {}

  pg::RowArray snapshots_;
  pg::RowArray deliveries_;
  pg::RowArray queue_;
  bool empty_ = true;
};

// Adds the three columns that rows of deliveries begin with.
void AddKey(const DeliveryId& id, pg::RowArray& row);

}  // namespace crier::delivery::storage

#endif  // CRIER_SERVICES_DELIVERY_STORAGE_DELIVERY_ROWS_H_
