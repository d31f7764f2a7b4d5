#include "services/delivery/domain/webhooks/key_rotation.h"

#include <algorithm>

#include "common/status/errors.h"
#include "services/delivery/domain/errors.h"

namespace crier::delivery {

const SigningKey* FindRotation(const Webhook& webhook, const std::string& request_id) {
  if (request_id.empty()) return nullptr;
  for (const SigningKey& key : webhook.signing_keys) {
    if (key.request_id == request_id) return &key;
  }
  return nullptr;
}

absl::StatusOr<bool> RotateSigningKey(Webhook& webhook, const Rotation& rotation, absl::Time now) {
  if (FindRotation(webhook, rotation.request_id) != nullptr) return false;
  std::vector<SigningKey> keys;
  int last_number = 0;
  for (SigningKey key : webhook.signing_keys) {
    last_number = std::max(last_number, key.number);
    if (key.scheme == rotation.key.scheme) {
      if (key.key == rotation.key.key) {
        return InvalidField("signing_secret", "must differ from the keys that the webhook has");
      }
      key.expire_time = std::min(key.expire_time, now + rotation.overlap);
    }
    if (key.expire_time > now) keys.push_back(std::move(key));
  }
  if (keys.size() >= kMaxSigningKeys) return TooManySigningKeysError();
  SigningKey added = rotation.key;
  added.number = last_number + 1;
  added.create_time = now;
  added.expire_time = absl::InfiniteFuture();
  added.request_id = rotation.request_id;
  keys.insert(keys.begin(), std::move(added));
  webhook.signing_keys = std::move(keys);
  return true;
}

absl::StatusOr<bool> RevokeSigningKey(Webhook& webhook, int number) {
  std::vector<SigningKey>& keys = webhook.signing_keys;
  const auto revoked = std::find_if(
      keys.begin(), keys.end(), [number](const SigningKey& key) { return key.number == number; });
  if (revoked == keys.end()) return SigningKeyNotFoundError(number);
  const bool another_stays = std::any_of(keys.begin(), keys.end(), [&](const SigningKey& key) {
    return key.number != number && key.expire_time == absl::InfiniteFuture();
  });
  if (!another_stays) return LastSigningKeyError();
  keys.erase(revoked);
  return true;
}

}  // namespace crier::delivery
