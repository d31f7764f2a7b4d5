#include "common/crypto/key_ring.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/crypto/crypto.h"

namespace crier::crypto {
namespace {

constexpr char kClear = 0;
constexpr char kAesGcm = 1;

constexpr size_t kKeyBytes = 32;
constexpr size_t kNonceBytes = 12;
constexpr size_t kTagBytes = 16;
constexpr size_t kMaxIdBytes = 32;
constexpr size_t kMaxFileBytes = 64 * 1024;

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const unsigned char* Bytes(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

int Size(absl::string_view text) { return static_cast<int>(text.size()); }

// What can fail only when memory is out.
void Check(int result) {
  if (result != 1) std::abort();
}

// The form, the key and the context in one text without ambiguity: the header has its length in it.
std::string Authenticated(absl::string_view header, absl::string_view context) {
  return absl::StrCat(header, context);
}

std::string Encrypt(absl::string_view key, absl::string_view nonce, absl::string_view text,
                    absl::string_view authenticated) {
  const Cipher cipher(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  std::string result(text.size() + kTagBytes, '\0');
  int written = 0;
  Check(EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, Bytes(key), Bytes(nonce)));
  Check(EVP_EncryptUpdate(cipher.get(), nullptr, &written, Bytes(authenticated),
                          Size(authenticated)));
  Check(EVP_EncryptUpdate(cipher.get(), Bytes(result), &written, Bytes(text), Size(text)));
  Check(EVP_EncryptFinal_ex(cipher.get(), Bytes(result) + text.size(), &written));
  Check(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes,
                            Bytes(result) + text.size()));
  return result;
}

// False when the text is not authentic.
bool Decrypt(absl::string_view key, absl::string_view nonce, absl::string_view sealed,
             absl::string_view authenticated, std::string& text) {
  const absl::string_view body = sealed.substr(0, sealed.size() - kTagBytes);
  std::string tag(sealed.substr(body.size()));
  const Cipher cipher(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  text.assign(body.size(), '\0');
  int written = 0;
  Check(EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, Bytes(key), Bytes(nonce)));
  Check(EVP_DecryptUpdate(cipher.get(), nullptr, &written, Bytes(authenticated),
                          Size(authenticated)));
  Check(EVP_DecryptUpdate(cipher.get(), Bytes(text), &written, Bytes(body), Size(body)));
  Check(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, Bytes(tag)));
  return EVP_DecryptFinal_ex(cipher.get(), Bytes(text) + body.size(), &written) == 1;
}

bool IsId(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxIdBytes &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isalnum(c) || c == '-' || c == '_'; });
}

// The parts of a text that is sealed under a key.
struct Envelope {
  absl::string_view header;
  absl::string_view key_id;
  absl::string_view nonce;
  absl::string_view rest;  // ciphertext and tag
};

bool Split(absl::string_view sealed, Envelope& envelope) {
  if (sealed.size() < 2 || sealed[0] != kAesGcm) return false;
  const size_t id_bytes = static_cast<unsigned char>(sealed[1]);
  if (sealed.size() < 2 + id_bytes + kNonceBytes + kTagBytes) return false;
  envelope.header = sealed.substr(0, 2 + id_bytes);
  envelope.key_id = sealed.substr(2, id_bytes);
  envelope.nonce = sealed.substr(2 + id_bytes, kNonceBytes);
  envelope.rest = sealed.substr(2 + id_bytes + kNonceBytes);
  return true;
}

absl::Status Malformed(int line, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("line ", line, ": ", what));
}

}  // namespace

KeyRing KeyRing::Plaintext() { return KeyRing(); }

