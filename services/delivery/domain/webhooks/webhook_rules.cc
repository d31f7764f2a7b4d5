#include "services/delivery/domain/webhooks/webhook_rules.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/api/validation.h"
#include "common/crypto/certificates.h"
#include "services/delivery/domain/webhooks/own_headers.h"

namespace crier::delivery {
namespace {

constexpr size_t kMaxNameBytes = 255;
constexpr size_t kMaxSecretBytes = 255;
constexpr size_t kMaxHeaders = 20;
constexpr size_t kMaxHeaderNameBytes = 255;
constexpr size_t kMaxHeaderValueBytes = 1024;
constexpr size_t kMaxPemBytes = 64 * 1024;
constexpr absl::Duration kMinTimeout = absl::Seconds(1);
constexpr absl::Duration kMaxTimeout = absl::Seconds(30);
constexpr size_t kMaxDelays = 20;
constexpr absl::Duration kMinDelay = absl::Seconds(1);
constexpr absl::Duration kMaxDelay = absl::Hours(24);
constexpr int kDocumentedAttempts = 10;
constexpr int kMaxPerMinute = 600'000;
constexpr int kMaxConcurrency = 1000;

bool IsPrintableAscii(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isprint(c); });
}

// A header value reaches the receiver as it is only without space at its ends (RFC 9110, 5.5).
bool IsHeaderValue(absl::string_view text) {
  return IsPrintableAscii(text) && absl::StripAsciiWhitespace(text) == text;
}

// A token of RFC 9110, section 5.6.2.
bool IsToken(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(c) || absl::StrContains("!#$%&'*+-.^_`|~", c);
  });
}

void CheckHeader(const std::string& name, const std::string& value, std::set<std::string>& seen,
                 FieldViolations& violations) {
  const bool token = IsToken(name) && name.size() <= kMaxHeaderNameBytes;
  // What is no token may be anything, and is not repeated in full.
  const std::string field = absl::StrCat(
      "webhook.custom_headers[\"", token ? name : absl::CHexEscape(name.substr(0, 64)), "\"]");
  const std::string lower = absl::AsciiStrToLower(name);
  if (!token) {
    violations.Add(field, "must have a name of at most 255 letters, digits and !#$%&'*+-.^_`|~");
  } else if (IsReservedHeader(lower)) {
    violations.Add(field, "is set by Crier or by HTTP itself; choose another name");
  } else if (!seen.insert(lower).second) {
    violations.Add(field, "occurs twice, in another case; keep one of them");
  }
  if (!IsHeaderValue(value) || value.size() > kMaxHeaderValueBytes) {
    violations.Add(field,
                   "must have a value of printable ASCII, without space at its ends, of at most "
                   "1,024 bytes");
  }
}

using HeaderMap = std::map<std::string, std::string>;

// That of this name, compared without case; null without one.
const std::string* FindHeader(const HeaderMap& headers, absl::string_view name) {
  const auto found = std::find_if(headers.begin(), headers.end(), [name](const auto& header) {
    return absl::EqualsIgnoreCase(header.first, name);
  });
  return found == headers.end() ? nullptr : &found->second;
}

// `headers`, with the values of `stored` where these are kept.
HeaderMap WithoutMasks(HeaderMap headers, const HeaderMap& stored) {
  for (auto header = headers.begin(); header != headers.end();) {
    const std::string* const kept = FindHeader(stored, header->first);
    if (header->second != kMask) {
      ++header;
    } else if (kept != nullptr) {
      header++->second = *kept;
    } else {
      header = headers.erase(header);
    }
  }
  return headers;
}

void CheckHeaders(const std::map<std::string, std::string>& headers, FieldViolations& violations) {
  if (headers.size() > kMaxHeaders) {
    violations.Add("webhook.custom_headers", "must have at most 20 headers");
    return;
  }
  std::set<std::string> seen;
  for (const auto& [name, value] : headers) CheckHeader(name, value, seen, violations);
}

// PEM is text, and goes into a text column.
bool IsPem(const std::string& text) {
  return text.size() <= kMaxPemBytes && std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return absl::ascii_isprint(c) || absl::ascii_isspace(c);
         });
}

void CheckClientCertificate(const Webhook& webhook, const std::set<std::string>& fields,
                            FieldViolations& violations) {
  if (fields.count("client_certificate") != fields.count("client_key")) {
    violations.Add(fields.count("client_key") ? "webhook.client_certificate" : "webhook.client_key",
                   "must be given too: a certificate and its key change together");
    return;
  }
  if (webhook.client_certificate.empty() && webhook.client_key.empty()) return;
  if (!IsPem(webhook.client_certificate) ||
      !crypto::CheckCertificates(webhook.client_certificate).ok()) {
    violations.Add(
        "webhook.client_certificate",
        "must be a certificate as PEM, then those that lead to its authority, and no key; "
        "at most 64 KiB");
  } else if (!IsPem(webhook.client_key) || !crypto::CheckPrivateKey(webhook.client_key).ok()) {
    violations.Add("webhook.client_key",
                   "must be a private key as PEM, not encrypted, of at most 64 KiB");
  } else if (!crypto::CheckKeyPair(webhook.client_certificate, webhook.client_key).ok()) {
    violations.Add("webhook.client_key", "must be the key of the first certificate");
  }
}

