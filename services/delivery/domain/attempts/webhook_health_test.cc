#include "services/delivery/domain/attempts/webhook_health.h"

#include "gtest/gtest.h"

namespace crier::delivery {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);
constexpr absl::Duration kDay = absl::Hours(24);

AttemptResult Result(int status) {
  AttemptResult result;
  result.outcome = status == 200 ? Outcome::kSucceeded : Outcome::kRefused;
  result.status = status;
  return result;
}

// A webhook with the attempts that are made at it.
class WebhookHealthTest : public testing::Test {
 protected:
  WebhookHealthTest() {
    webhook_.id = {7, 3};
    webhook_.display_name = "CRM";
    webhook_.version = 4;
  }

  // A retry that ends at `time` after the start; what it has the community told.
  std::optional<Notice> Attempt(absl::Duration time, int status) {
    const auto finding = Judge(webhook_, Result(status), true, kStart + time);
    return finding ? Apply(*finding, webhook_) : std::nullopt;
  }

  // Retries that fail from one time to another, at both ends and in between.
  void FailFrom(absl::Duration from, absl::Duration to, absl::Duration every = absl::Hours(6)) {
    for (absl::Duration time = from; time < to; time += every) Attempt(time, 500);
    Attempt(to, 500);
  }

  bool disabled() const { return webhook_.state == WebhookState::kDisabled; }

  Webhook webhook_;
};

TEST_F(WebhookHealthTest, AReceiverThatWorksChangesNothing) {
  EXPECT_EQ(Judge(webhook_, Result(200), false, kStart), std::nullopt);
}

TEST_F(WebhookHealthTest, AHiccupSaysNothing) {
  EXPECT_EQ(Judge(webhook_, Result(500), false, kStart), std::nullopt);
  EXPECT_NE(Judge(webhook_, Result(500), true, kStart), std::nullopt);
}

TEST_F(WebhookHealthTest, FailuresAreWrittenDownNowAndThenOnly) {
  Attempt(absl::ZeroDuration(), 500);

  EXPECT_EQ(Judge(webhook_, Result(500), true, kStart + absl::Minutes(14)), std::nullopt);
  EXPECT_NE(Judge(webhook_, Result(500), true, kStart + absl::Minutes(15)), std::nullopt);
}

TEST_F(WebhookHealthTest, FailuresForAnHourAreToldOnceWithWhatComesOfThem) {
  EXPECT_EQ(Attempt(absl::ZeroDuration(), 500), std::nullopt);
  EXPECT_EQ(Attempt(absl::Minutes(59), 500), std::nullopt);

  const std::optional<Notice> notice = Attempt(absl::Minutes(60), 500);

  ASSERT_TRUE(notice.has_value());
  EXPECT_EQ(notice->type, Notice::Type::kFailing);
  EXPECT_EQ(notice->webhook, webhook_.id);
  EXPECT_EQ(notice->webhook_name, "CRM");
  EXPECT_EQ(notice->failing_since, kStart);
  EXPECT_EQ(notice->disable_time, kStart + 5 * kDay);
  EXPECT_EQ(Attempt(absl::Hours(2), 500), std::nullopt);
  EXPECT_FALSE(disabled());
}

TEST_F(WebhookHealthTest, FiveDaysOfFailuresDisableAndNotASecondLess) {
  FailFrom(absl::ZeroDuration(), 5 * kDay - absl::Seconds(1));
  ASSERT_FALSE(disabled());

  const std::optional<Notice> notice = Attempt(5 * kDay, 500);

  EXPECT_TRUE(disabled());
  EXPECT_EQ(webhook_.disable_reason, DisableReason::kFailing);
  EXPECT_EQ(webhook_.state_change_time, kStart + 5 * kDay);
  EXPECT_EQ(webhook_.version, 5);
  ASSERT_TRUE(notice.has_value());
  EXPECT_EQ(notice->type, Notice::Type::kDisabled);
  EXPECT_EQ(notice->disable_reason, DisableReason::kFailing);
  EXPECT_EQ(notice->failing_since, kStart);
}

