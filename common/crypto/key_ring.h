// Sealing of what must not lie about in the clear: AES-256-GCM under a ring of keys.
#ifndef CRIER_COMMON_CRYPTO_KEY_RING_H_
#define CRIER_COMMON_CRYPTO_KEY_RING_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"

namespace crier::crypto {

// Keys of which the first seals and each opens, so that keys can be changed: a new one is put
// behind the others wherever there are replicas, then moved to the front, and the old one is taken
// away when nothing is sealed under it any more.
//
// A sealed text is a byte for its form (0: in the clear, 1: AES-256-GCM); in the latter case the
// length of the key's id, that id, 12 bytes of nonce, the ciphertext and 16 bytes of tag follow.
// What comes before the nonce is authenticated, and so is the context that the caller gives: it
// says what the text is, and whose, so that one cannot be put in place of another.
//
// A value; thread-safe when not assigned to.
class KeyRing {
 public:
  // A ring without keys. It seals nothing: texts stay in the clear. For development only.
  static KeyRing Plaintext();

  // Reads the text of a key file: a line for each key, which is an id (1 to 32 letters, digits, `-`
  // and `_`), white space, and the base64 of 32 bytes. Empty lines, and those that begin with `#`,
  // are skipped. INVALID_ARGUMENT says in one line what is wrong in which; never with a key in it.
  static absl::StatusOr<KeyRing> Parse(absl::string_view text);

  // Reads a key file. Errors as for Parse, or that the file cannot be read; with its path.
  static absl::StatusOr<KeyRing> ReadFile(const std::string& path);

  // A line of a key file with a new key.
  static std::string MakeLine(absl::string_view id);

  // May be called 2^32 times under one key at most, which is never reached with secrets of people.
  std::string Seal(absl::string_view text, absl::string_view context) const;

  // FAILED_PRECONDITION, naming it, when the ring does not have the key; DATA_LOSS when the bytes
  // are no sealed text, were changed, or were sealed in another context.
  absl::StatusOr<std::string> Open(absl::string_view sealed, absl::string_view context) const;

  // Whether Seal would do it under the same key; otherwise it should be sealed again.
  bool IsCurrent(absl::string_view sealed) const;

  friend bool operator==(const KeyRing& a, const KeyRing& b) { return a.keys_ == b.keys_; }

 private:
  struct Key {
    std::string id;
    std::string bytes;

    friend bool operator==(const Key& a, const Key& b) {
      return a.id == b.id && a.bytes == b.bytes;
    }
  };

  // The key of the id; null when there is none.
  const Key* Find(absl::string_view id) const;

  std::vector<Key> keys_;
};

// The ring that is good now. Thread-safe.
class KeyRingHolder {
 public:
  explicit KeyRingHolder(KeyRing ring) : ring_(std::make_shared<const KeyRing>(std::move(ring))) {}

  std::shared_ptr<const KeyRing> Get() const {
    absl::MutexLock lock(&mutex_);
    return ring_;
  }

  // Reads the ring again; true when it has changed. On an error, which is that of
  // KeyRing::ReadFile, the ring stays as it was.
  absl::StatusOr<bool> Reload(const std::string& path);

 private:
  mutable absl::Mutex mutex_;
  std::shared_ptr<const KeyRing> ring_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crier::crypto

#endif  // CRIER_COMMON_CRYPTO_KEY_RING_H_
