// Checks that many requests share. Each adds to `violations` under the name of the field.
#ifndef CRIER_COMMON_API_VALIDATION_H_
#define CRIER_COMMON_API_VALIDATION_H_

#include <cstddef>

#include "absl/strings/string_view.h"
#include "common/status/errors.h"
#include "google/protobuf/message.h"
#include "google/protobuf/timestamp.pb.h"

namespace crier::api {

// Valid UTF-8 without NUL (which Postgres text cannot hold), of at most `max_bytes`.
bool IsText(absl::string_view value, size_t max_bytes);
void CheckText(absl::string_view field, absl::string_view value, size_t max_bytes,
               FieldViolations& violations);

// As CheckText, and not empty nor white space alone.
void CheckRequiredText(absl::string_view field, absl::string_view value, size_t max_bytes,
                       FieldViolations& violations);

// `request_id`: empty, or at most 64 printable ASCII characters.
void CheckRequestId(absl::string_view value, FieldViolations& violations);

// From 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z, with nanos in range.
void CheckTimestamp(absl::string_view field, const google::protobuf::Timestamp& value,
                    FieldViolations& violations);

// Every enum field of the message, and of messages inside, holds a declared value. The paths of
// unknown ones are added, beginning with `prefix` (which may be empty). An entry of a map is shown
// by its place, because its key is the caller's text: `settings[0].value.level`.
void CheckKnownEnums(absl::string_view prefix, const google::protobuf::Message& message,
                     FieldViolations& violations);

}  // namespace crier::api

#endif  // CRIER_COMMON_API_VALIDATION_H_
