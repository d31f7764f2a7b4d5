// What the tests of deliveries in Postgres share.
#ifndef CRIER_SERVICES_DELIVERY_STORAGE_DELIVERY_FIXTURE_H_
#define CRIER_SERVICES_DELIVERY_STORAGE_DELIVERY_FIXTURE_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/clock.h"
#include "common/base/message_id.h"
#include "common/pg/lease_store.h"
#include "gtest/gtest.h"
#include "services/delivery/domain/payloads/samples.h"
#include "services/delivery/domain/queue/shard.h"
#include "services/delivery/storage/delivery_log.h"
#include "services/delivery/storage/intake_store.h"
#include "services/delivery/storage/queue_store.h"
#include "services/delivery/storage/schema.h"
#include "tests/support/test_database.h"

namespace crier::delivery::storage {

// The tables of all tests of a program: to make them takes longer than most of the tests.
class DeliveryDatabase : public testing::Environment {
 public:
  void TearDown() override { database_.reset(); }

  // Migrated tables without rows, as if they were new.
  const pg::Database& EmptySchema() {
    if (schema_.schema.empty()) {
      if (!database_) database_.emplace();
      schema_ = database_->NewSchemaName();
      const absl::Status status = pg::Migrate(schema_, Schema());
      EXPECT_TRUE(status.ok()) << status;
      return schema_;
    }
    std::string script =
        "ALTER TABLE webhooks ALTER COLUMN webhook_id RESTART;"
        "ALTER TABLE recoveries ALTER COLUMN recovery_id RESTART;";
    for (const pg::Rows::Row table :
         database_->Run(schema_,
                        "SELECT quote_ident(relname) FROM pg_class WHERE relkind IN ('r', 'p')"
                        " AND relnamespace = current_schema()::regnamespace AND NOT relispartition"
                        " AND relname NOT LIKE 'schema%' AND relname <> 'leases'"
                        " ORDER BY relname <> 'webhook_signing_keys'")) {
      absl::StrAppend(&script, "DELETE FROM ", table.Text(0), ";");
    }
    database_->Run(schema_, script);
    return schema_;
  }

  // What a test has made of the tables is not for others.
  void Forget() { schema_ = {}; }

 private:
  std::optional<tests::TestDatabase> database_;
  pg::Database schema_;
};

inline DeliveryDatabase* const delivery_database =
    static_cast<DeliveryDatabase*>(testing::AddGlobalTestEnvironment(new DeliveryDatabase));

// Empty tables with partitions for today, and every shard leased by `owner`.
class DeliveryStorageTest : public testing::Test {
 protected:
  DeliveryStorageTest() {
    const absl::Status status = MaintainPartitions(pool_, absl::Hours(24), absl::Now(), Deadline());
    EXPECT_TRUE(status.ok()) << status;
    Lease(kOwner);
  }

  static absl::Time Deadline() { return tests::TestDatabase::Deadline(); }

  // Takes all shards for the owner, from whoever had them.
  void Lease(const std::string& owner) {
    database_.Run(schema_, "UPDATE leases SET expire_time = '-infinity'");
    database_.Run(schema_, "DELETE FROM lease_owners");
    const auto result = leases_.Heartbeat(owner, absl::Hours(1), {});
    ASSERT_TRUE(result.ok()) << result.status();
    ASSERT_EQ(result->held.size(), kShardCount);
    held_ = result->held;
  }

  lease::Lease LeaseOf(const WebhookId& webhook) const { return held_[ShardOf(webhook)]; }

  static constexpr char kOwner[] = "this replica";

  Intake NewIntake(int64_t expected, int64_t next) const {
    Intake intake;
    intake.producer = "producer";
    intake.expected_position = expected;
    intake.next_position = next;
    intake.due_time = now_;
    return intake;
  }

