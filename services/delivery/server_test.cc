// The delivery service as a whole, on a real Postgres, with receivers over real sockets.
#include "services/delivery/server.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "common/base/clock.h"
#include "common/base/cond_var.h"
#include "common/http/test_server.h"
#include "common/rpc/client.h"
#include "common/rpc/server.h"
#include "common/status/errors.h"
#include "crier/delivery/v1/delivery_service.grpc.pb.h"
#include "crier/delivery/v1/webhook_service.grpc.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/delivery/domain/payloads/samples.h"
#include "services/delivery/domain/queue/shard.h"
#include "tests/support/postgres_proxy.h"
#include "tests/support/test_database.h"

namespace crier::delivery {
namespace {

using testing::Each;
using testing::Pair;
using testing::SizeIs;

constexpr int64_t kCommunity = 123;  // of the sample events

absl::Time Deadline() { return absl::Now() + absl::Seconds(60); }

// The value of a header of a raw request; empty without it.
std::string HeaderOf(const std::string& request, absl::string_view name) {
  for (absl::string_view line : absl::StrSplit(request, "\r\n")) {
    if (absl::ConsumePrefix(&line, absl::StrCat(name, ": "))) return std::string(line);
  }
  return "";
}

// A customer's endpoint; remembers which messages came how often.
class Receiver {
 public:
  // Answers a request with the status that `answer` says; blocks as long as `answer` does.
  explicit Receiver(std::function<int(const std::string& path)> answer = nullptr)
      : answer_(std::move(answer)),
        server_([this](http::TestConnection& connection) { Serve(connection); }) {}

  std::string Url(absl::string_view path) const {
    return absl::StrCat("http://127.0.0.1:", server_.port(), path);
  }

  // Waits until `count` different messages have come; what has come by then.
  std::map<std::string, int> WaitForMessages(size_t count) {
    const absl::Duration end = SystemClock().Monotonic() + absl::Seconds(60);
    absl::MutexLock lock(&mutex_);
    while (messages_.size() < count && !arrived_.WaitUntil(&mutex_, end)) {
    }
    return messages_;
  }

  std::vector<std::string> requests() const {
    absl::MutexLock lock(&mutex_);
    return requests_;
  }

 private:
  void Serve(http::TestConnection& connection) {
    for (std::string request = connection.ReadRequest(); !request.empty();
         request = connection.ReadRequest()) {
      const std::vector<std::string> words = absl::StrSplit(request, absl::MaxSplits(' ', 2));
      const int status = answer_ ? answer_(words[1]) : 200;
      {
        absl::MutexLock lock(&mutex_);
        ++messages_[HeaderOf(request, "webhook-id")];
        requests_.push_back(request);
        arrived_.SignalAll();
      }
      if (!connection.Write(
              absl::StrCat("HTTP/1.1 ", status, " Status\r\nContent-Length: 2\r\n\r\nok"))) {
        return;
      }
    }
  }

  const std::function<int(const std::string&)> answer_;
  mutable absl::Mutex mutex_;
  CondVar arrived_;
  std::map<std::string, int> messages_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> requests_ ABSL_GUARDED_BY(mutex_);
  http::TestServer server_;
};

// One process of crier-delivery, as process::Serve runs it.
class Replica {
 public:
  explicit Replica(const DeliveryOptions& options) : delivery_(options, registry_) {
    auto started = rpc::Server::Start({.listen_address = "127.0.0.1:0"}, delivery_.rpc_services());
    EXPECT_TRUE(started.ok()) << started.status();
    server_ = *std::move(started);
    deliveries_ = v1::DeliveryService::NewStub(server_->InProcessChannel());
    webhooks_ = v1::WebhookService::NewStub(server_->InProcessChannel());
    delivery_.Start(*server_);
  }

  ~Replica() { delivery_.Stop(); }

  void Stop() { delivery_.Stop(); }

  absl::Status CheckReady() { return delivery_.CheckReady(Deadline()); }
  int held_shards() const { return delivery_.held_shards(); }

