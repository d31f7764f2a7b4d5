#include "common/http/outcome.h"

#include <openssl/x509_vfy.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace crier::http {
namespace {

bool Reached(CURL* easy, CURLINFO time) {
  curl_off_t microseconds = 0;
  return curl_easy_getinfo(easy, time, &microseconds) == CURLE_OK && microseconds > 0;
}

// The time of the connection is set when all of it stands, TLS included; and over HTTP/2 the first
// byte is one of the protocol's own.
std::string WhatTookTooLong(CURL* easy, const Progress& progress) {
  if (!Reached(easy, CURLINFO_PRETRANSFER_TIME_T)) {
    return progress.handshake_begun ? "the TLS handshake took too long"
                                    : "no connection was made in time";
  }
  return progress.has_head ? "the response was not complete in time" : "no response came in time";
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

// What OpenSSL says, without what leads to it and libcurl adds:
// `error:0A00010B:SSL routines::wrong version number, errno 0` → `wrong version number`. Empty when
// it is not OpenSSL that complains.
absl::string_view TlsReason(absl::string_view details) {
  constexpr absl::string_view kMark = "SSL routines::";
  const size_t at = details.rfind(kMark);
  if (at == absl::string_view::npos) return "";
  const absl::string_view reason = details.substr(at + kMark.size());
  return reason.substr(0, reason.find(','));
}

std::string WhyNoHandshake(absl::string_view details) {
  const absl::string_view reason = TlsReason(details);
  // Without a reason it is the connection that failed.
  if (reason.empty()) return "the connection was closed within the TLS handshake";
  if (reason == "wrong version number") {
    return "the TLS handshake failed: the receiver does not speak TLS on this port";
  }
  // `tlsv13 alert certificate required`: what the other side sends before it gives up.
  constexpr absl::string_view kAlert = " alert ";
  const size_t alert = reason.find(kAlert);
  if (alert == absl::string_view::npos) {
    return absl::StrCat("the TLS handshake failed: ", reason);
  }
  return absl::StrCat("the receiver refused the TLS handshake: ",
                      reason.substr(alert + kAlert.size()));
}

Outcome DescribeBrokenConnection(absl::string_view details) {
  // In TLS 1.3 a client certificate is judged after the handshake, as this side sees it.
  if (absl::StrContains(TlsReason(details), " alert ")) {
    return {Result::kTlsFailed, WhyNoHandshake(details)};
  }
  if (absl::StrContains(details, "chunk")) {
    return {Result::kUnreachable, "the response was not valid HTTP"};
  }
  return {Result::kUnreachable, "the connection broke"};
}

}  // namespace

Outcome DescribeFailure(CURL* easy, CURLcode code, absl::string_view details,
                        const Progress& progress) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return {Result::kTimedOut, WhatTookTooLong(easy, progress)};
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
      return DescribeBrokenConnection(details);
    case CURLE_OUT_OF_MEMORY:  // for a line of the head, which is longer than libcurl takes
      return {Result::kUnreachable, "a header of the response is longer than is accepted"};
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:  // HTTP/0.9, which has no status
    case CURLE_BAD_CONTENT_ENCODING:
      return {Result::kUnreachable, "the response was not valid HTTP"};
    default:
      return {Result::kUnreachable, curl_easy_strerror(code)};
  }
}

}  // namespace crier::http
