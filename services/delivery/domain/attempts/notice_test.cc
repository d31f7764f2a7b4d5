#include "services/delivery/domain/attempts/notice.h"

#include "gtest/gtest.h"

namespace crier::delivery {
namespace {

// The documented payloads, byte by byte: a receiver relies on them.

Notice Sample(Notice::Type type) {
  Notice notice;
  notice.type = type;
  notice.time = absl::FromUnixMillis(1700000000123);
  notice.webhook = {7, 3};
  notice.webhook_name = "CRM \"Zoë\"";
  return notice;
}

TEST(NoticeTest, Failing) {
  Notice notice = Sample(Notice::Type::kFailing);
  notice.failing_since = absl::FromUnixSeconds(1699996400);
  notice.disable_time = absl::FromUnixSeconds(1700428400);

  EXPECT_EQ(RenderNotice(notice),
            R"({"type":"webhook.failing","timestamp":"2023-11-14T22:13:20.123Z",)"
            R"("data":{"webhook":"communities/7/webhooks/3","webhookName":"CRM \"Zoë\"",)"
            R"("failingSince":"2023-11-14T21:13:20.000Z",)"
            R"("disableTime":"2023-11-19T21:13:20.000Z"}})");
}

TEST(NoticeTest, Recovered) {
  EXPECT_EQ(RenderNotice(Sample(Notice::Type::kRecovered)),
            R"({"type":"webhook.recovered","timestamp":"2023-11-14T22:13:20.123Z",)"
            R"("data":{"webhook":"communities/7/webhooks/3","webhookName":"CRM \"Zoë\""}})");
}

TEST(NoticeTest, Disabled) {
  Notice notice = Sample(Notice::Type::kDisabled);
  notice.disable_reason = DisableReason::kGone;

  EXPECT_EQ(RenderNotice(notice),
            R"({"type":"webhook.disabled","timestamp":"2023-11-14T22:13:20.123Z",)"
            R"("data":{"webhook":"communities/7/webhooks/3","webhookName":"CRM \"Zoë\"",)"
            R"("disableReason":"GONE"}})");
}

TEST(NoticeTest, DisabledAfterFailures) {
  Notice notice = Sample(Notice::Type::kDisabled);
  notice.disable_reason = DisableReason::kFailing;
  notice.failing_since = absl::FromUnixSeconds(1699564400);

  EXPECT_EQ(RenderNotice(notice),
            R"({"type":"webhook.disabled","timestamp":"2023-11-14T22:13:20.123Z",)"
            R"("data":{"webhook":"communities/7/webhooks/3","webhookName":"CRM \"Zoë\"",)"
            R"("failingSince":"2023-11-09T21:13:20.000Z","disableReason":"FAILING"}})");
}

TEST(NoticeTest, Exhausted) {
  const MessageId delivery = MessageId::FirstAt(absl::FromUnixMillis(1700000000000));
  Exchange attempt;
  attempt.start_time = absl::FromUnixMillis(1700000000000);
  attempt.request_body = "personal";
  attempt.result.duration = absl::Milliseconds(123);
  attempt.result.status = 500;
  attempt.result.headers = {{"set-cookie", "personal"}};
  attempt.result.body = "personal";
  attempt.result.error = "the receiver answered with status 500";

  Notice notice = ExhaustedNotice({7, 3}, delivery, 10, attempt);
  notice.webhook_name = "CRM";

  EXPECT_EQ(RenderNotice(notice),
            R"({"type":"delivery.exhausted","timestamp":"2023-11-14T22:13:20.123Z",)"
            R"("data":{"webhook":"communities/7/webhooks/3","webhookName":"CRM",)"
            R"("delivery":"communities/7/webhooks/3/deliveries/)" +
                delivery.ToString() +
                R"(","attemptCount":10,"responseStatus":500,)"
                R"("error":"the receiver answered with status 500"}})");
}

TEST(NoticeTest, TheSampleIsOneOfThem) {
  EXPECT_EQ(RenderNotice(SampleNotice()),
            R"({"type":"webhook.failing","timestamp":"2023-04-17T10:21:26.000Z",)"
            R"("data":{"webhook":"communities/123/webhooks/1","webhookName":"Test webhook",)"
            R"("failingSince":"2023-04-17T09:21:26.000Z",)"
            R"("disableTime":"2023-04-22T09:21:26.000Z"}})");
}

}  // namespace
}  // namespace crier::delivery