  bool WaitUntil(const std::function<bool()>& condition) {
    const absl::Time end = Deadline();
    while (!CheckReady().ok() || !condition()) {
      if (absl::Now() > end) return false;
    }
    return true;
  }

  bool WaitForShards(int count) {
    return WaitUntil([&] { return held_shards() == count; });
  }

  v1::Webhook CreateWebhook(const std::string& url) {
    v1::CreateWebhookRequest request;
    request.set_parent(absl::StrCat("communities/", kCommunity));
    request.mutable_webhook()->set_display_name("name");
    request.mutable_webhook()->set_url(url);
    v1::Webhook webhook;
    const absl::Status status = rpc::Call(*webhooks_, &v1::WebhookService::Stub::CreateWebhook,
                                          request, webhook, Deadline());
    EXPECT_TRUE(status.ok()) << status;
    return webhook;
  }

  absl::Status UpdateUrl(const v1::Webhook& webhook, const std::string& url) {
    v1::UpdateWebhookRequest request;
    request.mutable_webhook()->set_name(webhook.name());
    request.mutable_webhook()->set_url(url);
    request.mutable_update_mask()->add_paths("url");
    v1::Webhook response;
    return rpc::Call(*webhooks_, &v1::WebhookService::Stub::UpdateWebhook, request, response,
                     Deadline());
  }

  absl::Status DeleteWebhook(const v1::Webhook& webhook) {
    v1::DeleteWebhookRequest request;
    request.set_name(webhook.name());
    google::protobuf::Empty response;
    return rpc::Call(*webhooks_, &v1::WebhookService::Stub::DeleteWebhook, request, response,
                     Deadline());
  }

  absl::StatusOr<v1::EnqueueDeliveriesResponse> Enqueue(
      const v1::EnqueueDeliveriesRequest& request) {
    v1::EnqueueDeliveriesResponse response;
    const absl::Status status = rpc::Call(
        *deliveries_, &v1::DeliveryService::Stub::EnqueueDeliveries, request, response, Deadline());
    if (!status.ok()) return status;
    return response;
  }

  std::vector<v1::Delivery> List(const v1::Webhook& webhook) {
    v1::ListDeliveriesRequest request;
    request.set_parent(webhook.name());
    request.set_page_size(1000);
    v1::ListDeliveriesResponse response;
    const absl::Status status = rpc::Call(*deliveries_, &v1::DeliveryService::Stub::ListDeliveries,
                                          request, response, Deadline());
    EXPECT_TRUE(status.ok() || absl::IsUnavailable(status)) << status;
    return {response.deliveries().begin(), response.deliveries().end()};
  }

  // Waits until every delivery of the webhook is in the state.
  bool WaitForState(const v1::Webhook& webhook, v1::Delivery::State state) {
    return WaitUntil([&] {
      const std::vector<v1::Delivery> deliveries = List(webhook);
      return !deliveries.empty() &&
             std::all_of(deliveries.begin(), deliveries.end(),
                         [&](const v1::Delivery& delivery) { return delivery.state() == state; });
    });
  }

 private:
  metrics::Registry registry_;
  DeliveryServer delivery_;
  std::unique_ptr<rpc::Server> server_;
  std::unique_ptr<v1::DeliveryService::Stub> deliveries_;
  std::unique_ptr<v1::WebhookService::Stub> webhooks_;
};

class DeliveryServerTest : public testing::Test {
 protected:
  DeliveryServerTest() {
    options_.postgres.url = schema_.url;
    options_.postgres.role = schema_.role;
    options_.postgres.schema = schema_.schema;
    options_.targets.allow_http = true;
    options_.targets.allowed_targets = {"127.0.0.0/8"};
    options_.targets.allowed_ports = {"1-65535"};
    const absl::Status migrated = Migrate(options_);
    EXPECT_TRUE(migrated.ok()) << migrated;
  }

