// The secrets of webhooks as they are stored.
#ifndef CRIER_SERVICES_DELIVERY_STORAGE_WEBHOOK_SECRETS_H_
#define CRIER_SERVICES_DELIVERY_STORAGE_WEBHOOK_SECRETS_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/crypto/key_ring.h"
#include "common/pg/transaction.h"
#include "services/delivery/domain/webhooks/webhook.h"

namespace crier::delivery::storage {

// What a sealed text is, of a webhook. Each is sealed for its own place: the ciphertext of one
// webhook, or of one purpose, is of no use in another.
enum class SecretKind { kHeaderSecret, kClientKey, kCustomHeaders, kSigningKey };

// Nothing is sealed as nothing. `key_number` is that of a signing key, else 0.
std::string SealSecret(const crypto::KeyRing& ring, SecretKind kind, const WebhookId& webhook,
                       int key_number, absl::string_view text);

// Errors as for KeyRing::Open.
absl::StatusOr<std::string> OpenSecret(const crypto::KeyRing& ring, SecretKind kind,
                                       const WebhookId& webhook, int key_number,
                                       absl::string_view sealed);

// Custom headers as one text, to be sealed: a line for each. Neither their names nor their values
// hold line ends.
std::string HeaderLines(const std::map<std::string, std::string>& headers);

// INTERNAL when the text is not what HeaderLines() makes.
absl::StatusOr<std::map<std::string, std::string>> ParseHeaderLines(absl::string_view lines);

// The parameters of kInsertKeys.
pg::Params KeyParams(const crypto::KeyRing& ring, const WebhookId& webhook,
                     const std::vector<SigningKey>& keys);

// The signing keys in the last column of kGetWebhooks and kListWebhooks. Errors as for OpenSecret,
// INTERNAL when the column is not what those make.
absl::StatusOr<std::vector<SigningKey>> ReadKeys(const crypto::KeyRing& ring,
                                                 const WebhookId& webhook,
                                                 absl::string_view column);

}  // namespace crier::delivery::storage

#endif  // CRIER_SERVICES_DELIVERY_STORAGE_WEBHOOK_SECRETS_H_
