// The one place where absl::Status and grpc::Status meet.
#ifndef CRIER_COMMON_RPC_STATUS_H_
#define CRIER_COMMON_RPC_STATUS_H_

#include <grpcpp/support/status.h>

#include "absl/status/status.h"
#include "google/rpc/status.pb.h"

namespace crier::rpc {

// Keeps code, message and google.rpc details. A status without ErrorInfo gets one whose reason is
// the code's name. INTERNAL and UNKNOWN get a fixed message: their text is for the log alone.
grpc::Status ToGrpc(const absl::Status& status);

// The reverse; details become payloads, so ErrorReason() and ErrorMetadata() work on the result.
absl::Status FromGrpc(const grpc::Status& status);

// The form that a result inside of a response has; the same rules as ToGrpc.
google::rpc::Status ToProto(const absl::Status& status);

// The reverse of ToProto.
absl::Status FromProto(const google::rpc::Status& status);

}  // namespace crier::rpc

#endif  // CRIER_COMMON_RPC_STATUS_H_