  // A webhook of community 1 in the state, by its number.
  WebhookId StoreWebhook(int state) {
    const pg::Rows rows = database_.Run(
        schema_, absl::StrCat("INSERT INTO webhooks (community_id, display_name, url, secret,"
                              " payload_version, envelope, member_alias, custom_headers,"
                              " request_timeout_ns, client_certificate, client_key, trusted_roots,"
                              " create_time, update_time, version, state)"
                              " VALUES (1, '', '', '', '202304', false, false, '', 1, '', '', '',"
                              " now(), now(), 1, ",
                              state, ") RETURNING webhook_id"));
    return {1, rows[0].Int64(0)};
  }

  // A message of the sample contact to the webhooks.
  NewMessage Message(const std::vector<WebhookId>& webhooks) {
    NewMessage message;
    message.snapshot_id = ids_.Next();
    entity::v1::Event event = SampleContactEvent();
    event.set_community_id(webhooks.front().community);
    message.event = TakeSnapshot(event);
    for (const WebhookId& webhook : webhooks) {
      message.targets.push_back({{webhook, ids_.Next()}, {5, "Workflow"}});
    }
    return message;
  }

  // Stores a delivery to the webhook.
  DeliveryId Store(const WebhookId& webhook) {
    Intake intake = NewIntake(position_, position_ + 1);
    ++position_;
    intake.messages.push_back(Message({webhook}));
    const absl::Status status = intake_.Enqueue(intake, Deadline());
    EXPECT_TRUE(status.ok()) << status;
    return intake.messages.front().targets.front().id;
  }

  AttemptOutcome Outcome(const DeliveryId& id, DeliveryState state, int attempt_number) const {
    AttemptOutcome outcome;
    outcome.lease = LeaseOf(id.webhook);
    outcome.id = id;
    outcome.state = state;
    outcome.due_time = now_ + absl::Minutes(5);
    outcome.attempt = Attempt{attempt_number, {}};
    outcome.attempt->exchange.start_time = now_;
    outcome.attempt->exchange.result.outcome = state == DeliveryState::kSucceeded
                                                   ? delivery::Outcome::kSucceeded
                                                   : delivery::Outcome::kRefused;
    return outcome;
  }

  std::vector<Recorded> Commit(const std::vector<AttemptOutcome>& outcomes) {
    const auto recorded = queue_.Commit(outcomes, Deadline());
    EXPECT_TRUE(recorded.ok()) << recorded.status();
    return recorded.value_or(std::vector<Recorded>());
  }

  DeliveryRecord Get(const DeliveryId& id) {
    const auto record = log_.Get(id, Deadline());
    EXPECT_TRUE(record.ok()) << record.status();
    EXPECT_TRUE(record->has_value());
    return **record;
  }

  std::vector<QueuedDelivery> Queue(const WebhookId& webhook, int limit = 1000) {
    const auto rows = queue_.LoadQueue({webhook}, absl::InfiniteFuture(), limit, Deadline());
    EXPECT_TRUE(rows.ok()) << rows.status();
    return rows->front();
  }

  int64_t Count(const std::string& table) {
    return database_.Run(schema_, "SELECT count(*) FROM " + table)[0].Int64(0);
  }

  // To the microsecond, as Postgres keeps it.
  const absl::Time now_ = absl::FromUnixMicros(absl::ToUnixMicros(absl::Now()));
  MessageIdGenerator ids_{SystemClock()};
  tests::TestDatabase database_;
  const pg::Database schema_ = delivery_database->EmptySchema();
  pg::Pool pool_{schema_, {.size = 4, .by_index_only = true}};  // as the server's
  pg::PgLeaseStore leases_{pool_};
  PgIntakeStore intake_{pool_};
  PgQueueStore queue_{pool_, kOwner};
  PgDeliveryLog log_{pool_};
  std::vector<lease::Lease> held_;
  int64_t position_ = 0;
  const WebhookId a_{1, 1};
  const WebhookId b_{1, 2};
};

}  // namespace crier::delivery::storage

#endif  // CRIER_SERVICES_DELIVERY_STORAGE_DELIVERY_FIXTURE_H_
