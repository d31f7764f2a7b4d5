#include "common/status/errors.h"

#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "common/base/utf8.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"

namespace crier {
namespace {

using ::testing::EndsWith;
using ::testing::SizeIs;

// The detail that a client in any language finds under this type URL.
template <typename Detail>
Detail DetailOf(const absl::Status& status, absl::string_view type_url) {
  Detail detail;
  const auto payload = status.GetPayload(type_url);
  EXPECT_TRUE(payload.has_value()) << type_url;
  if (payload) EXPECT_TRUE(detail.ParseFromString(std::string(*payload)));
  return detail;
}

google::rpc::BadRequest BadRequestOf(const absl::Status& status) {
  return DetailOf<google::rpc::BadRequest>(status, "type.googleapis.com/google.rpc.BadRequest");
}

TEST(NamedErrorTest, CarriesAnErrorInfo) {
  const absl::Status status = NamedError(absl::StatusCode::kAborted, "POSITION_MISMATCH",
                                         "the position has moved", {{"actual_position", "17"}});

  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(status.message(), "the position has moved");
  const auto info =
      DetailOf<google::rpc::ErrorInfo>(status, "type.googleapis.com/google.rpc.ErrorInfo");
  EXPECT_EQ(info.domain(), "crier.dev");
  EXPECT_EQ(info.reason(), "POSITION_MISMATCH");
  EXPECT_EQ(info.metadata().at("actual_position"), "17");
}

TEST(NamedErrorTest, ReasonAndMetadataAreReadBack) {
  const absl::Status status =
      NamedError(absl::StatusCode::kAborted, "POSITION_MISMATCH", "", {{"actual_position", "17"}});

  EXPECT_EQ(ErrorReason(status), "POSITION_MISMATCH");
  EXPECT_EQ(ErrorMetadata(status, "actual_position"), "17");
  EXPECT_EQ(ErrorMetadata(status, "other"), std::nullopt);
}

TEST(NamedErrorTest, OtherStatusesHaveNoReason) {
  absl::Status damaged = absl::AbortedError("x");
  damaged.SetPayload("type.googleapis.com/google.rpc.ErrorInfo", absl::Cord("\xFF\xFF"));

  for (const absl::Status& status : {absl::OkStatus(), absl::AbortedError("x"), damaged}) {
    EXPECT_EQ(ErrorReason(status), "");
    EXPECT_EQ(ErrorMetadata(status, "actual_position"), std::nullopt);
  }
}

TEST(OverloadedErrorTest, SaysWhenToRetry) {
  const absl::Status status = OverloadedError("full", absl::Milliseconds(1500));

  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ErrorReason(status), "OVERLOADED");
  const auto retry =
      DetailOf<google::rpc::RetryInfo>(status, "type.googleapis.com/google.rpc.RetryInfo");
  EXPECT_EQ(retry.retry_delay().seconds(), 1);
  EXPECT_EQ(retry.retry_delay().nanos(), 500'000'000);
}

TEST(FieldViolationsTest, NoneIsOk) {
  FieldViolations violations;

  EXPECT_TRUE(violations.empty());
  EXPECT_TRUE(violations.ToStatus().ok());
}

TEST(FieldViolationsTest, ListsEveryFieldAndQuotesTheFirst) {
  FieldViolations violations;
  violations.Add("webhook.url", "must begin with https://");
  violations.Add("webhook.display_name", "must not be empty");

  const absl::Status status = violations.ToStatus();

  EXPECT_FALSE(violations.empty());
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "webhook.url must begin with https:// (and 1 more)");
  EXPECT_EQ(ErrorReason(status), "INVALID_FIELD");
  const auto bad_request = BadRequestOf(status);
  ASSERT_THAT(bad_request.field_violations(), SizeIs(2));
  EXPECT_EQ(bad_request.field_violations(0).field(), "webhook.url");
  EXPECT_EQ(bad_request.field_violations(0).description(), "must begin with https://");
  EXPECT_EQ(bad_request.field_violations(1).field(), "webhook.display_name");
}

TEST(FieldViolationsTest, VeryManyStillFitInAHeader) {
  FieldViolations violations;
  for (int i = 0; i < 10'000; ++i) {
    violations.Add(absl::StrCat("batch.records[", i, "].contact.full_name"), "must not be empty");
  }

  const absl::Status status = violations.ToStatus();

  EXPECT_THAT(std::string(status.message()), EndsWith("(and 9999 more)"));
  EXPECT_GT(BadRequestOf(status).field_violations_size(), 10);
  EXPECT_LT(BadRequestOf(status).ByteSizeLong(), 4096u);
}

TEST(FieldViolationsTest, LongTextsAreCutBetweenCharacters) {
  std::string description = "x";
  for (int i = 0; i < 1000; ++i) description += "\xC3\xAB";
  FieldViolations violations;
  violations.Add("field", description);

  const auto bad_request = BadRequestOf(violations.ToStatus());

  EXPECT_EQ(bad_request.field_violations(0).description().size(), 255u);
  EXPECT_TRUE(IsValidUtf8(bad_request.field_violations(0).description()));
}

TEST(InvalidFieldTest, NamesTheField) {
  const absl::Status status = InvalidField("page_size", "must not be negative");

  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "page_size must not be negative");
  EXPECT_EQ(BadRequestOf(status).field_violations(0).field(), "page_size");
}

TEST(FieldViolationsTest, TakesOverWhatAnotherPartFound) {
  FieldViolations inner;
  inner.Add("a", "is bad");
  inner.Add("b", "is worse");
  FieldViolations violations;
  violations.AddAll("outer.", absl::OkStatus());
  EXPECT_TRUE(violations.empty());

  violations.AddAll("outer.", inner.ToStatus());
  violations.AddAll("other.", absl::InternalError("broke"));

  FieldViolations expected;
  expected.Add("outer.a", "is bad");
  expected.Add("outer.b", "is worse");
  expected.Add("other", "broke");
  EXPECT_EQ(violations.ToStatus(), expected.ToStatus());
}

}  // namespace
}  // namespace crier
