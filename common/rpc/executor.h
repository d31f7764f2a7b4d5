// A bounded pool of threads for work that blocks.
#ifndef CRIER_COMMON_RPC_EXECUTOR_H_
#define CRIER_COMMON_RPC_EXECUTOR_H_

#include <functional>
#include <memory>

namespace crier::rpc {

struct ExecutorOptions {
  int threads = 8;
  // Tasks that may wait; one more is refused.
  int queue_capacity = 1024;
};

// Thread-safe. gRPC runs callback handlers inline on a process-wide pool of a few threads, which
// must never block; whatever waits for a database or another service goes through here.
class Executor {
 public:
  explicit Executor(ExecutorOptions options);

  // Runs everything accepted so far, then joins the threads.
  ~Executor();

  // False when the queue is full: the caller sheds the work.
  [[nodiscard]] bool TrySubmit(std::function<void()> task);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace crier::rpc

#endif  // CRIER_COMMON_RPC_EXECUTOR_H_
