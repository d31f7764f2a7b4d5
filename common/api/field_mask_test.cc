#include "common/api/field_mask.h"

#include "common/status/errors.h"
#include "crier/delivery/v1/webhook_service.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::api {
namespace {

using ::crier::delivery::v1::Webhook;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::vector<std::string>& Updatable() {
  static const auto* const updatable = new std::vector<std::string>{
      "display_name", "url", "envelope", "custom_headers", "request_timeout"};
  return *updatable;
}

google::protobuf::FieldMask Mask(const std::vector<std::string>& paths) {
  google::protobuf::FieldMask mask;
  for (const std::string& path : paths) mask.add_paths(path);
  return mask;
}

std::string MistakeIn(const std::vector<std::string>& paths) {
  const auto fields = FieldsToUpdate(Mask(paths), Webhook(), Updatable());
  EXPECT_EQ(fields.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ErrorReason(fields.status()), "INVALID_FIELD");
  return std::string(fields.status().message());
}

TEST(FieldsToUpdateTest, TakesTheFieldsOfTheMask) {
  const auto fields = FieldsToUpdate(Mask({"url", "display_name", "url"}), Webhook(), Updatable());

  EXPECT_THAT(fields.value(), ElementsAre("display_name", "url"));
}

TEST(FieldsToUpdateTest, EmptyMaskMeansWhatIsFilled) {
  Webhook webhook;
  webhook.set_name("communities/1/webhooks/2");  // not updatable
  webhook.set_envelope(true);
  (*webhook.mutable_custom_headers())["x-team"] = "a";
  webhook.mutable_request_timeout();

  const auto fields = FieldsToUpdate({}, webhook, Updatable());

  EXPECT_THAT(fields.value(), ElementsAre("custom_headers", "envelope", "request_timeout"));
  EXPECT_THAT(FieldsToUpdate({}, Webhook(), Updatable()).value(), IsEmpty());
}

TEST(FieldsToUpdateTest, StarMeansEverything) {
  const auto fields = FieldsToUpdate(Mask({"*"}), Webhook(), Updatable());

  EXPECT_THAT(fields.value(),
              ElementsAre("custom_headers", "display_name", "envelope", "request_timeout", "url"));
}

TEST(FieldsToUpdateTest, RefusesUnknownFields) {
  EXPECT_EQ(
      MistakeIn({"url", "urls"}),
      "update_mask names `urls`, which is not a field of its own; it may name display_name, url, "
      "envelope, custom_headers, request_timeout");
  EXPECT_THAT(MistakeIn({""}), HasSubstr("which is not a field"));
}

TEST(FieldsToUpdateTest, RefusesFieldsThatCannotBeChanged) {
  EXPECT_THAT(MistakeIn({"create_time"}), HasSubstr("`create_time`, which cannot be changed"));
}

TEST(FieldsToUpdateTest, RefusesPathsBelowAField) {
  EXPECT_THAT(MistakeIn({"request_timeout.seconds"}), HasSubstr("which is not a field"));
}

TEST(FieldsToUpdateTest, RefusesStarTogetherWithFields) {
  EXPECT_THAT(MistakeIn({"*", "url"}), HasSubstr("must not name `*` together with fields"));
}

TEST(FieldsToUpdateTest, ReportsEveryMistake) {
  EXPECT_THAT(MistakeIn({"a", "b", "c"}), HasSubstr("(and 2 more)"));
}

}  // namespace
}  // namespace crier::api
