// What a libcurl error means, in words that may be shown to whoever owns the target.
#ifndef CRIER_COMMON_HTTP_OUTCOME_H_
#define CRIER_COMMON_HTTP_OUTCOME_H_

#include <curl/curl.h>

#include <string>

#include "absl/strings/string_view.h"
#include "common/http/client.h"

namespace crier::http {

// The words for Result::kForbidden.
inline constexpr char kForbiddenError[] = "the address of the target is not allowed";

struct Outcome {
  Result result;
  // No URL, host name, address or header in it: libcurl's own messages have them, so only the part
  // of OpenSSL's that is a fixed text is taken over.
  std::string error;
};

// How far a transfer came, where libcurl does not say.
struct Progress {
  bool handshake_begun = false;  // there was a connection, and TLS began on it
  bool has_head = false;         // of the response
};

// Describes how a transfer that brought no response ended. `code` is not CURLE_OK; `details` is the
// content of its CURLOPT_ERRORBUFFER.
Outcome DescribeFailure(CURL* easy, CURLcode code, absl::string_view details,
                        const Progress& progress);

}  // namespace crier::http

#endif  // CRIER_COMMON_HTTP_OUTCOME_H_
