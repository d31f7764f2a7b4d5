// What a process needs to know of a service that it runs.
#ifndef CRIER_COMMON_PROCESS_SERVICE_H_
#define CRIER_COMMON_PROCESS_SERVICE_H_

#include <grpcpp/impl/service_type.h>

#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/rpc/server.h"

namespace crier::process {

// One service of the suite, implemented by the composition root of each (`IngestServer`, …). Called
// by Serve() from one thread.
class Service {
 public:
  virtual ~Service() = default;

  // What the service answers to. Until CheckReady() has succeeded once, handlers may answer
  // UNAVAILABLE.
  virtual std::vector<grpc::Service*> rpc_services() = 0;

  // Begins background work (leases, loops). `server` has begun to listen; its in-process channel
  // leads to the other services of an all-in-one process. Must not fail because a database or peer
  // is away: that is for CheckReady() to say, and to be retried.
  virtual void Start(rpc::Server& server) = 0;

  // OK when the service can do its job: schema new enough, database within reach. Asked every
  // second.
  virtual absl::Status CheckReady(absl::Time deadline) = 0;

  // Claims no more work, gives leases back, commits what is known. Running and new calls are still
  // answered. Returns within seconds.
  virtual void Stop() = 0;
};

}  // namespace crier::process

#endif  // CRIER_COMMON_PROCESS_SERVICE_H_
