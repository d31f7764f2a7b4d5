// Failures with names: an absl::Status that carries google.rpc details (AIP-193), so that domain
// code says exactly what went wrong and transport code only has to pass it on. Each service
// declares its own failures in one header, made with these functions.
//
// Texts reach callers: they name the field and the remedy, and never hold SQL, secrets or personal
// data.
#ifndef CRIER_COMMON_STATUS_ERRORS_H_
#define CRIER_COMMON_STATUS_ERRORS_H_

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace crier {

// `ErrorInfo.domain` of every error of the suite.
inline constexpr char kErrorDomain[] = "crier.dev";

// A failure with a google.rpc.ErrorInfo. `reason` is UPPER_SNAKE_CASE and part of the API.
absl::Status NamedError(absl::StatusCode code, absl::string_view reason, absl::string_view message,
                        const std::map<std::string, std::string>& metadata = {});

// The ErrorInfo reason of a status, or empty when it has none.
std::string ErrorReason(const absl::Status& status);

// One entry of the ErrorInfo metadata of a status.
std::optional<std::string> ErrorMetadata(const absl::Status& status, absl::string_view key);

// The server is full: RESOURCE_EXHAUSTED with reason `OVERLOADED` and a google.rpc.RetryInfo that
// asks the caller to wait for `retry_after`.
absl::Status OverloadedError(absl::string_view message, absl::Duration retry_after);

// What is wrong with a request, field by field. Collect everything, then answer once:
//
//   FieldViolations violations;
//   if (name.empty()) violations.Add("webhook.display_name", "must not be empty");
//   RETURN_IF_ERROR(violations.ToStatus());
//
// A status travels in an HTTP/2 header, which peers limit to 8 KiB: of a request with very many
// mistakes the first ones are listed and the rest are counted.
//
// Not thread-safe.
class FieldViolations {
 public:
  // `field` is the path as the caller knows it, for example `contact.all_emails[2]`; `description`
  // completes the sentence "<field> …" and names the remedy. Texts beyond 256 bytes are cut.
  void Add(absl::string_view field, absl::string_view description);

  // Adds what another part found wrong, every field under `prefix` (`workflow.`): the violations of
  // a status that ToStatus() or InvalidField() made. Nothing when the status is OK; any other
  // failure becomes one violation, of the prefix itself.
  void AddAll(absl::string_view prefix, const absl::Status& status);

  bool empty() const { return violations_.empty(); }

  // OK when empty; otherwise INVALID_ARGUMENT with reason `INVALID_FIELD`, a google.rpc.BadRequest
  // with every listed violation, and a message that quotes the first and counts the others.
  absl::Status ToStatus() const;

 private:
  struct Violation {
    std::string field;
    std::string description;
  };
  std::vector<Violation> violations_;
  size_t listed_bytes_ = 0;
  size_t unlisted_ = 0;
};

// INVALID_ARGUMENT for a single field.
absl::Status InvalidField(absl::string_view field, absl::string_view description);

}  // namespace crier

#endif  // CRIER_COMMON_STATUS_ERRORS_H_
