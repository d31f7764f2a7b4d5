// gRPC's own log lines.
#ifndef CRIER_COMMON_RPC_GRPC_LOG_H_
#define CRIER_COMMON_RPC_GRPC_LOG_H_

namespace crier::rpc {

// Makes what gRPC itself has to say lines of our log, for the whole process: errors as warnings (a
// connection that breaks is one to gRPC), the rest for debugging. Thread-safe; may be called again.
void RouteGrpcLog();

}  // namespace crier::rpc

#endif  // CRIER_COMMON_RPC_GRPC_LOG_H_
