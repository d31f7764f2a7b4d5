// The certificates that TLS connections are verified against.
#ifndef CRIER_COMMON_HTTP_TRUSTED_ROOTS_H_
#define CRIER_COMMON_HTTP_TRUSTED_ROOTS_H_

#include <openssl/x509.h>

#include <cstdint>
#include <memory>
#include <string>
#include <tuple>

namespace crier::http {

// The system's roots and those of a further PEM file, read once and when that file has changed:
// libcurl alone would parse the system's hundred-odd certificates anew for every connection. Not
// thread-safe.
class TrustedRoots {
 public:
  // `extra_file` may be empty. Logs what cannot be read and goes on without it.
  explicit TrustedRoots(const std::string& extra_file);

  // Those of the file as it is now or, if it cannot be read now, as it was; good until the next
  // call.
  X509_STORE* store();

  // A store with the certificates of `pem` beside these, for the caller to free. What cannot be
  // read is left out.
  X509_STORE* StoreWith(const std::string& pem);

 private:
  struct Free {
    void operator()(X509_STORE* store) const { X509_STORE_free(store); }
  };
  // Differs when the file was written, replaced or removed since.
  using FileVersion = std::tuple<uint64_t, uint64_t, int64_t, int64_t, int64_t>;

  FileVersion LookAtFile() const;
  void Read();

  const std::string extra_file_;
  FileVersion version_;
  std::unique_ptr<X509_STORE, Free> store_;
};

}  // namespace crier::http

#endif  // CRIER_COMMON_HTTP_TRUSTED_ROOTS_H_
