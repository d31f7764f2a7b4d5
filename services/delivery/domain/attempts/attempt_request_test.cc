#include "services/delivery/domain/attempts/attempt_request.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/delivery/domain/attempts/signer.h"

namespace crier::delivery {
namespace {

using testing::ElementsAre;

const absl::Time kNow = absl::FromUnixSeconds(1700000000);

MessageId SomeMessage() {
  FakeClock clock(kNow);
  return MessageIdGenerator(clock).Next();
}

Webhook SomeWebhook() {
  Webhook webhook;
  webhook.url = "https://hooks.example.com/hook";
  webhook.signing_keys = {{.number = 2, .key = "a key"}, {.number = 1, .key = "an older key"}};
  return webhook;
}

std::vector<std::string> Names(const std::vector<Header>& headers) {
  std::vector<std::string> names;
  for (const Header& header : headers) names.push_back(header.name);
  return names;
}

TEST(AttemptRequestTest, HasTheDocumentedHeadersInOrder) {
  const Webhook webhook = SomeWebhook();
  const MessageId message = SomeMessage();

  const AttemptRequest request = BuildAttemptRequest(webhook, message, "{}", kNow);

  EXPECT_EQ(request.url, webhook.url);
  EXPECT_EQ(request.body, "{}");
  EXPECT_THAT(request.headers,
              ElementsAre(Header{"content-type", "application/json"},
                          Header{"user-agent", absl::StrCat("crier/", CRIER_VERSION)},
                          Header{"webhook-id", message.ToString()},
                          Header{"webhook-timestamp", "1700000000"},
                          Header{"webhook-signature", Signatures(webhook.signing_keys,
                                                                 message.ToString(), kNow, "{}")}));
}

TEST(AttemptRequestTest, SecretIsSentVerbatimBeforeCustomHeaders) {
  Webhook webhook = SomeWebhook();
  webhook.secret = "s3 cret, \"quoted\"";
  webhook.custom_headers = {{"X-Env", "prod"}, {"Authorization", "Bearer t"}};

  const AttemptRequest request = BuildAttemptRequest(webhook, SomeMessage(), "{}", kNow);

  ASSERT_EQ(request.headers.size(), 8u);
  EXPECT_EQ(request.headers[5], (Header{"x-commonroom-webhook-secret", webhook.secret}));
  EXPECT_EQ(request.headers[6], (Header{"authorization", "Bearer t"}));
  EXPECT_EQ(request.headers[7], (Header{"x-env", "prod"}));
}

TEST(AttemptRequestTest, TimestampIsThatOfTheAttemptAndIdThatOfTheMessage) {
  const MessageId message = SomeMessage();

  const AttemptRequest first = BuildAttemptRequest(SomeWebhook(), message, "{}", kNow);
  const AttemptRequest retry =
      BuildAttemptRequest(SomeWebhook(), message, "{}", kNow + absl::Milliseconds(5999));

  EXPECT_EQ(retry.headers[2], first.headers[2]);
  EXPECT_EQ(retry.headers[3].value, "1700000005");
  EXPECT_NE(retry.headers[4], first.headers[4]);
}

TEST(AttemptRequestTest, ConnectionGetsNoMoreTimeThanTheWhole) {
  Webhook webhook = SomeWebhook();
  webhook.request_timeout = absl::Seconds(30);
  EXPECT_EQ(BuildAttemptRequest(webhook, SomeMessage(), "", kNow).connect_timeout,
            absl::Seconds(5));

  webhook.request_timeout = absl::Seconds(2);
  const AttemptRequest request = BuildAttemptRequest(webhook, SomeMessage(), "", kNow);

  EXPECT_EQ(request.timeout, absl::Seconds(2));
  EXPECT_EQ(request.connect_timeout, absl::Seconds(2));
}

TEST(AttemptRequestTest, MasksWhatMayBeSecret) {
  Webhook webhook = SomeWebhook();
  webhook.secret = "s3cret";
  webhook.custom_headers = {{"x-env", "prod"}, {"authorization", "Bearer t"}};
  const AttemptRequest request = BuildAttemptRequest(webhook, SomeMessage(), "{}", kNow);

  const std::vector<Header> masked = MaskedHeaders(request.headers);

  EXPECT_EQ(Names(masked), Names(request.headers));
  for (size_t i = 0; i < 5; ++i) EXPECT_EQ(masked[i], request.headers[i]);
  for (size_t i = 5; i < 8; ++i) EXPECT_EQ(masked[i].value, "********") << masked[i].name;
}

}  // namespace
}  // namespace crier::delivery
