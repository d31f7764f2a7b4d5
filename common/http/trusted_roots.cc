#include "common/http/trusted_roots.h"

#include <curl/curl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <sys/stat.h>

#include <utility>

#include "common/log/log.h"

namespace crier::http {
namespace {

bool Load(X509_STORE* store, const char* file) {
  if (X509_STORE_load_file(store, file) == 1) return true;
  ERR_clear_error();
  log::Error("cannot read trusted roots", {{"file", file}});
  return false;
}

// As libcurl sets it: a trusted certificate ends the chain, whoever signed it.
void SetFlags(X509_STORE* store) {
  X509_STORE_set_flags(store, X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
}

}  // namespace

TrustedRoots::TrustedRoots(const std::string& extra_file)
    : extra_file_(extra_file), version_(LookAtFile()) {
  Read();
}

X509_STORE* TrustedRoots::store() {
  if (extra_file_.empty()) return store_.get();
  const FileVersion version = LookAtFile();
  if (version == version_) return store_.get();
  version_ = version;
  Read();
  return store_.get();
}

TrustedRoots::FileVersion TrustedRoots::LookAtFile() const {
  struct stat file = {};
  if (extra_file_.empty() || stat(extra_file_.c_str(), &file) != 0) return {};
  return {file.st_dev, file.st_ino, file.st_size, file.st_mtim.tv_sec, file.st_mtim.tv_nsec};
}

void TrustedRoots::Read() {
  std::unique_ptr<X509_STORE, Free> read(X509_STORE_new());
  // Where the distribution keeps its bundle is something that libcurl was told when it was built.
  const char* const system_bundle = curl_version_info(CURLVERSION_NOW)->cainfo;
  if (system_bundle != nullptr) Load(read.get(), system_bundle);
  const bool complete = extra_file_.empty() || Load(read.get(), extra_file_.c_str());
  if (!complete && store_ != nullptr) return;
  SetFlags(read.get());
  store_ = std::move(read);
}

X509_STORE* TrustedRoots::StoreWith(const std::string& pem) {
  X509_STORE* const store = X509_STORE_new();
  SetFlags(store);
  // The certificates are shared, not parsed again.
  const STACK_OF(X509_OBJECT)* const objects = X509_STORE_get0_objects(this->store());
  for (int i = 0; i < sk_X509_OBJECT_num(objects); ++i) {
    X509* const certificate = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
    if (certificate != nullptr) X509_STORE_add_cert(store, certificate);
  }
  BIO* const bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  while (X509* const certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr)) {
    X509_STORE_add_cert(store, certificate);
    X509_free(certificate);
  }
  BIO_free(bio);
  ERR_clear_error();  // that of the end
  return store;
}

}  // namespace crier::http