absl::StatusOr<KeyRing> KeyRing::Parse(absl::string_view text) {
  KeyRing ring;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line[0] == '#') continue;
    const std::vector<std::string> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    if (words.size() != 2) {
      return Malformed(number, "must be an id, a space and the base64 of a key of 32 bytes");
    }
    if (!IsId(words[0])) {
      return Malformed(number, "an id is 1 to 32 letters, digits, '-' and '_'");
    }
    std::string bytes;
    if (!absl::Base64Unescape(words[1], &bytes) || bytes.size() != kKeyBytes) {
      return Malformed(number, "the key must be the base64 of 32 bytes (openssl rand -base64 32)");
    }
    if (ring.Find(words[0]) != nullptr) {
      return Malformed(number, absl::StrCat("the id ", words[0], " occurs twice"));
    }
    if (std::any_of(ring.keys_.begin(), ring.keys_.end(),
                    [&](const Key& key) { return key.bytes == bytes; })) {
      return Malformed(number, absl::StrCat("the key of ", words[0], " has another id as well"));
    }
    ring.keys_.push_back({words[0], std::move(bytes)});
  }
  if (ring.keys_.empty()) return absl::InvalidArgumentError("there is no key in it");
  return ring;
}

absl::StatusOr<KeyRing> KeyRing::ReadFile(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::stringstream content;
  if (file) content << file.rdbuf();
  if (!file || !content) {
    return absl::InvalidArgumentError(absl::StrCat(path, " cannot be read", errno != 0 ? ": " : "",
                                                   errno != 0 ? std::strerror(errno) : ""));
  }
  const std::string text = content.str();
  if (text.size() > kMaxFileBytes) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is too large for a file of keys"));
  }
  absl::StatusOr<KeyRing> ring = Parse(text);
  if (ring.ok()) return ring;
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", ring.status().message()));
}

std::string KeyRing::MakeLine(absl::string_view id) {
  return absl::StrCat(id, " ", absl::Base64Escape(RandomBytes(kKeyBytes)));
}

const KeyRing::Key* KeyRing::Find(absl::string_view id) const {
  const auto key =
      std::find_if(keys_.begin(), keys_.end(), [id](const Key& key) { return key.id == id; });
  return key == keys_.end() ? nullptr : &*key;
}

std::string KeyRing::Seal(absl::string_view text, absl::string_view context) const {
  if (keys_.empty()) return absl::StrCat(absl::string_view(&kClear, 1), text);
  const Key& key = keys_.front();
  std::string header = {kAesGcm, static_cast<char>(key.id.size())};
  header += key.id;
  const std::string nonce = RandomBytes(kNonceBytes);
  return absl::StrCat(header, nonce,
                      Encrypt(key.bytes, nonce, text, Authenticated(header, context)));
}

absl::StatusOr<std::string> KeyRing::Open(absl::string_view sealed,
                                          absl::string_view context) const {
  if (!sealed.empty() && sealed[0] == kClear) return std::string(sealed.substr(1));
  Envelope envelope;
  if (!Split(sealed, envelope)) return absl::DataLossError("a sealed text is malformed");
  const Key* const key = Find(envelope.key_id);
  if (key == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat("the key ring has no key ",
                     IsId(envelope.key_id) ? envelope.key_id : absl::string_view("of that id")));
  }
  std::string text;
  if (!Decrypt(key->bytes, envelope.nonce, envelope.rest, Authenticated(envelope.header, context),
               text)) {
    return absl::DataLossError("a sealed text is not authentic");
  }
  return text;
}

bool KeyRing::IsCurrent(absl::string_view sealed) const {
  if (keys_.empty()) return !sealed.empty() && sealed[0] == kClear;
  Envelope envelope;
  return Split(sealed, envelope) && envelope.key_id == keys_.front().id;
}

absl::StatusOr<bool> KeyRingHolder::Reload(const std::string& path) {
  absl::StatusOr<KeyRing> ring = KeyRing::ReadFile(path);
  if (!ring.ok()) return ring.status();
  absl::MutexLock lock(&mutex_);
  if (*ring_ == *ring) return false;
  ring_ = std::make_shared<const KeyRing>(*std::move(ring));
  return true;
}

}  // namespace crier::crypto
