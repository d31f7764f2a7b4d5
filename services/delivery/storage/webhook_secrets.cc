#include "services/delivery/storage/webhook_secrets.h"

#include <cstdint>
#include <optional>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/status/macros.h"

namespace crier::delivery::storage {
namespace {

std::string Context(SecretKind kind, const WebhookId& webhook, int key_number) {
  const char* purpose = "";
  switch (kind) {
    case SecretKind::kHeaderSecret:
      purpose = "header secret";
      break;
    case SecretKind::kClientKey:
      purpose = "client key";
      break;
    case SecretKind::kCustomHeaders:
      purpose = "custom headers";
      break;
    case SecretKind::kSigningKey:
      purpose = "signing key";
      break;
  }
  return absl::StrCat("crier.delivery/", purpose, "/", webhook.community, "/", webhook.id, "/",
                      key_number);
}

absl::StatusOr<SigningKey> ReadKey(const crypto::KeyRing& ring, const WebhookId& webhook,
                                   absl::string_view text) {
  const std::vector<std::string> parts = absl::StrSplit(text, ':');
  int scheme = 0;
  int64_t created = 0, expires = 0;
  SigningKey key;
  if (parts.size() != 6 || !absl::SimpleAtoi(parts[0], &key.number) ||
      !absl::SimpleAtoi(parts[1], &scheme) || !absl::SimpleAtoi(parts[3], &created) ||
      !absl::SimpleAtoi(parts[4], &expires)) {
    return absl::InternalError("a stored signing key is malformed");
  }
  if (scheme != static_cast<int>(SigningScheme::kV1) &&
      scheme != static_cast<int>(SigningScheme::kV1a)) {
    return absl::InternalError("the scheme of a stored signing key is unknown to this release");
  }
  key.scheme = static_cast<SigningScheme>(scheme);
  ASSIGN_OR_RETURN(key.key, OpenSecret(ring, SecretKind::kSigningKey, webhook, key.number,
                                       absl::HexStringToBytes(parts[2])));
  key.create_time = absl::FromUnixMicros(created);
  key.expire_time = expires < 0 ? absl::InfiniteFuture() : absl::FromUnixMicros(expires);
  key.request_id = absl::HexStringToBytes(parts[5]);
  return key;
}

}  // namespace

std::string SealSecret(const crypto::KeyRing& ring, SecretKind kind, const WebhookId& webhook,
                       int key_number, absl::string_view text) {
  return text.empty() ? "" : ring.Seal(text, Context(kind, webhook, key_number));
}

absl::StatusOr<std::string> OpenSecret(const crypto::KeyRing& ring, SecretKind kind,
                                       const WebhookId& webhook, int key_number,
                                       absl::string_view sealed) {
  if (sealed.empty()) return std::string();
  return ring.Open(sealed, Context(kind, webhook, key_number));
}

std::string HeaderLines(const std::map<std::string, std::string>& headers) {
  std::string lines;
  for (const auto& [name, value] : headers) absl::StrAppend(&lines, name, ":", value, "\n");
  return lines;
}

absl::StatusOr<std::map<std::string, std::string>> ParseHeaderLines(absl::string_view lines) {
  std::map<std::string, std::string> headers;
  for (const absl::string_view line : absl::StrSplit(lines, '\n', absl::SkipEmpty())) {
    const std::vector<std::string> parts = absl::StrSplit(line, absl::MaxSplits(':', 1));
    if (parts.size() != 2) return absl::InternalError("stored custom headers are malformed");
    headers.emplace(parts[0], parts[1]);
  }
  return headers;
}

pg::Params KeyParams(const crypto::KeyRing& ring, const WebhookId& webhook,
                     const std::vector<SigningKey>& keys) {
  std::vector<int32_t> numbers, schemes;
  std::vector<std::string> sealed, request_ids;
  std::vector<absl::Time> created;
  std::vector<std::optional<absl::Time>> expires;
  for (const SigningKey& key : keys) {
    numbers.push_back(key.number);
    schemes.push_back(static_cast<int32_t>(key.scheme));
    sealed.push_back(SealSecret(ring, SecretKind::kSigningKey, webhook, key.number, key.key));
    created.push_back(key.create_time);
    expires.push_back(key.expire_time == absl::InfiniteFuture() ? std::nullopt
                                                                : std::optional(key.expire_time));
    request_ids.push_back(key.request_id);
  }
  return pg::Params()
      .Add(webhook.community)
      .Add(webhook.id)
      .AddArray(numbers)
      .AddArray(schemes)
      .AddBytesArray(sealed)
      .AddArray(created)
      .AddArray(expires)
      .AddArray(request_ids);
}

absl::StatusOr<std::vector<SigningKey>> ReadKeys(const crypto::KeyRing& ring,
                                                 const WebhookId& webhook,
                                                 absl::string_view column) {
  std::vector<SigningKey> keys;
  for (const absl::string_view text : absl::StrSplit(column, ' ', absl::SkipEmpty())) {
    ASSIGN_OR_RETURN(SigningKey key, ReadKey(ring, webhook, text));
    keys.push_back(std::move(key));
  }
  return keys;
}

}  // namespace crier::delivery::storage
