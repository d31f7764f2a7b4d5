// Whether receivers can verify what Crier signs, judged by a library that others wrote.
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <sys/wait.h>

#include <cstdio>
#include <map>
#include <string>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "services/delivery/domain/attempts/attempt_request.h"
#include "services/delivery/domain/attempts/signer.h"
#include "services/delivery/domain/payloads/payload.h"
#include "services/delivery/domain/payloads/samples.h"

namespace crier::delivery {
namespace {

constexpr int kValid = 0;
constexpr int kInvalid = 1;

// What a receiver has: its secret and the request.
struct Message {
  std::string secret;
  std::map<std::string, std::string> headers;
  std::string body;
};

std::string ToJson(const Message& message) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  const auto member = [&](const char* key, const std::string& value) {
    writer.Key(key);
    writer.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
  };
  writer.StartObject();
  member("secret", message.secret);
  member("id", message.headers.at("webhook-id"));
  member("timestamp", message.headers.at("webhook-timestamp"));
  member("signature", message.headers.at("webhook-signature"));
  member("body", message.body);
  writer.EndObject();
  return buffer.GetString();
}

// The exit code of verify.mjs.
int Judge(const Message& message) {
  FILE* const judge = popen(CRIER_NODE " " CRIER_VERIFY, "w");
  if (judge == nullptr) return -1;
  const std::string json = ToJson(message);
  fwrite(json.data(), 1, json.size(), judge);
  const int status = pclose(judge);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// An attempt at the activity sample, as the receiver with the first key gets it.
Message SomeMessage(const Webhook& webhook) {
  entity::v1::Event event = SampleActivityEvent();
  event.mutable_activity()->set_content("Zoë \"😀\" \\ \x01\n");
  FakeClock clock(absl::FromUnixSeconds(1700000000));
  const AttemptRequest request = BuildAttemptRequest(
      webhook, MessageIdGenerator(clock).Next(),
      RenderPayload(event, SampleWorkflow(), webhook, kDefaultAppBaseUrl).value(), clock.Now());
  Message message{SigningSecret(webhook.signing_keys.front()), {}, request.body};
  for (const Header& header : request.headers) message.headers[header.name] = header.value;
  return message;
}

Webhook SomeWebhook() {
  Webhook webhook;
  webhook.url = "https://hooks.example.com/";
  webhook.signing_keys = {MakeSigningKey(SigningScheme::kV1), MakeSigningKey(SigningScheme::kV1)};
  return webhook;
}

TEST(StandardWebhooksTest, AttemptsVerifyWithEachKey) {
  const Webhook webhook = SomeWebhook();
  Message message = SomeMessage(webhook);
  EXPECT_EQ(Judge(message), kValid);

  message.secret = SigningSecret(webhook.signing_keys.back());
  EXPECT_EQ(Judge(message), kValid);
}

TEST(StandardWebhooksTest, AttemptsDoNotVerifyWithAnotherKey) {
  Message message = SomeMessage(SomeWebhook());

  message.secret = SigningSecret(MakeSigningKey(SigningScheme::kV1));

  EXPECT_EQ(Judge(message), kInvalid);
}

TEST(StandardWebhooksTest, WhatWasChangedOnTheWayDoesNotVerify) {
  const Message sent = SomeMessage(SomeWebhook());

  Message body = sent;
  body.body += " ";
  EXPECT_EQ(Judge(body), kInvalid);

  Message id = sent;
  id.headers["webhook-id"] += "0";
  EXPECT_EQ(Judge(id), kInvalid);

  Message time = sent;
  time.headers["webhook-timestamp"] = "1700000001";
  EXPECT_EQ(Judge(time), kInvalid);
}

}  // namespace
}  // namespace crier::delivery
