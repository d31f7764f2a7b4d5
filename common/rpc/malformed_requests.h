// What a caller hears whose request cannot be parsed.
#ifndef CRIER_COMMON_RPC_MALFORMED_REQUESTS_H_
#define CRIER_COMMON_RPC_MALFORMED_REQUESTS_H_

#include <google/protobuf/message.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_interceptor.h>

#include <memory>

#include "absl/status/status.h"

namespace crier::rpc {

// Makes an interceptor that answers INVALID_ARGUMENT to unary and server-streaming requests which
// are not valid protobuf, and names the field when the mistake is a string that is not UTF-8. Left
// to itself gRPC never runs the handler of such a call, and answers UNIMPLEMENTED without a word.
//
// The name of the field comes from protobuf's own log line, the only place where the parser tells
// it; so making the interceptor installs a log handler for protobuf in the process, which also
// turns those lines into lines of ours. Thread-safe.
std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>
MalformedRequestsInterceptor();

// For handlers of raw requests: parses a message, with the same error as above. Once
// MalformedRequestsInterceptor() has been called it names the field. Thread-safe.
absl::Status ParseRequest(const grpc::ByteBuffer& bytes, google::protobuf::Message& request);

// The bytes of a message on the wire.
grpc::ByteBuffer Serialize(const google::protobuf::Message& message);

}  // namespace crier::rpc

#endif  // CRIER_COMMON_RPC_MALFORMED_REQUESTS_H_