TEST_F(WebhookHealthTest, ASuccessInBetweenBeginsAnew) {
  FailFrom(absl::ZeroDuration(), 4 * kDay);
  const std::optional<Notice> recovered = Attempt(4 * kDay + absl::Hours(1), 200);
  FailFrom(4 * kDay + absl::Hours(2), 9 * kDay + absl::Hours(1));
  EXPECT_FALSE(disabled());
  Attempt(9 * kDay + absl::Hours(2), 500);
  EXPECT_TRUE(disabled());

  ASSERT_TRUE(recovered.has_value());
  EXPECT_EQ(recovered->type, Notice::Type::kRecovered);
  EXPECT_EQ(recovered->failing_since, kStart);
}

TEST_F(WebhookHealthTest, ARecoveryIsToldOnlyAfterTheFailures) {
  FailFrom(absl::ZeroDuration(), absl::Minutes(59));

  EXPECT_EQ(Attempt(absl::Minutes(60), 200), std::nullopt);

  EXPECT_EQ(webhook_.failing, std::nullopt);
}

TEST_F(WebhookHealthTest, TwoFailuresFarApartDoNotDisable) {
  Attempt(absl::ZeroDuration(), 500);
  Attempt(20 * kDay, 500);
  EXPECT_FALSE(disabled());

  Attempt(40 * kDay, 500);

  EXPECT_TRUE(disabled());
}

TEST_F(WebhookHealthTest, AClockThatIsSetForwardDoesNotDisable) {
  FailFrom(absl::ZeroDuration(), 2 * kDay);

  FailFrom(1000 * kDay, 1000 * kDay + absl::Hours(11));
  EXPECT_FALSE(disabled());

  FailFrom(1000 * kDay + absl::Hours(11), 1000 * kDay + absl::Hours(12));
  EXPECT_TRUE(disabled());  // two and a half days of failures, and a gap that counts for as much
}

TEST_F(WebhookHealthTest, AClockThatIsSetBackTakesNothingAwayAndAddsNothing) {
  FailFrom(1000 * kDay, 1003 * kDay);

  FailFrom(absl::ZeroDuration(), 2 * kDay - absl::Seconds(1));
  EXPECT_FALSE(disabled());
  EXPECT_EQ(webhook_.failing->since, kStart);
  Attempt(2 * kDay, 500);

  EXPECT_TRUE(disabled());
}

TEST_F(WebhookHealthTest, GoneDisablesAtOnce) {
  const auto finding = Judge(webhook_, Result(410), false, kStart);
  ASSERT_TRUE(finding.has_value());

  const std::optional<Notice> notice = Apply(*finding, webhook_);

  EXPECT_TRUE(disabled());
  EXPECT_EQ(webhook_.disable_reason, DisableReason::kGone);
  EXPECT_EQ(webhook_.version, 5);
  ASSERT_TRUE(notice.has_value());
  EXPECT_EQ(notice->type, Notice::Type::kDisabled);
  EXPECT_EQ(notice->disable_reason, DisableReason::kGone);
  EXPECT_EQ(notice->failing_since, std::nullopt);
}

TEST_F(WebhookHealthTest, AnAttemptSaysNothingOfAWebhookThatWasChangedSince) {
  const Finding gone = *Judge(webhook_, Result(410), false, kStart);
  ++webhook_.version;  // as by a new URL

  EXPECT_EQ(Apply(gone, webhook_), std::nullopt);

  EXPECT_FALSE(disabled());
}

TEST_F(WebhookHealthTest, ApplyingAFindingAgainChangesNothing) {
  FailFrom(absl::ZeroDuration(), absl::Minutes(45));
  const Finding fails = *Judge(webhook_, Result(500), true, kStart + absl::Hours(1));
  ASSERT_TRUE(Apply(fails, webhook_).has_value());
  const Webhook once = webhook_;

  EXPECT_EQ(Apply(fails, webhook_), std::nullopt);

  EXPECT_EQ(webhook_.failing, once.failing);
  const Finding gone = *Judge(webhook_, Result(410), true, kStart + absl::Hours(2));
  EXPECT_TRUE(Apply(gone, webhook_).has_value());
  EXPECT_EQ(Apply(gone, webhook_), std::nullopt);
}

}  // namespace
}  // namespace crier::delivery
