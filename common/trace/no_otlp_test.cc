#include "absl/status/status.h"
#include "common/trace/otlp.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::trace {
namespace {

TEST(NoOtlp, SaysWhichBuildHasTheExporter) {
  const auto sink = MakeOtlpSink({.endpoint = "http://collector:4318/v1/traces"});

  EXPECT_EQ(sink.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(sink.status().message()), testing::HasSubstr("-DCRIER_OTLP=ON"));
}

}  // namespace
}  // namespace crier::trace
