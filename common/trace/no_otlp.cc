// In place of otlp.cc in a build without opentelemetry-cpp.
#include "common/trace/otlp.h"

namespace crier::trace {

absl::StatusOr<std::unique_ptr<SpanSink>> MakeOtlpSink(const OtlpOptions&) {
  return absl::UnimplementedError("this build has no OTLP exporter; build with -DCRIER_OTLP=ON");
}

}  // namespace crier::trace
