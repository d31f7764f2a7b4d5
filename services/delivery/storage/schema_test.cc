#include "services/delivery/storage/schema.h"

#include <thread>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "services/delivery/domain/queue/shard.h"
#include "services/delivery/storage/delivery_fixture.h"

namespace crier::delivery::storage {
namespace {

class SchemaTest : public DeliveryStorageTest {
 protected:
  ~SchemaTest() override { delivery_database->Forget(); }

  int64_t Partitions(const std::string& table) {
    return database_
        .Run(schema_, "SELECT count(*) FROM pg_inherits WHERE inhparent = '" + schema_.schema +
                          "." + table + "'::regclass")[0]
        .Int64(0);
  }
};

TEST_F(SchemaTest, HasALeaseForEveryShard) { EXPECT_EQ(Count("leases"), kShardCount); }

TEST_F(SchemaTest, KeepsWhatIsPendingHoweverOld) {
  const DeliveryId pending = Store(a_);
  const DeliveryId done = Store(a_);
  Commit({Outcome(pending, DeliveryState::kPending, 1)});
  Commit({Outcome(done, DeliveryState::kSucceeded, 1)});

  // A retention that is over for every day of this year.
  const absl::Status status =
      MaintainPartitions(pool_, -absl::Hours(24 * 365), absl::Now(), Deadline());

  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(Get(pending).state, DeliveryState::kPending);
  EXPECT_EQ(Get(done).state, DeliveryState::kSucceeded);
}

TEST_F(SchemaTest, KeepsTheDaysSinceTheOldestThatIsPendingOfAnyWebhook) {
  const absl::Time then = now_ - absl::Hours(10 * 24);
  const auto maintain = [&](absl::Duration retention, absl::Time now) {
    const absl::Status status = MaintainPartitions(pool_, retention, now, Deadline());
    ASSERT_TRUE(status.ok()) << status;
  };
  const auto queue = [&](const WebhookId& webhook, absl::Time made) {
    database_.Run(schema_, absl::StrCat("INSERT INTO queue VALUES (", webhook.community, ", ",
                                        webhook.id, ", '", MessageId::FirstAt(made).ToUuid(), "', ",
                                        ShardOf(webhook), ", now(), 0)"));
  };
  maintain(absl::Hours(365 * 24), then);  // makes the days from before then to three days after
  const int64_t all = Partitions("deliveries");
  queue(a_, now_);
  queue(b_, then);
  queue(b_, now_);

  maintain(absl::Hours(24), now_);
  EXPECT_EQ(Partitions("deliveries"), all - 1);

  database_.Run(
      schema_, "DELETE FROM queue WHERE delivery_id = '" + MessageId::FirstAt(then).ToUuid() + "'");
  maintain(absl::Hours(24), now_);
  EXPECT_EQ(Partitions("deliveries"), all - 5);
}

TEST_F(SchemaTest, KeepsWhatIsWantedAgainWhileItsRetentionEnds) {
  const DeliveryId id = Store(a_);
  Commit({Outcome(id, DeliveryState::kSucceeded, 1)});
  absl::Status maintained;
  std::thread maintenance;
  // As Redeliver() does: it looks the delivery up, then puts it on the queue.
  const absl::Status wanted = pool_.Run(Deadline(), [&](pg::Transaction& transaction) {
    absl::Status status = transaction.ExecuteScript("SELECT FROM deliveries");
    maintenance = std::thread([&] {
      maintained = MaintainPartitions(pool_, -absl::Hours(24 * 365), absl::Now(), Deadline());
    });
    while (database_
               .Run(schema_,
                    "SELECT count(*) FROM pg_locks WHERE NOT granted"
                    " AND relation = 'deliveries'::regclass")[0]
               .Int64(0) == 0) {
    }
    status.Update(transaction.ExecuteScript(
        absl::StrCat("INSERT INTO queue SELECT community_id, webhook_id, delivery_id, ",
                     ShardOf(a_), ", now(), 1 FROM deliveries")));
    return status;
  });
  maintenance.join();

  ASSERT_TRUE(wanted.ok()) << wanted;
  ASSERT_TRUE(maintained.ok()) << maintained;
  EXPECT_EQ(Get(id).state, DeliveryState::kPending);
  EXPECT_EQ(Count("snapshots"), 1);
}

TEST_F(SchemaTest, DropsWhatIsOverWhenNothingIsPending) {
  const DeliveryId done = Store(a_);
  Commit({Outcome(done, DeliveryState::kSucceeded, 1)});
  ASSERT_EQ(Count("deliveries"), 1);

  const absl::Status status =
      MaintainPartitions(pool_, -absl::Hours(24 * 365), absl::Now(), Deadline());

  ASSERT_TRUE(status.ok()) << status;
  for (const char* table : {"deliveries", "attempts", "snapshots"}) {
    EXPECT_EQ(Count(table), 0) << table;
    EXPECT_EQ(Partitions(table), 0) << table;
  }
}

}  // namespace
}  // namespace crier::delivery::storage
