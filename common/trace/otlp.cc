// The only file that knows opentelemetry-cpp.
#include "common/trace/otlp.h"

#include <opentelemetry/exporters/otlp/otlp_http_exporter_factory.h>
#include <opentelemetry/exporters/otlp/otlp_http_exporter_options.h>
#include <opentelemetry/sdk/common/global_log_handler.h>
#include <opentelemetry/sdk/instrumentationscope/instrumentation_scope.h>
#include <opentelemetry/sdk/resource/resource.h>
#include <opentelemetry/sdk/trace/batch_span_processor_factory.h>
#include <opentelemetry/sdk/trace/batch_span_processor_options.h>
#include <opentelemetry/sdk/trace/processor.h>
#include <opentelemetry/sdk/trace/recordable.h>

#include <chrono>
#include <utility>

#include "common/log/log.h"

namespace crier::trace {
namespace {

namespace otel = opentelemetry;

constexpr std::chrono::seconds kFlushTimeout(1);

// The library's own complaints, as lines of ours; what an unreachable collector causes comes at
// each export, and is cut short like any other loop.
class LogHandler : public otel::sdk::common::internal_log::LogHandler {
 public:
  void Handle(otel::sdk::common::internal_log::LogLevel level, const char*, int,
              const char* message, const otel::sdk::common::AttributeMap&) noexcept override {
    const bool bad = level == otel::sdk::common::internal_log::LogLevel::Error ||
                     level == otel::sdk::common::internal_log::LogLevel::Warning;
    log::Write(bad ? log::Level::kWarning : log::Level::kDebug, "opentelemetry",
               {{"detail", message == nullptr ? "" : message}});
  }
};

otel::nostd::string_view View(const std::string& text) { return {text.data(), text.size()}; }

otel::trace::SpanId ToSpanId(const std::array<uint8_t, 8>& bytes) {
  return otel::trace::SpanId(otel::nostd::span<const uint8_t, 8>(bytes.data(), bytes.size()));
}

otel::trace::SpanContext ToSpanContext(const Context& context) {
  const otel::nostd::span<const uint8_t, 16> trace_id(context.trace_id.data(),
                                                      context.trace_id.size());
  return {otel::trace::TraceId(trace_id), ToSpanId(context.span_id),
          otel::trace::TraceFlags(context.sampled ? otel::trace::TraceFlags::kIsSampled : 0),
          /*is_remote=*/false};
}

otel::trace::SpanKind ToKind(SpanKind kind) {
  switch (kind) {
    case SpanKind::kServer:
      return otel::trace::SpanKind::kServer;
    case SpanKind::kClient:
      return otel::trace::SpanKind::kClient;
    case SpanKind::kProducer:
      return otel::trace::SpanKind::kProducer;
    case SpanKind::kConsumer:
      return otel::trace::SpanKind::kConsumer;
    case SpanKind::kInternal:
      break;
  }
  return otel::trace::SpanKind::kInternal;
}

void SetAttribute(const std::string& name, const AttributeValue& value,
                  otel::sdk::trace::Recordable& span) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    span.SetAttribute(View(name), View(*text));
  } else if (const auto* number = std::get_if<int64_t>(&value)) {
    span.SetAttribute(View(name), *number);
  } else if (const auto* real = std::get_if<double>(&value)) {
    span.SetAttribute(View(name), *real);
  } else {
    span.SetAttribute(View(name), std::get<bool>(value));
  }
}

class OtlpSink : public SpanSink {
 public:
  explicit OtlpSink(const OtlpOptions& options)
      : resource_(otel::sdk::resource::Resource::Create(
            {{"service.name", options.service}, {"service.version", options.version}})),
        scope_(otel::sdk::instrumentationscope::InstrumentationScope::Create("crier")) {
    otel::exporter::otlp::OtlpHttpExporterOptions exporter;
    exporter.url = options.endpoint;
    exporter.content_type = otel::exporter::otlp::HttpRequestContentType::kBinary;
    processor_ = otel::sdk::trace::BatchSpanProcessorFactory::Create(
        otel::exporter::otlp::OtlpHttpExporterFactory::Create(exporter),
        otel::sdk::trace::BatchSpanProcessorOptions());
  }

  ~OtlpSink() override { processor_->Shutdown(kFlushTimeout); }

  void Take(FinishedSpan finished) override {
    std::unique_ptr<otel::sdk::trace::Recordable> span = processor_->MakeRecordable();
    span->SetIdentity(ToSpanContext(finished.context), ToSpanId(finished.parent_span_id));
    span->SetName(View(finished.name));
    span->SetSpanKind(ToKind(finished.kind));
    span->SetResource(resource_);
    span->SetInstrumentationScope(*scope_);
    span->SetStartTime(otel::common::SystemTimestamp(absl::ToChronoTime(finished.start_time)));
    span->SetDuration(absl::ToChronoNanoseconds(finished.duration));
    for (const auto& [name, value] : finished.attributes) SetAttribute(name, value, *span);
    for (const Context& link : finished.links) {
      span->AddLink(ToSpanContext(link), otel::common::NoopKeyValueIterable());
    }
    if (finished.failed) {
      span->SetStatus(otel::trace::StatusCode::kError, View(finished.description));
    }
    processor_->OnEnd(std::move(span));
  }

 private:
  const otel::sdk::resource::Resource resource_;
  const std::unique_ptr<otel::sdk::instrumentationscope::InstrumentationScope> scope_;
  std::unique_ptr<otel::sdk::trace::SpanProcessor> processor_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<SpanSink>> MakeOtlpSink(const OtlpOptions& options) {
  otel::sdk::common::internal_log::GlobalLogHandler::SetLogHandler(
      otel::nostd::shared_ptr<otel::sdk::common::internal_log::LogHandler>(new LogHandler));
  return std::make_unique<OtlpSink>(options);
}

}  // namespace crier::trace
