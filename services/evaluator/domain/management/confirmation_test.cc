#include "services/evaluator/domain/management/confirmation.h"

#include "common/status/errors.h"
#include "gtest/gtest.h"

namespace crier::evaluator {
namespace {

constexpr int64_t kCommunity = 7;
constexpr int64_t kLimit = 100;
constexpr char kFilter[] = "title = \"engineer\"";
const absl::Time kNow = absl::FromUnixSeconds(1'681'726'886);

absl::Status Check(const std::string& token, int64_t count, absl::Time now = kNow,
                   int64_t community = kCommunity, const char* filter = kFilter) {
  return CheckConfirmation(token, community, filter, count, kLimit, now);
}

std::string Token(int64_t count) { return MakeConfirmationToken(kCommunity, kFilter, count, kNow); }

TEST(ConfirmationTest, FewDeliveriesNeedNone) {
  EXPECT_TRUE(Check("", kLimit).ok());
  EXPECT_EQ(ErrorReason(Check("", kLimit + 1)), "CONFIRMATION_REQUIRED");
}

TEST(ConfirmationTest, ThePreviewOfAboutAsManyConfirms) {
  EXPECT_TRUE(Check(Token(1000), 1000).ok());
  EXPECT_TRUE(Check(Token(1000), 900).ok()) << "fewer than were shown";
  EXPECT_TRUE(Check(Token(1000), 1000 + kLimit).ok());
  EXPECT_EQ(ErrorReason(Check(Token(1000), 1001 + kLimit)), "CONFIRMATION_REQUIRED");
}

TEST(ConfirmationTest, AnOldPreviewDoesNotCount) {
  EXPECT_TRUE(Check(Token(1000), 1000, kNow + kConfirmationValidity).ok());
  EXPECT_EQ(ErrorReason(Check(Token(1000), 1000, kNow + kConfirmationValidity + absl::Seconds(1))),
            "CONFIRMATION_REQUIRED");
}

TEST(ConfirmationTest, ATokenIsForItsCriteriaAndCommunity) {
  EXPECT_EQ(Check(Token(1000), 1000, kNow, kCommunity, "").code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Check(Token(1000), 1000, kNow, kCommunity + 1).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Check("yes", 1000).code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace crier::evaluator
