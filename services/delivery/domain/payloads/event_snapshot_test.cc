#include "services/delivery/domain/payloads/event_snapshot.h"

#include "gtest/gtest.h"
#include "services/delivery/domain/payloads/samples.h"

namespace crier::delivery {
namespace {

using entity::v1::Event;

TEST(EventSnapshotTest, IsTheEventAndWhatIsAskedOfIt) {
  Event event = SampleContactEvent();
  event.mutable_contact()->set_name("communities/123/contacts/7");
  event.mutable_accept_time()->set_seconds(1'700'000'000);
  event.mutable_accept_time()->set_nanos(5'000'000);

  const EventSnapshot snapshot = TakeSnapshot(event);

  EXPECT_EQ(*snapshot.bytes, event.SerializeAsString());
  EXPECT_EQ(snapshot.kind, event.kind());
  EXPECT_EQ(snapshot.accept_time, absl::FromUnixMillis(1'700'000'000'005));
  EXPECT_EQ(snapshot.contact, 7);
}

TEST(EventSnapshotTest, AnActivityHoldsTheDataOfItsContact) {
  Event event = SampleActivityEvent();
  event.mutable_activity()->mutable_contact()->set_name("communities/123/contacts/8");
  EXPECT_EQ(TakeSnapshot(event).contact, 8);

  event.mutable_activity()->clear_contact();
  EXPECT_EQ(TakeSnapshot(event).contact, std::nullopt);
}

TEST(EventSnapshotTest, AnOrganizationHoldsNobodysData) {
  EXPECT_EQ(TakeSnapshot(SampleOrganizationEvent()).contact, std::nullopt);
}

}  // namespace
}  // namespace crier::delivery