void CheckRetryPolicy(const RetryPolicy& policy, FieldViolations& violations) {
  if (policy.delays.size() > kMaxDelays) {
    violations.Add("webhook.retry_policy.delays", "must have at most 20 elements");
    return;
  }
  for (size_t i = 0; i < policy.delays.size(); ++i) {
    if (policy.delays[i] >= kMinDelay && policy.delays[i] <= kMaxDelay) continue;
    violations.Add(absl::StrCat("webhook.retry_policy.delays[", i, "]"),
                   "must be from 1 s to 24 h");
  }
  if (policy.max_attempts < 0 || policy.max_attempts > kDocumentedAttempts) {
    violations.Add("webhook.retry_policy.max_attempts", "must be from 1 to 10, or 0 for all");
  } else if (policy.max_attempts > 0 && !policy.delays.empty()) {
    violations.Add("webhook.retry_policy.max_attempts",
                   "must be 0 where delays are given: there is one attempt more than delays");
  }
}

void CheckFromZero(const char* field, int value, int most, const char* description,
                   FieldViolations& violations) {
  if (value < 0 || value > most) violations.Add(field, description);
}

}  // namespace

const std::vector<std::string>& WebhookSettings() {
  static const auto* const settings = new std::vector<std::string>{"display_name",
                                                                   "url",
                                                                   "secret",
                                                                   "payload_version",
                                                                   "envelope",
                                                                   "member_alias",
                                                                   "custom_headers",
                                                                   "request_timeout",
                                                                   "client_certificate",
                                                                   "client_key",
                                                                   "trusted_roots",
                                                                   "retry_policy",
                                                                   "attempts_per_minute",
                                                                   "max_concurrency",
                                                                   "operational"};
  return *settings;
}

void CheckWebhook(const Webhook& webhook, const std::set<std::string>& fields,
                  const UrlPolicy& policy, FieldViolations& violations) {
  if (fields.count("display_name")) {
    api::CheckRequiredText("webhook.display_name", webhook.display_name, kMaxNameBytes, violations);
  }
  if (fields.count("url")) {
    if (const auto refusal = policy.CheckUrl(webhook.url)) {
      violations.Add("webhook.url", refusal->description);
    }
  }
  if (fields.count("secret") &&
      (!IsHeaderValue(webhook.secret) || webhook.secret.size() > kMaxSecretBytes)) {
    violations.Add("webhook.secret",
                   "must be printable ASCII, without space at its ends, of at most 255 bytes");
  }
  if (fields.count("custom_headers")) CheckHeaders(webhook.custom_headers, violations);
  if (fields.count("request_timeout") &&
      (webhook.request_timeout < kMinTimeout || webhook.request_timeout > kMaxTimeout)) {
    violations.Add("webhook.request_timeout", "must be from 1 s to 30 s");
  }
  CheckClientCertificate(webhook, fields, violations);
  if (fields.count("trusted_roots") && !webhook.trusted_roots.empty() &&
      (!IsPem(webhook.trusted_roots) || !crypto::CheckCertificates(webhook.trusted_roots).ok())) {
    violations.Add("webhook.trusted_roots",
                   "must be certificates as PEM and nothing else, at most 64 KiB; empty for the "
                   "usual ones only");
  }
  if (fields.count("retry_policy")) CheckRetryPolicy(webhook.retry_policy, violations);
  if (fields.count("attempts_per_minute")) {
    CheckFromZero("webhook.attempts_per_minute", webhook.attempts_per_minute, kMaxPerMinute,
                  "must be from 1 to 600,000, or 0 for no limit", violations);
  }
  if (fields.count("max_concurrency")) {
    CheckFromZero("webhook.max_concurrency", webhook.max_concurrency, kMaxConcurrency,
                  "must be from 1 to 1,000, or 0 for the server's choice", violations);
  }
}

void CheckMaskedHeaders(const Webhook& webhook, const HeaderMap& stored,
                        FieldViolations& violations) {
  for (const auto& [name, value] : webhook.custom_headers) {
    if (value != kMask || FindHeader(stored, name) != nullptr) continue;
    violations.Add(absl::StrCat("webhook.custom_headers[\"", name, "\"]"),
                   "is the mask that is shown in place of a value; give the value");
  }
}

void CopySettings(const Webhook& from, const std::set<std::string>& fields, Webhook& to) {
  const auto named = [&](const char* field) { return fields.count(field) > 0; };
  if (named("display_name")) to.display_name = from.display_name;
  if (named("url")) {
    // What failed was another receiver.
    if (to.url != from.url) to.failing.reset();
    to.url = from.url;
  }
  if (named("secret")) to.secret = from.secret;
  if (named("payload_version")) to.payload_version = from.payload_version;
  if (named("envelope")) to.envelope = from.envelope;
  if (named("member_alias")) to.member_alias = from.member_alias;
  if (named("custom_headers")) {
    to.custom_headers = WithoutMasks(from.custom_headers, to.custom_headers);
  }
  if (named("request_timeout")) to.request_timeout = from.request_timeout;
  if (named("client_certificate")) to.client_certificate = from.client_certificate;
  if (named("client_key")) to.client_key = from.client_key;
  if (named("trusted_roots")) to.trusted_roots = from.trusted_roots;
  if (named("retry_policy")) to.retry_policy = from.retry_policy;
  if (named("attempts_per_minute")) to.attempts_per_minute = from.attempts_per_minute;
  if (named("max_concurrency")) to.max_concurrency = from.max_concurrency;
  if (named("operational")) to.operational = from.operational;
}

}  // namespace crier::delivery
