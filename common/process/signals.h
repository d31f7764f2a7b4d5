// Signals that end a process, taken by waiting for them instead of by handlers.
#ifndef CRIER_COMMON_PROCESS_SIGNALS_H_
#define CRIER_COMMON_PROCESS_SIGNALS_H_

#include "absl/time/time.h"

namespace crier::process {

// Keeps SIGTERM and SIGINT for WaitForTermination(), and ignores SIGPIPE: a write to a connection
// that its peer closed is an error of that write alone. Threads inherit the mask, so call it before
// any other thread is started.
void BlockTerminationSignals();

// Waits for SIGTERM or SIGINT; false when `timeout` passed without one.
bool WaitForTermination(absl::Duration timeout);

}  // namespace crier::process

#endif  // CRIER_COMMON_PROCESS_SIGNALS_H_
