#include "common/http/trusted_roots.h"

#include <curl/curl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include "common/log/log.h"

namespace crier::http {
namespace {

void Load(X509_STORE* store, const char* file) {
  if (X509_STORE_load_file(store, file) == 1) return;
  ERR_clear_error();
  log::Error("cannot read trusted roots", {{"file", file}});
}

// As libcurl sets it: a trusted certificate ends the chain, whoever signed it.
void SetFlags(X509_STORE* store) {
  X509_STORE_set_flags(store, X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
}

}  // namespace

TrustedRoots::TrustedRoots(const std::string& extra_file) : store_(X509_STORE_new()) {
  // Where the distribution keeps its bundle is something that libcurl was told when it was built.
  const char* const system_bundle = curl_version_info(CURLVERSION_NOW)->cainfo;
  if (system_bundle != nullptr) Load(store_.get(), system_bundle);
  if (!extra_file.empty()) Load(store_.get(), extra_file.c_str());
  SetFlags(store_.get());
}

X509_STORE* TrustedRoots::StoreWith(const std::string& pem) const {
  X509_STORE* const store = X509_STORE_new();
  SetFlags(store);
  // The certificates are shared, not parsed again.
  const STACK_OF(X509_OBJECT)* const objects = X509_STORE_get0_objects(store_.get());
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
