#include "services/delivery/storage/delivery_log.h"

#include "gmock/gmock.h"
#include "services/delivery/storage/delivery_fixture.h"
#include "services/delivery/storage/exchange_codec.h"
#include "services/delivery/storage/queue_notices.h"

namespace crier::delivery::storage {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

class PgDeliveryLogTest : public DeliveryStorageTest {
 protected:
  std::vector<MessageId> List(const WebhookId& webhook, const std::optional<MessageId>& before,
                              int limit) {
    const auto records = log_.List(webhook, before, limit, Deadline());
    EXPECT_TRUE(records.ok()) << records.status();
    std::vector<MessageId> ids;
    for (const DeliveryRecord& record : *records) ids.push_back(record.id.message);
    return ids;
  }
};

TEST_F(PgDeliveryLogTest, ShowsAFreshDelivery) {
  const DeliveryId id = Store(a_);

  const DeliveryRecord record = Get(id);

  EXPECT_EQ(record.id, id);
  EXPECT_EQ(record.workflow_id, 5);
  EXPECT_EQ(record.event_kind, entity::v1::Event::CONTACT_FOUND);
  EXPECT_EQ(record.state, DeliveryState::kPending);
  EXPECT_EQ(record.next_attempt_time, now_);
  EXPECT_EQ(record.create_time(), id.message.time());
  EXPECT_THAT(record.attempts, SizeIs(0));
}

TEST_F(PgDeliveryLogTest, ShowsEveryAttemptInOrder) {
  const DeliveryId id = Store(a_);
  for (int number = 1; number <= 3; ++number) {
    AttemptOutcome outcome = Outcome(id, DeliveryState::kPending, number);
    outcome.attempt->exchange.result.status = 500 + number;
    Commit({outcome});
  }

  const DeliveryRecord record = Get(id);

  ASSERT_THAT(record.attempts, SizeIs(3));
  for (int number = 1; number <= 3; ++number) {
    EXPECT_EQ(record.attempts[number - 1].number, number);
    EXPECT_EQ(record.attempts[number - 1].exchange.result.status, 500 + number);
  }
}

TEST_F(PgDeliveryLogTest, KnowsNothingOfOtherDeliveries) {
  const DeliveryId id = Store(a_);
  for (const DeliveryId& other :
       {DeliveryId{a_, ids_.Next()}, DeliveryId{b_, id.message}, DeliveryId{{2, 1}, id.message}}) {
    const auto record = log_.Get(other, Deadline());
    ASSERT_TRUE(record.ok()) << record.status();
    EXPECT_FALSE(record->has_value());
  }
}

TEST_F(PgDeliveryLogTest, ListsTheNewestFirstPageByPage) {
  std::vector<MessageId> ids;
  for (int i = 0; i < 5; ++i) {
    const DeliveryId id = Store(a_);
    ids.push_back(id.message);
    Store(b_);
    // Attempts do not count as deliveries.
    Commit({Outcome(id, DeliveryState::kPending, 1)});
    Commit({Outcome(id, DeliveryState::kSucceeded, 2)});
  }

  EXPECT_THAT(List(a_, std::nullopt, 3), ElementsAre(ids[4], ids[3], ids[2]));
  EXPECT_THAT(List(a_, ids[2], 3), ElementsAre(ids[1], ids[0]));
  EXPECT_THAT(List(a_, ids[0], 3), SizeIs(0));
}

TEST(ExchangeCodecTest, KeepsEverythingButTheRequestBody) {
  Exchange exchange;
  exchange.start_time = absl::FromUnixNanos(1700000000123456789);
  exchange.url = "https://example.com/hook";
  exchange.request_headers = {{"content-type", "application/json"}, {"x-token", "***"}};
  exchange.request_body = "{}";
  exchange.result.outcome = Outcome::kRefused;
  exchange.result.status = 503;
  exchange.result.headers = {{"retry-after", "caf\xe9"}};
  exchange.result.body = std::string("\xff\0x", 3);
  exchange.result.error = "the receiver answered with status 503";
  exchange.result.duration = absl::Microseconds(1234);

  const auto decoded = DecodeExchange(EncodeExchange(exchange), EncodeResponse(exchange.result));

  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->start_time, exchange.start_time);
  EXPECT_EQ(decoded->url, exchange.url);
  EXPECT_EQ(decoded->request_headers, exchange.request_headers);
  EXPECT_EQ(decoded->request_body, "");
  EXPECT_EQ(decoded->result.outcome, Outcome::kRefused);
  EXPECT_EQ(decoded->result.status, 503);
  EXPECT_THAT(decoded->result.headers, ElementsAre(Header{"retry-after", "caf\xef\xbf\xbd"}));
  EXPECT_EQ(decoded->result.body, exchange.result.body);
  EXPECT_EQ(decoded->result.error, exchange.result.error);
  EXPECT_EQ(decoded->result.duration, exchange.result.duration);
}

TEST(ExchangeCodecTest, RefusesOtherBytes) { EXPECT_FALSE(DecodeExchange("\xff", "").ok()); }

TEST(QueueNoticesTest, ManyWebhooksFillSeveralNotices) {
  std::vector<WebhookId> webhooks;
  for (int64_t i = 0; i < 1000; ++i) {
    webhooks.push_back({9223372036854775807 - i, 9223372036854775807 - i});
  }

  std::vector<WebhookId> decoded;
  for (const std::string& notice : EncodeNotices(webhooks)) {
    EXPECT_LT(notice.size(), 8000);
    for (const WebhookId& webhook : DecodeNotice(notice)) decoded.push_back(webhook);
  }

  EXPECT_EQ(decoded, webhooks);
  EXPECT_THAT(EncodeNotices({}), SizeIs(0));
}

TEST(QueueNoticesTest, LeavesOutWhatItDoesNotUnderstand) {
  EXPECT_THAT(DecodeNotice("x,1/2,/,3"), ElementsAre(WebhookId{1, 2}));
  EXPECT_THAT(DecodeNotice(""), SizeIs(0));
}

TEST(QueueNoticesTest, AChannelFitsWhateverTheSchemaIsCalled) {
  EXPECT_EQ(QueueChannel("delivery"), "queue/delivery");
  EXPECT_THAT(QueueChannel(std::string(63, 's')), SizeIs(63));
}

}  // namespace
}  // namespace crier::delivery::storage
