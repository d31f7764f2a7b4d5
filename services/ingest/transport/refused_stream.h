// A stream of responses that ends before it begins.
#ifndef CRIER_SERVICES_INGEST_TRANSPORT_REFUSED_STREAM_H_
#define CRIER_SERVICES_INGEST_TRANSPORT_REFUSED_STREAM_H_

#include <grpcpp/support/server_callback.h>

#include "absl/status/status.h"
#include "common/rpc/status.h"

namespace crier::ingest::transport {

// For requests that are refused. Owns itself: deleted when gRPC is done with it.
template <typename Response>
class RefusedStream : public grpc::ServerWriteReactor<Response> {
 public:
  explicit RefusedStream(const absl::Status& status) { this->Finish(rpc::ToGrpc(status)); }

 private:
  void OnDone() override { delete this; }
};

}  // namespace crier::ingest::transport

#endif  // CRIER_SERVICES_INGEST_TRANSPORT_REFUSED_STREAM_H_
