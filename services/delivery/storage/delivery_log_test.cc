#include "services/delivery/storage/delivery_log.h"

#include <utility>

#include "absl/strings/str_cat.h"
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
  static DeliveryFilter Of(const WebhookId& webhook) {
    DeliveryFilter filter;
    filter.community = webhook.community;
    filter.webhook = webhook.id;
    return filter;
  }

  std::vector<MessageId> List(const DeliveryFilter& filter, std::optional<MessageId> before = {},
                              int limit = 100) {
    const auto page = log_.List(filter, before, limit, Deadline());
    EXPECT_TRUE(page.ok()) << page.status();
    std::vector<MessageId> ids;
    for (const DeliveryRecord& record : page->records) ids.push_back(record.id.message);
    next_ = page->next;
    return ids;
  }

  // Makes an attempt that got the status (0: none) and led to the state.
  void Attempt(const DeliveryId& id, int number, int status, DeliveryState state,
               absl::Duration duration = absl::Milliseconds(1)) {
    AttemptOutcome outcome = Outcome(id, state, number);
    AttemptResult& result = outcome.attempt->exchange.result;
    result.status = status;
    result.duration = duration;
    result.outcome = status >= 200 && status <= 299 ? delivery::Outcome::kSucceeded
                     : status == 0                  ? delivery::Outcome::kTimedOut
                                                    : delivery::Outcome::kRefused;
    result.error = absl::StrCat("status ", status);
    Commit({outcome});
  }

  std::optional<MessageId> next_;  // of the last page
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

  EXPECT_THAT(List(Of(a_), {}, 3), ElementsAre(ids[4], ids[3], ids[2]));
  EXPECT_EQ(next_, ids[2]);
  EXPECT_THAT(List(Of(a_), ids[2], 2), ElementsAre(ids[1], ids[0]));
  EXPECT_EQ(next_, std::nullopt) << "a page that the last one fills is the last";
  EXPECT_THAT(List(Of(a_), ids[0], 3), SizeIs(0));
}

TEST_F(PgDeliveryLogTest, ListsAllWebhooksOfACommunity) {
  const DeliveryId first = Store(a_);
  const DeliveryId second = Store(b_);
  Store({2, 1});
  const DeliveryId third = Store(a_);
  DeliveryFilter filter;
  filter.community = 1;

  EXPECT_THAT(List(filter, {}, 2), ElementsAre(third.message, second.message));
  EXPECT_THAT(List(filter, next_), ElementsAre(first.message));
}

TEST_F(PgDeliveryLogTest, ListsByState) {
  const DeliveryId pending = Store(a_);
  const DeliveryId succeeded = Store(a_);
  const DeliveryId exhausted = Store(a_);
  const DeliveryId cancelled = Store(a_);
  const DeliveryId retrying = Store(a_);
  Attempt(succeeded, 1, 500, DeliveryState::kPending);
  Attempt(succeeded, 2, 200, DeliveryState::kSucceeded);
  Attempt(exhausted, 1, 500, DeliveryState::kPending);
  Attempt(exhausted, 2, 500, DeliveryState::kExhausted);
  Attempt(retrying, 1, 0, DeliveryState::kPending);
  database_.Run(schema_,
                "DELETE FROM queue WHERE delivery_id = '" + cancelled.message.ToUuid() + "'");
  const std::vector<std::pair<DeliveryState, std::vector<MessageId>>> expected = {
      {DeliveryState::kPending, {retrying.message, pending.message}},
      {DeliveryState::kSucceeded, {succeeded.message}},
      {DeliveryState::kExhausted, {exhausted.message}},
      {DeliveryState::kCancelled, {cancelled.message}}};
  for (DeliveryFilter filter : {Of(a_), DeliveryFilter{.community = 1}}) {
    for (const auto& [state, ids] : expected) {
      filter.state = state;
      EXPECT_EQ(List(filter), ids) << static_cast<int>(state);
    }
  }
}

TEST_F(PgDeliveryLogTest, ListsByTheStatusOfTheLastAttempt) {
  const DeliveryId none = Store(a_);
  Store(a_);  // without attempts
  const DeliveryId ok = Store(a_);
  const DeliveryId moved = Store(b_);
  const DeliveryId missing = Store(a_);
  const DeliveryId broken = Store(a_);
  Attempt(none, 1, 0, DeliveryState::kPending);
  Attempt(ok, 1, 503, DeliveryState::kPending);
  Attempt(ok, 2, 204, DeliveryState::kSucceeded);
  Attempt(moved, 1, 302, DeliveryState::kPending);
  Attempt(missing, 1, 500, DeliveryState::kPending);
  Attempt(missing, 2, 404, DeliveryState::kPending);
  Attempt(broken, 1, 500, DeliveryState::kPending);
  Attempt(broken, 2, 599, DeliveryState::kPending);
  DeliveryFilter filter;
  filter.community = 1;
  const auto with = [&](StatusClass status_class) {
    filter.status_class = status_class;
    return List(filter);
  };

  EXPECT_THAT(with(StatusClass::kNoResponse), ElementsAre(none.message));
  EXPECT_THAT(with(StatusClass::kSuccess), ElementsAre(ok.message));
  EXPECT_THAT(with(StatusClass::kRedirect), ElementsAre(moved.message));
  EXPECT_THAT(with(StatusClass::kClientError), ElementsAre(missing.message));
  EXPECT_THAT(with(StatusClass::kServerError), ElementsAre(broken.message));
}

