#include "services/delivery/transport/exchange_proto.h"

#include <vector>

#include "common/api/time.h"
#include "common/base/utf8.h"

namespace crier::delivery::transport {
namespace {

v1::Exchange::Outcome ToProto(Outcome outcome) {
  switch (outcome) {
    case Outcome::kSucceeded:
      return v1::Exchange::SUCCEEDED;
    case Outcome::kRefused:
      return v1::Exchange::REFUSED;
    case Outcome::kTimedOut:
      return v1::Exchange::TIMED_OUT;
    case Outcome::kUnreachable:
      return v1::Exchange::UNREACHABLE;
    case Outcome::kTlsFailed:
      return v1::Exchange::TLS_FAILED;
  }
  return v1::Exchange::OUTCOME_UNSPECIFIED;  // stored by a later release
}

void AddHeaders(const std::vector<Header>& headers,
                google::protobuf::RepeatedPtrField<v1::Header>& target) {
  for (const Header& header : headers) {
    v1::Header& added = *target.Add();
    added.set_name(ReplaceInvalidUtf8(header.name));
    added.set_value(ReplaceInvalidUtf8(header.value));
  }
}

void SetPhase(absl::Duration phase, v1::Exchange& proto,
              google::protobuf::Duration* (v1::Timings::*field)()) {
  if (phase > absl::ZeroDuration()) *(proto.mutable_timings()->*field)() = api::ToProto(phase);
}

}  // namespace

v1::Exchange ToProto(const Exchange& exchange) {
  v1::Exchange proto;
  proto.set_outcome(ToProto(exchange.result.outcome));
  *proto.mutable_start_time() = api::ToProto(exchange.start_time);
  *proto.mutable_duration() = api::ToProto(exchange.result.duration);
  proto.set_url(exchange.url);
  AddHeaders(exchange.request_headers, *proto.mutable_request_headers());
  proto.set_request_body(exchange.request_body);
  proto.set_response_status(exchange.result.status);
  AddHeaders(exchange.result.headers, *proto.mutable_response_headers());
  proto.set_response_body(exchange.result.body);
  proto.set_error(exchange.result.error);
  proto.set_remote_address(exchange.result.remote_address);
  const AttemptTimings& timings = exchange.result.timings;
  SetPhase(timings.resolved, proto, &v1::Timings::mutable_resolved);
  SetPhase(timings.connected, proto, &v1::Timings::mutable_connected);
  SetPhase(timings.secured, proto, &v1::Timings::mutable_secured);
  SetPhase(timings.first_byte, proto, &v1::Timings::mutable_first_byte);
  return proto;
}

}  // namespace crier::delivery::transport
