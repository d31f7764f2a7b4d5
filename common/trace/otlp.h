// Sends spans to an OpenTelemetry collector.
#ifndef CRIER_COMMON_TRACE_OTLP_H_
#define CRIER_COMMON_TRACE_OTLP_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/trace/span.h"

namespace crier::trace {

struct OtlpOptions {
  // OTLP over HTTP, protobuf: `http://collector:4318/v1/traces`.
  std::string endpoint;
  std::string service;
  std::string version;
};

// A sink that exports in the background, many spans to a request. What does not fit in its queue
// (2,048 spans) is dropped: tracing never holds up work. Its destructor sends what is left, for a
// second at most. UNIMPLEMENTED in a build without opentelemetry-cpp (CMake option CRIER_OTLP).
absl::StatusOr<std::unique_ptr<SpanSink>> MakeOtlpSink(const OtlpOptions& options);

}  // namespace crier::trace

#endif  // CRIER_COMMON_TRACE_OTLP_H_
