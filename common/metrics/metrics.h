// Prometheus metrics of a process.
#ifndef CRIER_COMMON_METRICS_METRICS_H_
#define CRIER_COMMON_METRICS_METRICS_H_

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace crier::metrics {

using Labels = std::map<std::string, std::string>;

// Makes metrics; all are made at start, in the constructor of whoever counts, and kept as
// references, so that a count on the hot path is one atomic addition. Names begin with `crier_` (or
// `grpc_`), in base units; label values come from a fixed set, never from ids. Asking again for the
// same name and labels gives the same metric. A malformed name, or one name for two kinds of
// metric, is a mistake of the programmer and ends the process. Thread-safe; the metrics live as
// long as the registry.
class Registry {
 public:
  Registry();

  prometheus::Counter& Counter(const std::string& name, const std::string& help,
                               const Labels& labels = {}) noexcept;
  prometheus::Gauge& Gauge(const std::string& name, const std::string& help,
                           const Labels& labels = {}) noexcept;
  prometheus::Histogram& Histogram(const std::string& name, const std::string& help,
                                   const std::vector<double>& buckets,
                                   const Labels& labels = {}) noexcept;

  const std::shared_ptr<prometheus::Registry>& registry() const { return registry_; }

 private:
  std::shared_ptr<prometheus::Registry> registry_;
};

// Buckets for times from 1 ms to 60 s, in seconds.
const std::vector<double>& LatencyBuckets();

// Serves `/metrics` over HTTP until it is destroyed, from threads of its own: the metrics of a
// registry and those of the process (`process_*`).
class Exposer {
 public:
  // `listen_address` is `host:port`; port 0 lets the system choose. `registry` must outlive the
  // exposer. UNAVAILABLE, naming the address, when it cannot be listened on, INVALID_ARGUMENT when
  // it is no address.
  static absl::StatusOr<std::unique_ptr<Exposer>> Start(const std::string& listen_address,
                                                        const Registry& registry);

  // Stops serving. May take two seconds: the packaged web server looks no more often whether it is
  // to stop (civetweb issue 1163).
  ~Exposer();

  // The port that was bound.
  int port() const;

 private:
  struct Impl;
  explicit Exposer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace crier::metrics

#endif  // CRIER_COMMON_METRICS_METRICS_H_
