#include "services/evaluator/storage/pace_store.h"

#include "common/status/macros.h"
#include "services/evaluator/storage/pace_sql.h"

namespace crier::evaluator::storage {

using pg::Params;
using pg::Rows;
using pg::Transaction;

absl::Status PgPaceStore::Store(int32_t log_partition, const std::vector<PaceBooking>& bookings,
                                absl::Time deadline) {
  std::vector<int64_t> communities, from_positions;
  std::vector<absl::Time> book_times, full_before, full_times;
  for (const PaceBooking& booking : bookings) {
    communities.push_back(booking.community);
    from_positions.push_back(booking.from_position);
    book_times.push_back(booking.book_time);
    full_before.push_back(booking.full_before);
    full_times.push_back(booking.full_time);
  }
  return pool_.Run(deadline, [&](Transaction& transaction) -> absl::Status {
    return transaction
        .Execute(kStorePaces, Params()
                                  .Add(log_partition)
                                  .AddArray(communities)
                                  .AddArray(from_positions)
                                  .AddArray(book_times)
                                  .AddArray(full_before)
                                  .AddArray(full_times))
        .status();
  });
}

absl::StatusOr<std::vector<PaceBooking>> PgPaceStore::Load(int32_t log_partition, absl::Time now,
                                                           absl::Time deadline) {
  ASSIGN_OR_RETURN(const Rows rows,
                   pool_.Read(deadline, kLoadPaces,
                              Params().Add(log_partition).Add(now).Add(now + kMaxClockDifference)));
  std::vector<PaceBooking> bookings;
  for (const Rows::Row row : rows) {
    bookings.push_back({row.Int64(0), row.Int64(1), row.Time(2), row.Time(3), row.Time(4)});
  }
  return bookings;
}

}  // namespace crier::evaluator::storage
