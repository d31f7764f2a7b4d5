// Failures as people read them: what is wrong, where, and what to do about it.
#ifndef CRIER_TOOLS_CRIERCTL_FAILURE_H_
#define CRIER_TOOLS_CRIERCTL_FAILURE_H_

#include <optional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace crier::crierctl {

// The command line itself is wrong (exit code 2), as opposed to a command that failed (exit code
// 1).
absl::Status UsageError(absl::string_view message);
bool IsUsageError(const absl::Status& status);

// A server's answer in plain words: every field with its remedy on a line of its own, the address
// where a server could not be reached. Keeps code and details. `address` is who was asked.
absl::Status Explain(const absl::Status& status, absl::string_view address);

// How long the server wants to be left alone; nothing when it did not say. A server that is full
// says so with RESOURCE_EXHAUSTED and this; without it that code is no invitation to retry.
std::optional<absl::Duration> RetryDelay(const absl::Status& status);

// Whether the same call may succeed a little later.
bool IsTransient(const absl::Status& status);

}  // namespace crier::crierctl

#endif  // CRIER_TOOLS_CRIERCTL_FAILURE_H_
