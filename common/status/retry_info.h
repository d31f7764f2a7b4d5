// When a failed call is to be made again.
#ifndef CRIER_COMMON_STATUS_RETRY_INFO_H_
#define CRIER_COMMON_STATUS_RETRY_INFO_H_

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace crier {

// The failure with a google.rpc.RetryInfo: the caller is asked to wait for `retry_after`, which
// goes over the wire to the millisecond.
absl::Status WithRetryInfo(absl::Status status, absl::Duration retry_after);

}  // namespace crier

#endif  // CRIER_COMMON_STATUS_RETRY_INFO_H_
