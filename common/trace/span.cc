#include "common/trace/span.h"

#include <chrono>

#include "absl/random/random.h"
#include "absl/time/clock.h"

namespace crier::trace {
namespace {

struct Settings {
  std::unique_ptr<SpanSink> sink;
  double sample_ratio = 0;
};

// Read without a lock: SetSink() is called while nobody makes spans.
Settings& CurrentSettings() {
  static Settings* const settings = new Settings;
  return *settings;
}

absl::Duration Monotonic() {
  return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

Context FirstSampled(const std::vector<Context>& links) {
  for (const Context& link : links) {
    if (link.sampled) return link;
  }
  return links.empty() ? Context() : links.front();
}

}  // namespace

void SetSink(std::unique_ptr<SpanSink> sink, double sample_ratio) {
  CurrentSettings().sample_ratio = sink == nullptr ? 0 : sample_ratio;
  CurrentSettings().sink = std::move(sink);
}

Context BeginTrace() {
  static thread_local absl::InsecureBitGen random;
  const double ratio = CurrentSettings().sample_ratio;
  return NewTrace(ratio > 0 && absl::Bernoulli(random, ratio));
}

Span::Span(absl::string_view name, SpanKind kind, const Context& parent) {
  Begin(name, kind, parent);
}

Span::Span(absl::string_view name, SpanKind kind, std::vector<Context> links) {
  Begin(name, kind, FirstSampled(links));
  if (recorded()) data_->links = std::move(links);
}

void Span::Begin(absl::string_view name, SpanKind kind, const Context& parent) {
  context_ = parent;
  if (!parent.valid() || !parent.sampled || CurrentSettings().sink == nullptr) return;
  context_ = NewChild(parent);
  data_ = std::make_unique<FinishedSpan>();
  data_->name = std::string(name);
  data_->kind = kind;
  data_->context = context_;
  data_->parent_span_id = parent.span_id;
  data_->start_time = absl::Now();
  start_ = Monotonic();
}

Span::~Span() {
  SpanSink* const sink = CurrentSettings().sink.get();
  if (!recorded() || sink == nullptr) return;
  data_->duration = Monotonic() - start_;
  sink->Take(std::move(*data_));
}

void Span::Set(absl::string_view name, AttributeValue value) {
  if (recorded()) data_->attributes.emplace_back(std::string(name), std::move(value));
}

void Span::SetStatus(const absl::Status& status) {
  if (!status.ok()) Fail(absl::StatusCodeToString(status.code()));
}

void Span::Fail(absl::string_view description) {
  if (!recorded()) return;
  data_->failed = true;
  data_->description = std::string(description);
}

}  // namespace crier::trace
