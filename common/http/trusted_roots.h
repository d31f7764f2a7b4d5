// The certificates that TLS connections are verified against.
#ifndef CRIER_COMMON_HTTP_TRUSTED_ROOTS_H_
#define CRIER_COMMON_HTTP_TRUSTED_ROOTS_H_

#include <openssl/x509.h>

#include <memory>
#include <string>

namespace crier::http {

// The system's roots and those of a further PEM file, read once: libcurl alone would parse the
// system's hundred-odd certificates anew for every connection. Thread-safe.
class TrustedRoots {
 public:
  // `extra_file` may be empty. Logs what cannot be read and goes on without it.
  explicit TrustedRoots(const std::string& extra_file);

  X509_STORE* store() const { return store_.get(); }

  // A store with the certificates of `pem` beside these, for the caller to free. What cannot be
  // read is left out.
  X509_STORE* StoreWith(const std::string& pem) const;

 private:
  struct Free {
    void operator()(X509_STORE* store) const { X509_STORE_free(store); }
  };
  std::unique_ptr<X509_STORE, Free> store_;
};

}  // namespace crier::http

#endif  // CRIER_COMMON_HTTP_TRUSTED_ROOTS_H_
