#include "common/rpc/status.h"

#include "absl/strings/cord.h"
#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"

namespace crier::rpc {
namespace {

using testing::HasSubstr;
using testing::Not;

template <typename Detail>
std::vector<Detail> Details(const google::rpc::Status& proto) {
  std::vector<Detail> found;
  for (const auto& any : proto.details()) {
    Detail detail;
    if (any.UnpackTo(&detail)) found.push_back(detail);
  }
  return found;
}

TEST(RpcStatus, OkIsOkBothWays) {
  EXPECT_TRUE(ToGrpc(absl::OkStatus()).ok());
  EXPECT_TRUE(FromGrpc(grpc::Status::OK).ok());
  EXPECT_EQ(ToProto(absl::OkStatus()).code(), 0);
  EXPECT_TRUE(FromProto(google::rpc::Status()).ok());
}

TEST(RpcStatus, KeepsCodeMessageReasonAndMetadata) {
  const absl::Status sent = NamedError(absl::StatusCode::kAborted, "POSITION_MISMATCH",
                                       "the position moved", {{"actual_position", "42"}});

  const absl::Status received = FromGrpc(ToGrpc(sent));

  EXPECT_EQ(received, sent);
  EXPECT_EQ(ErrorReason(received), "POSITION_MISMATCH");
  EXPECT_EQ(ErrorMetadata(received, "actual_position"), "42");
}

TEST(RpcStatus, KeepsFieldViolations) {
  const grpc::Status wire = ToGrpc(InvalidField("webhook.uri", "must begin with https://"));

  google::rpc::Status proto;
  ASSERT_TRUE(proto.ParseFromString(wire.error_details()));
  EXPECT_EQ(wire.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(proto.code(), 3);
  EXPECT_EQ(proto.message(), wire.error_message());
  const auto bad_requests = Details<google::rpc::BadRequest>(proto);
  ASSERT_EQ(bad_requests.size(), 1u);
  EXPECT_EQ(bad_requests[0].field_violations(0).field(), "webhook.uri");
}

TEST(RpcStatus, EveryErrorHasErrorInfo) {
  const google::rpc::Status proto = ToProto(absl::NotFoundError("no such webhook"));

  const auto infos = Details<google::rpc::ErrorInfo>(proto);
  ASSERT_EQ(infos.size(), 1u);
  EXPECT_EQ(infos[0].reason(), "NOT_FOUND");
  EXPECT_EQ(infos[0].domain(), kErrorDomain);
  EXPECT_EQ(proto.message(), "no such webhook");
}

TEST(RpcStatus, HidesWhatWentWrongInside) {
  absl::Status status = absl::InternalError("relation \"queue\" does not exist");
  status.SetPayload("type.googleapis.com/google.rpc.DebugInfo", absl::Cord("stack"));

  for (const absl::Status& inner : {status, absl::UnknownError("relation \"queue\"")}) {
    const google::rpc::Status proto = ToProto(inner);

    EXPECT_EQ(proto.code(), static_cast<int>(inner.code()));
    EXPECT_THAT(proto.SerializeAsString(), Not(HasSubstr("queue")));
    EXPECT_THAT(proto.SerializeAsString(), Not(HasSubstr("DebugInfo")));
    EXPECT_EQ(Details<google::rpc::ErrorInfo>(proto).size(), 1u);
  }
}

TEST(RpcStatus, OnlyStandardDetailsLeaveTheProcess) {
  absl::Status status = absl::AbortedError("moved");
  status.SetPayload("crier/private", absl::Cord("secret"));

  EXPECT_THAT(ToProto(status).SerializeAsString(), Not(HasSubstr("secret")));
}

TEST(RpcStatus, UnderstandsStatusesWithoutDetails) {
  const absl::Status status =
      FromGrpc(grpc::Status(grpc::StatusCode::UNAVAILABLE, "connection refused"));

  EXPECT_EQ(status, absl::UnavailableError("connection refused"));
  EXPECT_EQ(ErrorReason(status), "");
}

TEST(RpcStatus, BelievesTheStatusOverDetailsThatDoNotFitIt) {
  const grpc::Status other_code(grpc::StatusCode::UNAVAILABLE, "away",
                                ToProto(absl::NotFoundError("x")).SerializeAsString());
  const grpc::Status no_proto(grpc::StatusCode::UNAVAILABLE, "away", "\xff\xff");

  EXPECT_EQ(FromGrpc(other_code), absl::UnavailableError("away"));
  EXPECT_EQ(FromGrpc(no_proto), absl::UnavailableError("away"));
}

}  // namespace
}  // namespace crier::rpc