  // The next `messages` messages of the test's producer, each to all of the webhooks.
  v1::EnqueueDeliveriesRequest NextRequest(const std::vector<v1::Webhook>& webhooks,
                                           int messages = 1) {
    v1::EnqueueDeliveriesRequest request;
    request.set_producer("test");
    request.set_expected_position(position_);
    position_ += messages;
    request.set_next_position(position_);
    for (int i = 0; i < messages; ++i) {
      v1::EnqueueMessage& message = *request.add_messages();
      *message.mutable_event() = SampleContactEvent();
      for (const v1::Webhook& webhook : webhooks) {
        v1::EnqueueTarget& target = *message.add_targets();
        target.set_webhook(webhook.name());
        target.set_workflow(absl::StrCat("communities/", kCommunity, "/workflows/5"));
        target.set_workflow_display_name("Test");
      }
    }
    return request;
  }

  void Enqueue(Replica& replica, const std::vector<v1::Webhook>& webhooks, int messages = 1) {
    const auto response = replica.Enqueue(NextRequest(webhooks, messages));
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->enqueued_count(), messages * static_cast<int>(webhooks.size()));
  }

  tests::TestDatabase database_;
  const pg::Database schema_ = database_.NewSchemaName();
  DeliveryOptions options_;
  int64_t position_ = 0;
};

TEST_F(DeliveryServerTest, TwoReplicasDeliverEachMessageOnceAndOneTakesOver) {
  Receiver receiver;
  auto first = std::make_unique<Replica>(options_);
  ASSERT_TRUE(first->WaitForShards(kShardCount));
  Replica second(options_);
  ASSERT_TRUE(second.WaitForShards(kShardCount / 2));
  ASSERT_TRUE(first->WaitForShards(kShardCount / 2));
  std::vector<v1::Webhook> webhooks;
  for (int i = 0; i < 20; ++i) {
    webhooks.push_back(first->CreateWebhook(receiver.Url(absl::StrCat("/", i))));
  }

  // Half of it is for shards of the other replica, which is told by the commit.
  Enqueue(*first, webhooks, 20);
  Enqueue(second, webhooks, 20);
  EXPECT_THAT(receiver.WaitForMessages(800), SizeIs(800));
  for (const v1::Webhook& webhook : webhooks) {
    EXPECT_TRUE(second.WaitForState(webhook, v1::Delivery::SUCCEEDED)) << webhook.name();
  }

  // One goes away and finishes what it has; the other one takes over.
  Enqueue(*first, webhooks, 5);
  first->Stop();
  Enqueue(second, webhooks, 5);
  Enqueue(*first, webhooks, 5);  // calls are still answered
  first.reset();
  const std::map<std::string, int> messages = receiver.WaitForMessages(1100);

  EXPECT_TRUE(second.WaitForShards(kShardCount));
  for (const v1::Webhook& webhook : webhooks) {
    EXPECT_TRUE(second.WaitForState(webhook, v1::Delivery::SUCCEEDED)) << webhook.name();
  }
  EXPECT_THAT(messages, SizeIs(1100));
  EXPECT_THAT(messages, Each(Pair(testing::Not(""), 1)));
}

// Its statements look rows up by index from the beginning, when the planner knows of none.
TEST_F(DeliveryServerTest, IntakeAndOutcomesFindTheirRowsByIndex) {
  database_.Run(schema_,
                "CREATE TABLE settings (operation text, seqscan text);"
                "GRANT ALL ON settings TO PUBLIC;"
                "CREATE FUNCTION note_setting() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                " INSERT INTO settings VALUES (tg_op, current_setting('enable_seqscan'));"
                " RETURN NULL; END $$;"
                "CREATE TRIGGER note_setting AFTER INSERT OR DELETE ON queue"
                " FOR EACH STATEMENT EXECUTE FUNCTION note_setting()");
  Receiver receiver;
  Replica replica(options_);
  ASSERT_TRUE(replica.WaitForShards(kShardCount));
  const v1::Webhook webhook = replica.CreateWebhook(receiver.Url("/hook"));

  Enqueue(replica, {webhook});
  ASSERT_TRUE(replica.WaitForState(webhook, v1::Delivery::SUCCEEDED));

  std::set<std::string> seen;
  for (const pg::Rows::Row row : database_.Run(schema_, "SELECT * FROM settings")) {
    seen.insert(absl::StrCat(row.Text(0), " ", row.Text(1)));
  }
  EXPECT_THAT(seen, testing::ElementsAre("DELETE off", "INSERT off"));
}

TEST_F(DeliveryServerTest, AFailureIsRetriedWithTheSameMessageAndBody) {
  std::atomic<int> requests = 0;
  Receiver receiver([&](const std::string&) { return ++requests == 1 ? 500 : 204; });
  Replica replica(options_);
  ASSERT_TRUE(replica.WaitForShards(kShardCount));
  const v1::Webhook webhook = replica.CreateWebhook(receiver.Url("/hook"));

  Enqueue(replica, {webhook});
  ASSERT_TRUE(replica.WaitForState(webhook, v1::Delivery::SUCCEEDED));

  const std::map<std::string, int> messages = receiver.WaitForMessages(1);
  EXPECT_THAT(messages, testing::ElementsAre(Pair(testing::StartsWith("msg_"), 2)));
  const std::vector<std::string> raw = receiver.requests();
  ASSERT_THAT(raw, SizeIs(2));
  EXPECT_EQ(raw[0].substr(raw[0].find("\r\n\r\n")), raw[1].substr(raw[1].find("\r\n\r\n")));

  const std::vector<v1::Delivery> deliveries = replica.List(webhook);
  ASSERT_THAT(deliveries, SizeIs(1));
  ASSERT_EQ(deliveries[0].attempts_size(), 2);
  EXPECT_EQ(deliveries[0].payload_type(), v1::CONTACT);
  EXPECT_FALSE(deliveries[0].has_next_attempt_time());
  EXPECT_EQ(deliveries[0].attempts(0).number(), 1);
  EXPECT_EQ(deliveries[0].attempts(0).exchange().outcome(), v1::Exchange::REFUSED);
  EXPECT_EQ(deliveries[0].attempts(0).exchange().response_status(), 500);
  EXPECT_EQ(deliveries[0].attempts(0).exchange().response_body(), "ok");
  EXPECT_EQ(deliveries[0].attempts(1).exchange().outcome(), v1::Exchange::SUCCEEDED);
  EXPECT_EQ(deliveries[0].attempts(1).exchange().request_body(), "");
}

TEST_F(DeliveryServerTest, AReceiverThatNeverAnswersHoldsUpNobodyElse) {
  absl::Notification end;
  Receiver dead([&](const std::string&) {
    end.WaitForNotification();
    return 200;
  });
  Receiver good;
  Replica replica(options_);
  ASSERT_TRUE(replica.WaitForShards(kShardCount));
  const v1::Webhook stuck = replica.CreateWebhook(dead.Url("/"));
  const v1::Webhook fine = replica.CreateWebhook(good.Url("/"));

  Enqueue(replica, {stuck}, 500);
  Enqueue(replica, {fine}, 500);

  EXPECT_THAT(good.WaitForMessages(500), SizeIs(500));
  end.Notify();
}

TEST_F(DeliveryServerTest, ARetryAfterAnUpdateGoesToTheNewUrl) {
  Receiver wrong([](const std::string&) { return 404; });
  Receiver right;
  Replica replica(options_);
  ASSERT_TRUE(replica.WaitForShards(kShardCount));
  const v1::Webhook webhook = replica.CreateWebhook(wrong.Url("/"));
  Enqueue(replica, {webhook});
  ASSERT_THAT(wrong.WaitForMessages(1), SizeIs(1));

  const absl::Status updated = replica.UpdateUrl(webhook, right.Url("/"));
  ASSERT_TRUE(updated.ok()) << updated;

  EXPECT_EQ(right.WaitForMessages(1), wrong.WaitForMessages(1));
  EXPECT_THAT(wrong.requests(), SizeIs(1));
}

TEST_F(DeliveryServerTest, DeletingAWebhookCancelsWhatIsPending) {
  Receiver failing([](const std::string&) { return 500; });
  Replica replica(options_);
  ASSERT_TRUE(replica.WaitForShards(kShardCount));
  const v1::Webhook webhook = replica.CreateWebhook(failing.Url("/"));
  Enqueue(replica, {webhook}, 3);
  ASSERT_THAT(failing.WaitForMessages(3), SizeIs(3));

  const absl::Status deleted = replica.DeleteWebhook(webhook);
  ASSERT_TRUE(deleted.ok()) << deleted;

  EXPECT_TRUE(replica.WaitForState(webhook, v1::Delivery::CANCELLED));
  const auto again = replica.Enqueue(NextRequest({webhook}));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->enqueued_count(), 0);
  EXPECT_EQ(again->dropped_count(), 1);
}

