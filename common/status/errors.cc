#include "common/status/errors.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/utf8.h"
#include "common/status/retry_info.h"
#include "google/rpc/error_details.pb.h"

namespace crier {
namespace {

// Together with base64 and the message this stays well below the 8 KiB of a header.
constexpr size_t kMaxListedBytes = 2048;
constexpr size_t kMaxTextBytes = 256;

// Payloads are keyed by the type URL that google.protobuf.Any uses, so that they reach the wire as
// they are.
template <typename Detail>
std::string TypeUrl() {
  return absl::StrCat("type.googleapis.com/", Detail::descriptor()->full_name());
}

template <typename Detail>
void Attach(const Detail& detail, absl::Status& status) {
  status.SetPayload(TypeUrl<Detail>(), absl::Cord(detail.SerializeAsString()));
}

template <typename Detail>
std::optional<Detail> Find(const absl::Status& status) {
  const auto payload = status.GetPayload(TypeUrl<Detail>());
  Detail detail;
  if (!payload || !detail.ParseFromString(std::string(*payload))) return std::nullopt;
  return detail;
}

}  // namespace

absl::Status NamedError(absl::StatusCode code, absl::string_view reason, absl::string_view message,
                        const std::map<std::string, std::string>& metadata) {
  absl::Status status(code, message);
  google::rpc::ErrorInfo info;
  info.set_domain(kErrorDomain);
  info.set_reason(reason.data(), reason.size());
  for (const auto& [key, value] : metadata) (*info.mutable_metadata())[key] = value;
  Attach(info, status);
  return status;
}

std::string ErrorReason(const absl::Status& status) {
  const auto info = Find<google::rpc::ErrorInfo>(status);
  return info ? info->reason() : "";
}

std::optional<std::string> ErrorMetadata(const absl::Status& status, absl::string_view key) {
  const auto info = Find<google::rpc::ErrorInfo>(status);
  if (!info) return std::nullopt;
  const auto entry = info->metadata().find(std::string(key));
  if (entry == info->metadata().end()) return std::nullopt;
  return entry->second;
}

absl::Status OverloadedError(absl::string_view message, absl::Duration retry_after) {
  return WithRetryInfo(NamedError(absl::StatusCode::kResourceExhausted, "OVERLOADED", message),
                       retry_after);
}

void FieldViolations::Add(absl::string_view field, absl::string_view description) {
  if (listed_bytes_ >= kMaxListedBytes) {
    ++unlisted_;
    return;
  }
  violations_.push_back({std::string(TruncateUtf8(field, kMaxTextBytes)),
                         std::string(TruncateUtf8(description, kMaxTextBytes))});
  listed_bytes_ += violations_.back().field.size() + violations_.back().description.size();
}

void FieldViolations::AddAll(absl::string_view prefix, const absl::Status& status) {
  if (status.ok()) return;
  const auto bad_request = Find<google::rpc::BadRequest>(status);
  if (!bad_request) {
    Add(absl::StripSuffix(prefix, "."), status.message());
    return;
  }
  for (const auto& violation : bad_request->field_violations()) {
    Add(absl::StrCat(prefix, violation.field()), violation.description());
  }
}

absl::Status FieldViolations::ToStatus() const {
  if (violations_.empty()) return absl::OkStatus();
  const Violation& first = violations_.front();
  std::string message = absl::StrCat(first.field, " ", first.description);
  const size_t others = violations_.size() - 1 + unlisted_;
  if (others > 0) absl::StrAppend(&message, " (and ", others, " more)");
  absl::Status status = NamedError(absl::StatusCode::kInvalidArgument, "INVALID_FIELD", message);
  google::rpc::BadRequest bad_request;
  for (const Violation& violation : violations_) {
    auto* field_violation = bad_request.add_field_violations();
    field_violation->set_field(violation.field);
    field_violation->set_description(violation.description);
  }
  Attach(bad_request, status);
  return status;
}

absl::Status InvalidField(absl::string_view field, absl::string_view description) {
  FieldViolations violations;
  violations.Add(field, description);
  return violations.ToStatus();
}

}  // namespace crier
