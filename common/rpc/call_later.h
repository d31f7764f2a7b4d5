// A call after some time, without a thread that waits for it.
#ifndef CRIER_COMMON_RPC_CALL_LATER_H_
#define CRIER_COMMON_RPC_CALL_LATER_H_

#include <functional>

#include "absl/time/time.h"

namespace crier::rpc {

// Calls `call` once, after `delay`, from a thread of gRPC's; like a handler, it must not block.
void CallLater(absl::Duration delay, std::function<void()> call);

}  // namespace crier::rpc

#endif  // CRIER_COMMON_RPC_CALL_LATER_H_
