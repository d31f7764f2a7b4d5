#include "services/delivery/storage/exchange_codec.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "common/api/scratch_arena.h"
#include "common/api/time.h"
#include "common/base/utf8.h"
#include "crier/delivery/v1/webhook_service.pb.h"

namespace crier::delivery::storage {
namespace {

using StoredHeaders = google::protobuf::RepeatedPtrField<v1::Header>;

void Encode(const std::vector<Header>& headers, StoredHeaders& stored) {
  for (const Header& header : headers) {
    v1::Header& added = *stored.Add();
    added.set_name(ReplaceInvalidUtf8(header.name));
    added.set_value(ReplaceInvalidUtf8(header.value));
  }
}

std::vector<Header> Decode(const StoredHeaders& stored) {
  std::vector<Header> headers;
  for (const v1::Header& header : stored) headers.push_back({header.name(), header.value()});
  return headers;
}

void EncodePhase(absl::Duration phase, v1::Exchange& stored,
                 google::protobuf::Duration* (v1::Timings::*field)()) {
  if (phase > absl::ZeroDuration()) {
    *(stored.mutable_timings()->*field)() = api::ToProto(phase);
  }
}

}  // namespace

std::string EncodeExchange(const Exchange& exchange) {
  const AttemptResult& result = exchange.result;
  api::ScratchArena arena;
  auto& stored = arena.Make<v1::Exchange>();
  stored.set_outcome(static_cast<v1::Exchange::Outcome>(result.outcome));
  *stored.mutable_start_time() = api::ToProto(exchange.start_time);
  *stored.mutable_duration() = api::ToProto(result.duration);
  stored.set_url(exchange.url);
  Encode(exchange.request_headers, *stored.mutable_request_headers());
  stored.set_response_status(result.status);
  stored.set_error(ReplaceInvalidUtf8(result.error));
  stored.set_remote_address(result.remote_address);
  const AttemptTimings& timings = result.timings;
  EncodePhase(timings.resolved, stored, &v1::Timings::mutable_resolved);
  EncodePhase(timings.connected, stored, &v1::Timings::mutable_connected);
  EncodePhase(timings.secured, stored, &v1::Timings::mutable_secured);
  EncodePhase(timings.first_byte, stored, &v1::Timings::mutable_first_byte);
  return stored.SerializeAsString();
}

std::string EncodeResponse(const AttemptResult& result) {
  api::ScratchArena arena;
  auto& stored = arena.Make<v1::Exchange>();
  Encode(result.headers, *stored.mutable_response_headers());
  stored.set_response_body(result.body);
  return stored.SerializeAsString();
}

absl::StatusOr<Exchange> DecodeExchange(absl::string_view exchange_bytes,
                                        absl::string_view response) {
  // A message followed by another of its type is the two merged.
  v1::Exchange stored;
  if (!stored.ParseFromString(absl::StrCat(exchange_bytes, response))) {
    return absl::InternalError("a stored exchange cannot be read");
  }
  Exchange exchange;
  exchange.start_time = api::FromProto(stored.start_time());
  exchange.url = stored.url();
  exchange.request_headers = Decode(stored.request_headers());
  exchange.result.outcome = static_cast<Outcome>(stored.outcome());
  exchange.result.status = stored.response_status();
  exchange.result.headers = Decode(stored.response_headers());
  exchange.result.body = stored.response_body();
  exchange.result.error = stored.error();
  exchange.result.duration = api::FromProto(stored.duration());
  exchange.result.remote_address = stored.remote_address();
  exchange.result.timings = {
      api::FromProto(stored.timings().resolved()), api::FromProto(stored.timings().connected()),
      api::FromProto(stored.timings().secured()), api::FromProto(stored.timings().first_byte())};
  return exchange;
}

}  // namespace crier::delivery::storage
