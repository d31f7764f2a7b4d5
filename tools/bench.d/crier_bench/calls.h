// Callers of the unary methods.
#ifndef CRIER_TOOLS_BENCH_D_CRIER_BENCH_CALLS_H_
#define CRIER_TOOLS_BENCH_D_CRIER_BENCH_CALLS_H_

#include <grpcpp/channel.h>

#include <memory>

#include "tools/bench.d/crier_bench/load.h"
#include "tools/bench.d/crier_bench/progress.h"

namespace crier::bench {

// Has as many callers as the options say, each of which waits for the answer to a call before it
// makes the next, and returns when all are done. One thread plays them all: a thread each would
// cost more to wake than a call does, on the machine that is measured.
void MakeCalls(const std::shared_ptr<grpc::Channel>& channel, const LoadOptions& options,
               Progress& progress);

}  // namespace crier::bench

#endif  // CRIER_TOOLS_BENCH_D_CRIER_BENCH_CALLS_H_
