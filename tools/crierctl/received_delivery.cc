#include "tools/crierctl/received_delivery.h"

#include <map>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "rapidjson/encodings.h"
#include "rapidjson/memorystream.h"
#include "rapidjson/stringbuffer.h"
#include "rapidjson/writer.h"
#include "tools/crierctl/message_output.h"
#include "tools/crierctl/text.h"

namespace crier::crierctl {
namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

constexpr char kSecretHeader[] = "x-commonroom-webhook-secret";

absl::Status CheckSignature(const ReceivedDelivery& delivery, const SignatureVerifier& verifier) {
  return verifier.Verify({.id = delivery.Header("webhook-id"),
                          .timestamp = delivery.Header("webhook-timestamp"),
                          .signature = delivery.Header("webhook-signature"),
                          .body = delivery.body},
                         delivery.time);
}

std::string SignatureText(const ReceivedDelivery& delivery, const DeliveryChecks& checks) {
  if (!checks.signature) return "not checked (give --signing-secret)";
  const absl::Status status = CheckSignature(delivery, *checks.signature);
  return status.ok() ? "valid" : absl::StrCat("INVALID: ", status.message());
}

std::string SecretText(const ReceivedDelivery& delivery, const DeliveryChecks& checks) {
  const std::string secret = delivery.Header(kSecretHeader);
  if (!checks.secret) return secret.empty() ? "none" : "present, not checked (give --secret)";
  if (secret.empty()) return "MISSING";
  return secret == *checks.secret ? "as expected" : "WRONG";
}

bool IsUtf8(const std::string& text) {
  rapidjson::MemoryStream stream(text.data(), text.size());
  rapidjson::StringBuffer ignored;
  while (stream.Tell() < text.size()) {
    if (!rapidjson::UTF8<>::Validate(stream, ignored)) return false;
  }
  return stream.Tell() == text.size();
}

void WriteString(Writer& writer, const std::string& text) {
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

void WriteMember(Writer& writer, const char* name, const std::string& value) {
  writer.Key(name);
  WriteString(writer, value);
}

void WriteHeaders(Writer& writer, const ReceivedDelivery& delivery) {
  // Header values are bytes of any kind; a header that comes twice is one list, as HTTP has it.
  std::map<std::string, std::string> headers;
  for (const auto& [name, value] : delivery.headers) {
    std::string& joined = headers[Printable(name)];
    absl::StrAppend(&joined, joined.empty() ? "" : ", ", Printable(value));
  }
  writer.Key("headers");
  writer.StartObject();
  for (const auto& [name, value] : headers) WriteMember(writer, name.c_str(), value);
  writer.EndObject();
}

void WriteBody(Writer& writer, const std::string& body) {
  if (IsUtf8(body)) {
    WriteMember(writer, "body", body);
  } else {
    WriteMember(writer, "bodyBase64", absl::Base64Escape(body));
  }
}

void WriteVerdicts(Writer& writer, const ReceivedDelivery& delivery, const DeliveryChecks& checks) {
  writer.Key("verified");
  if (checks.signature) {
    const absl::Status status = CheckSignature(delivery, *checks.signature);
    writer.Bool(status.ok());
    if (!status.ok()) WriteMember(writer, "verificationError", std::string(status.message()));
  } else {
    writer.Null();
  }
  writer.Key("secretMatches");
  if (checks.secret) {
    writer.Bool(delivery.Header(kSecretHeader) == *checks.secret);
  } else {
    writer.Null();
  }
}

}  // namespace

std::string ReceivedDelivery::Header(absl::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return "";
}

std::string ReceivedText(const ReceivedDelivery& delivery, const DeliveryChecks& checks) {
  return absl::StrCat("── ", ReadableTime(delivery.time), " ", Printable(delivery.method), " ",
                      Printable(delivery.path), " → ", delivery.answered_status, "\n",
                      "   id:        ", Printable(delivery.Header("webhook-id")), "\n",
                      "   signature: ", SignatureText(delivery, checks), "\n",
                      "   secret:    ", SecretText(delivery, checks), "\n", BodyText(delivery.body),
                      "\n");
}

std::string ReceivedJson(const ReceivedDelivery& delivery, const DeliveryChecks& checks) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.StartObject();
  WriteMember(writer, "time",
              absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", delivery.time, absl::UTCTimeZone()));
  WriteMember(writer, "method", Printable(delivery.method));
  WriteMember(writer, "path", Printable(delivery.path));
  WriteHeaders(writer, delivery);
  WriteBody(writer, delivery.body);
  writer.Key("status");
  writer.Int(delivery.answered_status);
  WriteVerdicts(writer, delivery, checks);
  writer.EndObject();
  return absl::StrCat(absl::string_view(buffer.GetString(), buffer.GetSize()), "\n");
}

}  // namespace crier::crierctl
