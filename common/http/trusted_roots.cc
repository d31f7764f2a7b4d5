#include "common/http/trusted_roots.h"

#include <curl/curl.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "common/log/log.h"

namespace crier::http {
namespace {

void Load(X509_STORE* store, const char* file) {
  if (X509_STORE_load_file(store, file) == 1) return;
  ERR_clear_error();
  log::Error("cannot read trusted roots", {{"file", file}});
}

}  // namespace

TrustedRoots::TrustedRoots(const std::string& extra_file) : store_(X509_STORE_new()) {
  // Where the distribution keeps its bundle is something that libcurl was told when it was built.
  const char* const system_bundle = curl_version_info(CURLVERSION_NOW)->cainfo;
  if (system_bundle != nullptr) Load(store_.get(), system_bundle);
  if (!extra_file.empty()) Load(store_.get(), extra_file.c_str());
  // As libcurl sets it: a trusted certificate ends the chain, whoever signed it.
  X509_STORE_set_flags(store_.get(), X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
}

}  // namespace crier::http
