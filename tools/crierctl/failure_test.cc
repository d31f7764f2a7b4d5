#include "tools/crierctl/failure.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::crierctl {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string Explained(const absl::Status& status) {
  return std::string(Explain(status, "crier.example:7400").message());
}

TEST(Explain, ListsEveryField) {
  FieldViolations violations;
  violations.Add("webhook.url", "must begin with https://");
  violations.Add("webhook.display_name", "must not be empty");

  EXPECT_EQ(Explained(violations.ToStatus()),
            "webhook.url must begin with https://\nwebhook.display_name must not be empty");
}

TEST(Explain, PassesOnWhatTheServerSays) {
  const absl::Status unavailable =
      NamedError(absl::StatusCode::kUnavailable, "DATABASE_AWAY", "the database is away");

  EXPECT_EQ(Explained(unavailable), "the database is away");
  EXPECT_EQ(Explained(absl::NotFoundError("communities/1/webhooks/3 does not exist")),
            "communities/1/webhooks/3 does not exist");
}

TEST(Explain, SaysWhereNobodyAnswered) {
  const std::string words = Explained(absl::UnavailableError(
      "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:7400: refused"));

  EXPECT_THAT(words, HasSubstr("no server answers at crier.example:7400"));
  EXPECT_THAT(words, HasSubstr("--server"));
  EXPECT_THAT(words, Not(HasSubstr("UNKNOWN")));
}

TEST(Explain, SaysWhyThereIsNoTlsConnection) {
  const auto explained = [](absl::string_view last_error) {
    return Explained(absl::UnavailableError(absl::StrCat(
        "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:7400: ",
        last_error)));
  };

  EXPECT_THAT(explained("Ssl handshake failed: SSL_ERROR_SSL: error:0A000086:SSL routines::"
                        "certificate verify failed"),
              AllOf(HasSubstr("certificate"), HasSubstr("expired"), HasSubstr("--tls-ca-file")));
  for (const absl::string_view not_it :
       {"Peer name 127.0.0.1 is not in peer certificate",
        "Custom verification check failed with error: UNAUTHENTICATED: "
        "Hostname Verification Check failed."}) {
    EXPECT_THAT(explained(not_it), HasSubstr("for other names"));
  }
  EXPECT_THAT(explained("Ssl handshake failed: SSL_ERROR_SSL: error:0A00010B:SSL routines::"
                        "wrong version number"),
              HasSubstr("speaks no TLS"));
  for (const absl::string_view hung_up : {"Socket closed", "Failed parsing HTTP/2"}) {
    EXPECT_THAT(explained(hung_up),
                AllOf(HasSubstr("hangs up"), HasSubstr("--tls-ca-file"),
                      HasSubstr("--tls-cert-file"), Not(HasSubstr("no server answers"))));
  }
}

TEST(Explain, NamesTheRemedyOfTransportFailures) {
  EXPECT_THAT(Explained(absl::DeadlineExceededError("Deadline Exceeded")), HasSubstr("--timeout"));
  EXPECT_THAT(Explained(absl::UnimplementedError("")), HasSubstr("--delivery-server"));
  EXPECT_THAT(Explained(absl::InternalError("internal error")), HasSubstr("log"));
}

TEST(Explain, TellsWhenToTryAgain) {
  EXPECT_EQ(Explained(OverloadedError("the server is full", absl::Milliseconds(100))),
            "the server is full; try again in 100 ms");
}

TEST(Explain, KeepsCodeAndDetails) {
  const absl::Status explained = Explain(InvalidField("parent", "must not be empty"), "x");

  EXPECT_EQ(explained.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ErrorReason(explained), "INVALID_FIELD");
  EXPECT_TRUE(Explain(absl::OkStatus(), "x").ok());
}

TEST(IsTransient, OnlyWhenTheServerInvitesARetryOrIsAway) {
  EXPECT_TRUE(IsTransient(absl::UnavailableError("")));
  EXPECT_TRUE(IsTransient(OverloadedError("full", absl::Seconds(1))));
  // gRPC says the same code for a message that is too large; that never gets better.
  EXPECT_FALSE(IsTransient(absl::ResourceExhaustedError("message larger than max")));
  EXPECT_FALSE(IsTransient(absl::OkStatus()));
  EXPECT_FALSE(IsTransient(InvalidField("a", "b")));
}

TEST(RetryDelay, ComesFromTheServer) {
  EXPECT_EQ(RetryDelay(OverloadedError("full", absl::Milliseconds(250))), absl::Milliseconds(250));
  EXPECT_EQ(RetryDelay(absl::UnavailableError("")), std::nullopt);
}

TEST(UsageError, IsToldApartFromTheServersInvalidArgument) {
  EXPECT_TRUE(IsUsageError(UsageError("which community?")));
  EXPECT_FALSE(IsUsageError(InvalidField("parent", "must not be empty")));
  EXPECT_FALSE(IsUsageError(absl::OkStatus()));
}

}  // namespace
}  // namespace crier::crierctl
