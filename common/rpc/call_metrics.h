// Counts calls under the names of go-grpc-prometheus, which stock gRPC dashboards read. Internal to
// common/rpc.
#ifndef CRIER_COMMON_RPC_CALL_METRICS_H_
#define CRIER_COMMON_RPC_CALL_METRICS_H_

#include <grpcpp/support/status.h>

#include <array>
#include <memory>
#include <string>

#include "absl/container/node_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/metrics/metrics.h"

namespace crier::rpc {

// The counters of one method. Thread-safe; a call costs a few atomic additions.
class MethodMetrics {
 public:
  // `side` is `server` or `client`; `labels` name the method. The metrics are there, at zero, from
  // now on.
  MethodMetrics(metrics::Registry& registry, const std::string& side,
                const metrics::Labels& labels);

  void Started() { started_.Increment(); }
  void MessageReceived() { received_.Increment(); }
  void MessageSent() { sent_.Increment(); }
  void Handled(grpc::StatusCode code, absl::Duration duration);

 private:
  static constexpr int kCodes = grpc::StatusCode::UNAUTHENTICATED + 1;  // the highest there is

  prometheus::Counter& started_;
  prometheus::Counter& received_;
  prometheus::Counter& sent_;
  std::array<prometheus::Counter*, kCodes> handled_;
  prometheus::Histogram& seconds_;
};

// The methods of some services. AddService() before use; Find() is thread-safe.
class CallMetrics {
 public:
  // `side` as above. `registry` must outlive the object.
  CallMetrics(metrics::Registry& registry, std::string side);

  // Every method of the service, by its full name. Does nothing when its descriptor is not linked.
  void AddService(const std::string& full_name);

  // By `/package.Service/Method`; null for what was not added, which so can make no new series.
  MethodMetrics* Find(absl::string_view path) const;

 private:
  metrics::Registry& registry_;
  const std::string side_;
  absl::node_hash_map<std::string, std::unique_ptr<MethodMetrics>> methods_;
};

}  // namespace crier::rpc

#endif  // CRIER_COMMON_RPC_CALL_METRICS_H_
