#include "services/evaluator/domain/limits/pace_store_conformance.h"

#include "absl/time/clock.h"
#include "gmock/gmock.h"

namespace crier::evaluator {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const absl::Time kNow = absl::FromUnixMicros(1'681'726'886'978'123);

absl::Time Deadline() { return absl::Now() + absl::Seconds(30); }

PaceBooking Booking(int64_t community, int64_t from_position, absl::Duration full_in) {
  return {community, from_position, kNow, kNow + full_in / 2, kNow + full_in};
}

TEST_P(PaceStoreConformance, KeepsTheLastBookingOfEachCommunity) {
  const PaceBooking first = Booking(1, 10, absl::Seconds(5));
  const PaceBooking second = Booking(1, 12, absl::Seconds(9));
  const PaceBooking other = Booking(2, 12, absl::Seconds(3));
  ASSERT_TRUE(store_->Store(7, {first}, Deadline()).ok());
  EXPECT_THAT(*store_->Load(7, kNow, Deadline()), ElementsAre(first));

  ASSERT_TRUE(store_->Store(7, {other, second}, Deadline()).ok());

  EXPECT_THAT(*store_->Load(7, kNow, Deadline()), ElementsAre(second, other));
  EXPECT_THAT(*store_->Load(8, kNow, Deadline()), IsEmpty());
}

TEST_P(PaceStoreConformance, TellsOnlyOfBucketsThatAreNotFull) {
  ASSERT_TRUE(store_->Store(7, {Booking(1, 10, absl::Seconds(5))}, Deadline()).ok());

  EXPECT_THAT(*store_->Load(7, kNow + absl::Seconds(5), Deadline()), IsEmpty());
}

TEST_P(PaceStoreConformance, DoesNotTellOfWhatAClockFarAheadHasBooked) {
  ASSERT_TRUE(store_->Store(7, {Booking(1, 10, absl::Seconds(5))}, Deadline()).ok());

  const absl::Time as_late = kNow - kMaxClockDifference;
  EXPECT_THAT(*store_->Load(7, as_late, Deadline()), SizeIs(1));
  EXPECT_THAT(*store_->Load(7, as_late - absl::Seconds(1), Deadline()), IsEmpty());
}

TEST_P(PaceStoreConformance, TheSameFrameBooksAnew) {
  ASSERT_TRUE(store_->Store(7, {Booking(1, 10, absl::Seconds(5))}, Deadline()).ok());
  const PaceBooking again = Booking(1, 10, absl::Seconds(6));

  ASSERT_TRUE(store_->Store(7, {again}, Deadline()).ok());

  EXPECT_THAT(*store_->Load(7, kNow, Deadline()), ElementsAre(again));
}

TEST_P(PaceStoreConformance, AStaleOwnerChangesNothing) {
  const PaceBooking last = Booking(1, 10, absl::Seconds(5));
  ASSERT_TRUE(store_->Store(7, {last}, Deadline()).ok());

  ASSERT_TRUE(store_->Store(7, {Booking(1, 9, absl::Seconds(1))}, Deadline()).ok());

  EXPECT_THAT(*store_->Load(7, kNow, Deadline()), ElementsAre(last));
}

}  // namespace
}  // namespace crier::evaluator