TEST_F(PgDeliveryLogTest, ListsByWorkflowAndTime) {
  const DeliveryId id = Store(a_);
  DeliveryFilter filter = Of(a_);
  filter.workflow = 5;
  EXPECT_THAT(List(filter), ElementsAre(id.message));
  filter.workflow = 6;
  EXPECT_THAT(List(filter), SizeIs(0));

  filter = Of(a_);
  filter.created_from = id.message.time();
  filter.created_before = id.message.time() + absl::Milliseconds(1);
  EXPECT_THAT(List(filter), ElementsAre(id.message));
  filter.created_before = id.message.time();
  EXPECT_THAT(List(filter), SizeIs(0));
  filter.created_before = absl::InfiniteFuture();
  filter.created_from = id.message.time() + absl::Milliseconds(1);
  EXPECT_THAT(List(filter), SizeIs(0));
}

TEST_F(PgDeliveryLogTest, LooksAtAFewThousandAndTellsWhereToGoOn) {
  const DeliveryId oldest = Store(a_);
  Attempt(oldest, 1, 200, DeliveryState::kSucceeded);
  for (int i = 0; i < 3; ++i) {
    Intake intake = NewIntake(position_, position_ + 1);
    ++position_;
    for (int j = 0; j < 800; ++j) intake.messages.push_back(Message({a_}));
    ASSERT_TRUE(intake_.Enqueue(intake, Deadline()).ok());
  }
  DeliveryFilter filter = Of(a_);
  filter.state = DeliveryState::kSucceeded;

  EXPECT_THAT(List(filter), SizeIs(0));
  ASSERT_TRUE(next_.has_value());
  EXPECT_THAT(List(filter, next_), ElementsAre(oldest.message));
  EXPECT_EQ(next_, std::nullopt);
}

TEST_F(PgDeliveryLogTest, TellsTheHealthOfAWebhook) {
  const WebhookId webhook = StoreWebhook(1);
  const DeliveryId fine = Store(webhook);
  const DeliveryId failing = Store(webhook);
  const DeliveryId waiting = Store(webhook);
  Attempt(Store(b_), 1, 500, DeliveryState::kExhausted);
  Attempt(fine, 1, 200, DeliveryState::kSucceeded, absl::Milliseconds(10));
  Attempt(failing, 1, 503, DeliveryState::kPending, absl::Milliseconds(20));
  Attempt(failing, 2, 0, DeliveryState::kPending, absl::Milliseconds(900));

  const auto health = log_.Health(webhook, Deadline());

  ASSERT_TRUE(health.ok()) << health.status();
  EXPECT_EQ(health->attempts, 3);
  EXPECT_EQ(health->successes, 1);
  EXPECT_EQ(health->oldest_create_time, fine.message.time());
  EXPECT_EQ(health->median_duration, absl::Milliseconds(20));
  EXPECT_EQ(health->p99_duration, absl::Milliseconds(900));
  ASSERT_TRUE(health->last_failure.has_value());
  EXPECT_EQ(health->last_failure->result.error, "status 0");
  EXPECT_EQ(health->pending, 2);
  EXPECT_EQ(health->next_attempt_time, now_) << "of " << waiting.message.ToString();
}

TEST_F(PgDeliveryLogTest, AWebhookThatIsUnknownHasNoHealth) {
  EXPECT_TRUE(absl::IsNotFound(log_.Health({1, 999'999}, Deadline()).status()));
}

TEST_F(PgDeliveryLogTest, AWebhookWithoutAttemptsIsNeitherWellNorIll) {
  const auto health = log_.Health(StoreWebhook(1), Deadline());

  ASSERT_TRUE(health.ok()) << health.status();
  EXPECT_EQ(health->attempts, 0);
  EXPECT_EQ(health->oldest_create_time, std::nullopt);
  EXPECT_FALSE(health->last_failure.has_value());
  EXPECT_EQ(health->next_attempt_time, std::nullopt);
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
  exchange.result.remote_address = "203.0.113.9";
  exchange.result.timings = {absl::Microseconds(1), absl::Microseconds(2), absl::Microseconds(3),
                             absl::ZeroDuration()};

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
  EXPECT_EQ(decoded->result.remote_address, "203.0.113.9");
  EXPECT_EQ(decoded->result.timings.resolved, absl::Microseconds(1));
  EXPECT_EQ(decoded->result.timings.secured, absl::Microseconds(3));
  EXPECT_EQ(decoded->result.timings.first_byte, absl::ZeroDuration());
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

TEST(QueueNoticesTest, SaysWhatIsToBeTriedNow) {
  EXPECT_TRUE(IsTryNow("now:1/2"));
  EXPECT_THAT(DecodeNotice("now:1/2"), ElementsAre(WebhookId{1, 2}));
  EXPECT_FALSE(IsTryNow(EncodeNotices({{1, 2}}).front()));
}

TEST(QueueNoticesTest, AChannelFitsWhateverTheSchemaIsCalled) {
  EXPECT_EQ(QueueChannel("delivery"), "queue/delivery");
  EXPECT_THAT(QueueChannel(std::string(63, 's')), SizeIs(63));
}

}  // namespace
}  // namespace crier::delivery::storage
