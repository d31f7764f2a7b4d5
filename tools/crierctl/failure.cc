#include "tools/crierctl/failure.h"

#include <string>
#include <vector>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/api/time.h"
#include "common/status/errors.h"
#include "google/rpc/error_details.pb.h"
#include "tools/crierctl/text.h"

namespace crier::crierctl {
namespace {

constexpr char kUsageMark[] = "crierctl/usage";

template <typename Detail>
std::optional<Detail> FindDetail(const absl::Status& status) {
  const auto payload =
      status.GetPayload(absl::StrCat("type.googleapis.com/", Detail::descriptor()->full_name()));
  Detail detail;
  if (!payload || !detail.ParseFromString(std::string(*payload))) return std::nullopt;
  return detail;
}

// `field description`, one a line; empty when the status names no fields.
std::string Violations(const absl::Status& status) {
  const auto bad_request = FindDetail<google::rpc::BadRequest>(status);
  if (!bad_request) return "";
  std::vector<std::string> lines;
  for (const auto& violation : bad_request->field_violations()) {
    lines.push_back(absl::StrCat(violation.field(), " ", violation.description()));
  }
  return absl::StrJoin(lines, "\n");
}

// Why there is no connection, by what gRPC says of it, which names no remedy.
std::string NoConnection(absl::string_view reason, absl::string_view address) {
  const auto says = [&](absl::string_view words) { return absl::StrContains(reason, words); };
  if (says("certificate verify failed")) {
    return absl::StrCat("the certificate of the server at ", address,
                        " has expired, or is of no authority in --tls-ca-file");
  }
  if (says("is not in peer certificate") || says("Hostname Verification Check failed")) {
    return absl::StrCat("the certificate of the server at ", address,
                        " is for other names; call it by one of them");
  }
  if (says("wrong version number")) {
    return absl::StrCat("the server at ", address, " speaks no TLS; leave --tls-ca-file out");
  }
  if (says("Socket closed") || says("Failed parsing HTTP/2") || says("handshake failed")) {
    return absl::StrCat("the server at ", address,
                        " hangs up: it may want TLS (--tls-ca-file), want to know a certificate of "
                        "yours (--tls-cert-file), or be another program");
  }
  return absl::StrCat("no server answers at ", address,
                      "; start `crier`, or say where it is with --server or CRIER_SERVER");
}

std::string Words(const absl::Status& status, absl::string_view address) {
  const std::string violations = Violations(status);
  if (!violations.empty()) return violations;
  // Without a reason it was the transport that failed, not the server that answered.
  const bool answered = !ErrorReason(status).empty();
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
      if (answered) break;
      return NoConnection(status.message(), address);
    case absl::StatusCode::kDeadlineExceeded:
      return absl::StrCat("no answer from ", address,
                          " in time; --timeout waits longer (what was asked for may still happen)");
    case absl::StatusCode::kUnimplemented:
      return absl::StrCat("the server at ", address,
                          " does not offer this; where the services run apart, name each with "
                          "--ingest-server, --workflow-server and --delivery-server");
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
      return absl::StrCat("the server at ", address, " failed; its log says why");
    default:
      break;
  }
  return std::string(status.message());
}

}  // namespace

absl::Status UsageError(absl::string_view message) {
  absl::Status status = absl::InvalidArgumentError(message);
  status.SetPayload(kUsageMark, absl::Cord());
  return status;
}

bool IsUsageError(const absl::Status& status) { return status.GetPayload(kUsageMark).has_value(); }

absl::Status Explain(const absl::Status& status, absl::string_view address) {
  if (status.ok()) return status;
  std::string words = Words(status, address);
  if (const auto delay = RetryDelay(status)) {
    absl::StrAppend(&words, "; try again in ", ReadableDuration(*delay));
  }
  absl::Status explained(status.code(), words);
  status.ForEachPayload([&](absl::string_view type, const absl::Cord& payload) {
    explained.SetPayload(type, payload);
  });
  return explained;
}

std::optional<absl::Duration> RetryDelay(const absl::Status& status) {
  const auto retry = FindDetail<google::rpc::RetryInfo>(status);
  if (!retry) return std::nullopt;
  return api::FromProto(retry->retry_delay());
}

bool IsTransient(const absl::Status& status) {
  return absl::IsUnavailable(status) ||
         (absl::IsResourceExhausted(status) && RetryDelay(status).has_value());
}

}  // namespace crier::crierctl