TEST_F(DeliveryServerTest, AttemptsAreNotForgottenWhenTheDatabaseBreaks) {
  tests::PostgresProxy proxy(options_.postgres.url);
  options_.postgres.url = proxy.url();
  absl::BlockingCounter under_way(10);
  absl::Notification answer;
  Receiver receiver([&](const std::string&) {
    under_way.DecrementCount();
    answer.WaitForNotification();
    return 200;
  });
  Replica replica(options_);
  ASSERT_TRUE(replica.WaitForShards(kShardCount));
  const v1::Webhook webhook = replica.CreateWebhook(receiver.Url("/"));
  Enqueue(replica, {webhook}, 10);
  under_way.Wait();

  // Every connection breaks, and then the first commit of outcomes once more.
  proxy.BreakAt("insert_attempts", tests::PostgresProxy::Fault::kLoseReply);
  proxy.BreakAll();
  answer.Notify();

  EXPECT_TRUE(replica.WaitForState(webhook, v1::Delivery::SUCCEEDED));
  EXPECT_THAT(receiver.WaitForMessages(10), Each(Pair(testing::Not(""), 1)));
  for (const v1::Delivery& delivery : replica.List(webhook)) {
    EXPECT_EQ(delivery.attempts_size(), 1);
  }
}

TEST_F(DeliveryServerTest, AProducerThatRepeatsABrokenCallLosesAndDoublesNothing) {
  Receiver receiver;
  tests::PostgresProxy proxy(options_.postgres.url);
  options_.postgres.url = proxy.url();
  Replica replica(options_);
  ASSERT_TRUE(replica.WaitForShards(kShardCount));
  const v1::Webhook webhook = replica.CreateWebhook(receiver.Url("/"));

  for (const tests::PostgresProxy::Fault fault :
       {tests::PostgresProxy::Fault::kLoseRequest, tests::PostgresProxy::Fault::kLoseReply}) {
    for (const char* statement : {"move_producer", "insert_queue", "COMMIT"}) {
      const v1::EnqueueDeliveriesRequest request = NextRequest({webhook}, 5);
      proxy.BreakAt(statement, fault);
      absl::StatusOr<v1::EnqueueDeliveriesResponse> response = replica.Enqueue(request);
      while (absl::IsUnavailable(response.status())) response = replica.Enqueue(request);
      if (!response.ok()) {
        EXPECT_EQ(ErrorMetadata(response.status(), "actual_position"),
                  absl::StrCat(request.next_position()));
      }
    }
  }

  EXPECT_THAT(receiver.WaitForMessages(30), SizeIs(30));
  EXPECT_TRUE(replica.WaitForState(webhook, v1::Delivery::SUCCEEDED));
  EXPECT_THAT(replica.List(webhook), SizeIs(30));
}

TEST_F(DeliveryServerTest, StartsBeforeItsSchemaIsThere) {
  DeliveryOptions options = options_;
  options.postgres.schema = database_.NewSchemaName().schema;
  Receiver receiver;
  Replica replica(options);
  EXPECT_FALSE(replica.CheckReady().ok());

  const absl::Status migrated = Migrate(options);
  ASSERT_TRUE(migrated.ok()) << migrated;

  ASSERT_TRUE(replica.WaitForShards(kShardCount));
  Enqueue(replica, {replica.CreateWebhook(receiver.Url("/"))});
  EXPECT_THAT(receiver.WaitForMessages(1), SizeIs(1));
}

}  // namespace
}  // namespace crier::delivery
