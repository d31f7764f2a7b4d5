#include "common/rpc/status.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "common/status/errors.h"
#include "google/rpc/error_details.pb.h"

namespace crier::rpc {
namespace {

// Only standard details leave the process; payloads of other types are for use inside of it.
constexpr char kDetailPrefix[] = "type.googleapis.com/google.rpc.";

constexpr char kHiddenMessage[] = "internal error; the log of the server has the details";

// What a caller may see of a status: no inner workings, and an ErrorInfo in any case.
absl::Status ForCallers(const absl::Status& status) {
  const bool hide = absl::IsInternal(status) || absl::IsUnknown(status);
  if (!hide && !ErrorReason(status).empty()) return status;
  absl::Status shown = NamedError(status.code(), absl::StatusCodeToString(status.code()),
                                  hide ? kHiddenMessage : status.message());
  if (hide) return shown;
  status.ForEachPayload([&shown](absl::string_view type_url, const absl::Cord& value) {
    if (!absl::EndsWith(type_url, ".ErrorInfo")) shown.SetPayload(type_url, value);
  });
  return shown;
}

void AddDetails(const absl::Status& status, google::rpc::Status& proto) {
  std::vector<std::pair<std::string, std::string>> details;
  status.ForEachPayload([&details](absl::string_view type_url, const absl::Cord& value) {
    if (absl::StartsWith(type_url, kDetailPrefix)) {
      details.emplace_back(std::string(type_url), std::string(value));
    }
  });
  std::sort(details.begin(), details.end());  // payloads have no order; answers should
  for (auto& [type_url, value] : details) {
    auto* detail = proto.add_details();
    detail->set_type_url(std::move(type_url));
    detail->set_value(std::move(value));
  }
}

}  // namespace

google::rpc::Status ToProto(const absl::Status& status) {
  google::rpc::Status proto;
  if (status.ok()) return proto;
  const absl::Status shown = ForCallers(status);
  proto.set_code(static_cast<int>(shown.code()));
  proto.set_message(std::string(shown.message()));
  AddDetails(shown, proto);
  return proto;
}

absl::Status FromProto(const google::rpc::Status& proto) {
  if (proto.code() == 0) return absl::OkStatus();
  absl::Status status(static_cast<absl::StatusCode>(proto.code()), proto.message());
  for (const auto& detail : proto.details()) {
    status.SetPayload(detail.type_url(), absl::Cord(detail.value()));
  }
  return status;
}

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const google::rpc::Status proto = ToProto(status);
  // gRPC sends the third argument as the trailer `grpc-status-details-bin`, which is where every
  // client library looks for it.
  return grpc::Status(static_cast<grpc::StatusCode>(proto.code()), proto.message(),
                      proto.SerializeAsString());
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  google::rpc::Status proto;
  if (!status.error_details().empty() && proto.ParseFromString(status.error_details()) &&
      proto.code() == static_cast<int>(status.error_code())) {
    return FromProto(proto);
  }
  // Made by gRPC itself (no connection, deadline passed) or by a server of another kind.
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

}  // namespace crier::rpc
