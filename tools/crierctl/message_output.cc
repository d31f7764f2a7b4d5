#include "tools/crierctl/message_output.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/api/time.h"
#include "google/protobuf/util/json_util.h"
#include "tools/crierctl/pretty_json.h"
#include "tools/crierctl/text.h"

namespace crier::crierctl {
namespace {

using ::crier::delivery::v1::Exchange;
using ::crier::delivery::v1::Header;
using ::crier::delivery::v1::Timings;
using Headers = google::protobuf::RepeatedPtrField<Header>;

std::string HeadersText(const Headers& headers) {
  std::string text;
  for (const Header& header : headers) {
    absl::StrAppend(&text, Printable(header.name()), ": ", Printable(header.value()), "\n");
  }
  return text;
}

// The body after an empty line, or nothing when there is none.
std::string BodyPart(const std::string& body) {
  return body.empty() ? "" : absl::StrCat("\n", BodyText(body), "\n");
}

// `: resolved 1 ms, connected 3 ms, …` as far as it went.
std::string PhasesText(const Timings& timings) {
  std::string text;
  const auto add = [&](const char* phase, bool is_set, const google::protobuf::Duration& until) {
    if (!is_set) return;
    absl::StrAppend(&text, text.empty() ? ": " : ", ", phase, " ",
                    ReadableDuration(api::FromProto(until)));
  };
  add("resolved", timings.has_resolved(), timings.resolved());
  add("connected", timings.has_connected(), timings.connected());
  add("secured", timings.has_secured(), timings.secured());
  add("first byte", timings.has_first_byte(), timings.first_byte());
  return text;
}

// A page of a list without anything on it, which protobuf's JSON would leave out.
std::string EmptyPage(const google::protobuf::Message& message) {
  const google::protobuf::Descriptor& type = *message.GetDescriptor();
  if (message.ByteSizeLong() > 0 || type.FindFieldByName("next_page_token") == nullptr) return "";
  for (int i = 0; i < type.field_count(); ++i) {
    const google::protobuf::FieldDescriptor& field = *type.field(i);
    if (field.is_repeated()) return absl::StrCat("{\"", field.json_name(), "\":[]}");
  }
  return "";
}

std::string Json(const google::protobuf::Message& message,
                 const google::protobuf::util::JsonPrintOptions& options) {
  std::string json = EmptyPage(message);
  // Fails only for Any with unknown types and for times out of range, which servers do not send.
  if (json.empty() && !google::protobuf::util::MessageToJsonString(message, &json, options).ok()) {
    return "{}\n";
  }
  return absl::StrCat(PrettyJson(json).value_or(json), "\n");
}

}  // namespace

std::string MessageJson(const google::protobuf::Message& message) { return Json(message, {}); }

std::string CountsJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  return Json(message, options);
}

std::string TimeText(const google::protobuf::Timestamp& time, bool is_set) {
  return is_set ? ReadableTime(api::FromProto(time)) : "";
}

std::string NextAttemptText(const google::protobuf::Timestamp& time, bool is_set) {
  const bool past = is_set && api::FromProto(time) < absl::Now();
  return absl::StrCat(past ? "due since " : "", TimeText(time, is_set));
}

std::string OutcomeText(const Exchange& exchange) {
  switch (exchange.outcome()) {
    case Exchange::SUCCEEDED:
      return absl::StrCat("accepted (", exchange.response_status(), ")");
    case Exchange::REFUSED:
      return absl::StrCat("refused (", exchange.response_status(), ")");
    case Exchange::TIMED_OUT:
      return "timed out";
    case Exchange::UNREACHABLE:
      return "unreachable";
    case Exchange::TLS_FAILED:
      return "TLS failed";
    default:
      return "unknown";
  }
}

std::string ExchangeText(const Exchange& exchange) {
  std::string text =
      absl::StrCat("POST ", Printable(exchange.url()), "\n",
                   HeadersText(exchange.request_headers()), BodyPart(exchange.request_body()));
  absl::StrAppend(&text, "\n", OutcomeText(exchange), " in ",
                  ReadableDuration(api::FromProto(exchange.duration())), "\n");
  if (!exchange.remote_address().empty()) {
    absl::StrAppend(&text, "from ", Printable(exchange.remote_address()),
                    PhasesText(exchange.timings()), "\n");
  }
  absl::StrAppend(&text, HeadersText(exchange.response_headers()),
                  BodyPart(exchange.response_body()));
  if (!exchange.error().empty()) absl::StrAppend(&text, Printable(exchange.error()), "\n");
  return text;
}

std::string BodyText(const std::string& body) {
  return Printable(PrettyJson(body).value_or(body), /*multiline=*/true);
}

}  // namespace crier::crierctl
