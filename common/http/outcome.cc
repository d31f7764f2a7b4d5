#include "common/http/outcome.h"

#include <openssl/x509_vfy.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace crier::http {
namespace {

bool Reached(CURL* easy, CURLINFO time) {
  curl_off_t microseconds = 0;
  return curl_easy_getinfo(easy, time, &microseconds) == CURLE_OK && microseconds > 0;
}

std::string WhatTookTooLong(CURL* easy) {
  if (!Reached(easy, CURLINFO_CONNECT_TIME_T)) return "no connection was made in time";
  if (!Reached(easy, CURLINFO_PRETRANSFER_TIME_T)) return "the TLS handshake took too long";
  if (!Reached(easy, CURLINFO_STARTTRANSFER_TIME_T)) return "no response came in time";
  return "the response was not complete in time";
}

std::string WhyNoConnection(CURL* easy) {
  long error = 0;
  curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &error);
  switch (error) {
    case ECONNREFUSED:
      return "the connection was refused";
    case EHOSTUNREACH:
    case ENETUNREACH:
      return "there is no route to the target";
    case ECONNRESET:
      return "the connection was reset";
    default:
      return "the connection could not be made";
  }
}

std::string WhyNotTrusted(CURL* easy) {
  long verified = X509_V_OK;
  curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verified);
  // libcurl compares the name before it asks for the result, which is unspecified until then.
  if (verified == X509_V_OK || verified == X509_V_ERR_UNSPECIFIED) {
    return "the certificate is not for this host name";
  }
  return absl::StrCat("the certificate is not trusted: ", X509_verify_cert_error_string(verified));
}

// `error:0A00010B:SSL routines::wrong version number` → `wrong version number`
std::string WhyNoHandshake(absl::string_view details) {
  constexpr absl::string_view kMark = "SSL routines::";
  const size_t at = details.rfind(kMark);
  if (at == absl::string_view::npos) return "the TLS handshake failed";
  return absl::StrCat("the TLS handshake failed: ", details.substr(at + kMark.size()));
}

}  // namespace

Outcome DescribeFailure(CURL* easy, CURLcode code, absl::string_view details) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return {Result::kTimedOut, WhatTookTooLong(easy)};
    case CURLE_COULDNT_CONNECT:
      return {Result::kUnreachable, WhyNoConnection(easy)};
    case CURLE_PEER_FAILED_VERIFICATION:
      return {Result::kTlsFailed, WhyNotTrusted(easy)};
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CLIENTCERT:
    case CURLE_SSL_INVALIDCERTSTATUS:
      return {Result::kTlsFailed, WhyNoHandshake(details)};
    case CURLE_GOT_NOTHING:
      return {Result::kUnreachable, "the connection was closed without a response"};
    case CURLE_PARTIAL_FILE:
      return {Result::kUnreachable, "the connection was closed within the response"};
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return {Result::kUnreachable, "the connection broke"};
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:  // HTTP/0.9, which has no status
    case CURLE_BAD_CONTENT_ENCODING:
      return {Result::kUnreachable, "the response was not valid HTTP"};
    default:
      return {Result::kUnreachable, curl_easy_strerror(code)};
  }
}

}  // namespace crier::http
