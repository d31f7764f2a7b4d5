#include "common/rpc/call_metrics.h"

#include <google/protobuf/descriptor.h>

#include <utility>

#include "absl/strings/str_cat.h"

namespace crier::rpc {
namespace {

// As Go writes them, by the numbers of the codes.
constexpr const char* kCodeNames[] = {
    "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
    "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
    "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
    "DataLoss", "Unauthenticated"};

std::string TypeOf(const google::protobuf::MethodDescriptor& method) {
  if (method.client_streaming()) return method.server_streaming() ? "bidi_stream" : "client_stream";
  return method.server_streaming() ? "server_stream" : "unary";
}

// What stands for a method in every metric of it.
metrics::Labels LabelsOf(const google::protobuf::MethodDescriptor& method) {
  return {{"grpc_type", TypeOf(method)},
          {"grpc_service", method.service()->full_name()},
          {"grpc_method", method.name()}};
}

std::string Name(const std::string& side, const char* what) {
  return absl::StrCat("grpc_", side, "_", what);
}

metrics::Labels With(metrics::Labels labels, const char* name, const char* value) {
  labels[name] = value;
  return labels;
}

}  // namespace

MethodMetrics::MethodMetrics(metrics::Registry& registry, const std::string& side,
                             const metrics::Labels& labels)
    : started_(registry.Counter(Name(side, "started_total"),
                                absl::StrCat("Calls started on the ", side, "."), labels)),
      received_(registry.Counter(Name(side, "msg_received_total"),
                                 absl::StrCat("Messages received by the ", side, "."), labels)),
      sent_(registry.Counter(Name(side, "msg_sent_total"),
                             absl::StrCat("Messages sent by the ", side, "."), labels)),
      seconds_(registry.Histogram(
          Name(side, "handling_seconds"),
          absl::StrCat("How long calls took on the ", side, ", in seconds, whatever came of them."),
          metrics::LatencyBuckets(), labels)) {
  static_assert(std::size(kCodeNames) == kCodes);
  for (int code = 0; code < kCodes; ++code) {
    handled_[code] =
        &registry.Counter(Name(side, "handled_total"),
                          absl::StrCat("Calls completed on the ", side, ", whatever came of them."),
                          With(labels, "grpc_code", kCodeNames[code]));
  }
}

void MethodMetrics::Handled(grpc::StatusCode code, absl::Duration duration) {
  const int index = code >= 0 && code < kCodes ? code : grpc::StatusCode::UNKNOWN;
  handled_[index]->Increment();
  seconds_.Observe(absl::ToDoubleSeconds(duration));
}

CallMetrics::CallMetrics(metrics::Registry& registry, std::string side)
    : registry_(registry), side_(std::move(side)) {}

void CallMetrics::AddService(const std::string& full_name) {
  const auto* const service =
      google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(full_name);
  if (service == nullptr) return;
  for (int i = 0; i < service->method_count(); ++i) {
    const auto& method = *service->method(i);
    auto& metrics = methods_[absl::StrCat("/", full_name, "/", method.name())];
    if (metrics != nullptr) continue;
    metrics = std::make_unique<MethodMetrics>(registry_, side_, LabelsOf(method));
  }
}

MethodMetrics* CallMetrics::Find(absl::string_view path) const {
  const auto found = methods_.find(path);
  return found == methods_.end() ? nullptr : found->second.get();
}

}  // namespace crier::rpc
