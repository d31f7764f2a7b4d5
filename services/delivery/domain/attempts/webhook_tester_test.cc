#include "services/delivery/domain/attempts/webhook_tester.h"

#include <deque>
#include <optional>
#include <utility>

#include "common/status/errors.h"
#include "gtest/gtest.h"
#include "services/delivery/domain/attempts/signer.h"
#include "services/delivery/domain/payloads/payload.h"
#include "services/delivery/domain/payloads/samples.h"

namespace crier::delivery {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1700000000);

// Keeps requests until the test answers them.
class HeldSender : public Sender {
 public:
  void Send(AttemptRequest request, int64_t connection_group,
            std::function<void(AttemptResult)> done) override {
    held_.push_back({std::move(request), connection_group, std::move(done)});
  }

  size_t size() const { return held_.size(); }
  const AttemptRequest& request() const { return held_.front().request; }
  int64_t connection_group() const { return held_.front().connection_group; }

  // Answers the oldest.
  void Answer(AttemptResult result) {
    const auto done = std::move(held_.front().done);
    held_.pop_front();
    done(std::move(result));
  }

 private:
  struct Held {
    AttemptRequest request;
    int64_t connection_group;
    std::function<void(AttemptResult)> done;
  };
  std::deque<Held> held_;
};

Webhook SomeWebhook() {
  Webhook webhook;
  webhook.id = {7, 1};
  webhook.url = "https://hooks.example.com/hook";
  webhook.secret = "s3cret";
  webhook.signing_keys = {{.number = 1, .key = "key"}};
  return webhook;
}

class WebhookTesterTest : public testing::Test {
 protected:
  absl::Status Test(absl::Time deadline = kNow + absl::Minutes(1)) {
    return tester_.Test(SomeWebhook(), SampleContactEvent(), deadline,
                        [this](Exchange exchange) { exchange_ = std::move(exchange); });
  }

  FakeClock clock_{kNow};
  HeldSender sender_;
  WebhookTester tester_{sender_, clock_, kDefaultAppBaseUrl};
  std::optional<Exchange> exchange_;
};

TEST_F(WebhookTesterTest, SendsTheSampleAsADeliveryWouldBe) {
  ASSERT_TRUE(Test().ok());

  ASSERT_EQ(sender_.size(), 1u);
  EXPECT_EQ(sender_.connection_group(), 7);
  const AttemptRequest& request = sender_.request();
  EXPECT_EQ(request.url, SomeWebhook().url);
  EXPECT_EQ(request.timeout, absl::Seconds(15));
  EXPECT_EQ(request.body,
            *RenderPayload(SampleContactEvent(), SampleWorkflow(), SomeWebhook(), ""));
  ASSERT_EQ(request.headers.size(), 6u);
  EXPECT_EQ(request.headers[4].value,
            Signatures(SomeWebhook().signing_keys, request.headers[2].value,
                       absl::FromUnixSeconds(1700000000), request.body));
  EXPECT_EQ(request.headers[5].value, "s3cret");
}

TEST_F(WebhookTesterTest, TellsTheWholeExchangeWithSecretsMasked) {
  ASSERT_TRUE(Test().ok());
  const AttemptRequest request = sender_.request();
  AttemptResult result;
  result.outcome = Outcome::kRefused;
  result.status = 500;
  result.body = "oops";

  sender_.Answer(result);

  ASSERT_TRUE(exchange_.has_value());
  EXPECT_EQ(exchange_->start_time, kNow);
  EXPECT_EQ(exchange_->url, request.url);
  EXPECT_EQ(exchange_->request_body, request.body);
  EXPECT_EQ(exchange_->request_headers, MaskedHeaders(request.headers));
  EXPECT_NE(exchange_->request_headers[5].value, "s3cret");
  EXPECT_EQ(exchange_->result.status, 500);
  EXPECT_EQ(exchange_->result.body, "oops");
}

TEST_F(WebhookTesterTest, LeavesTimeToAnswerBeforeTheDeadline) {
  ASSERT_TRUE(Test(kNow + absl::Seconds(3)).ok());

  EXPECT_LT(sender_.request().timeout, absl::Seconds(3));
  EXPECT_GT(sender_.request().timeout, absl::Seconds(2));
  EXPECT_LE(sender_.request().connect_timeout, sender_.request().timeout);
}

TEST_F(WebhookTesterTest, WithoutTimeNothingIsSent) {
  EXPECT_EQ(Test(kNow + absl::Milliseconds(1)).code(), absl::StatusCode::kDeadlineExceeded);

  EXPECT_EQ(sender_.size(), 0u);
}

TEST_F(WebhookTesterTest, LimitsTheTestsUnderWay) {
  for (int i = 0; i < WebhookTester::kMaxTests; ++i) ASSERT_TRUE(Test().ok());

  EXPECT_EQ(ErrorReason(Test()), "OVERLOADED");
  EXPECT_EQ(sender_.size(), static_cast<size_t>(WebhookTester::kMaxTests));
  sender_.Answer({});
  EXPECT_TRUE(Test().ok());
}

TEST_F(WebhookTesterTest, EveryTestIsAMessageOfItsOwn) {
  ASSERT_TRUE(Test().ok());
  const Header first = sender_.request().headers[2];
  sender_.Answer({});
  ASSERT_TRUE(Test().ok());

  EXPECT_EQ(first.name, "webhook-id");
  EXPECT_NE(sender_.request().headers[2].value, first.value);
}

}  // namespace
}  // namespace crier::delivery
