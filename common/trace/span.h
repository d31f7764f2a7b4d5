// Spans: timed operations of a trace.
#ifndef CRIER_COMMON_TRACE_SPAN_H_
#define CRIER_COMMON_TRACE_SPAN_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/trace/context.h"

namespace crier::trace {

enum class SpanKind { kInternal, kServer, kClient, kProducer, kConsumer };

using AttributeValue = std::variant<int64_t, double, bool, std::string>;

// What is known of an operation that has ended.
struct FinishedSpan {
  std::string name;
  SpanKind kind = SpanKind::kInternal;
  Context context;
  std::array<uint8_t, 8> parent_span_id = {};  // zeros for the first of a trace
  absl::Time start_time;
  absl::Duration duration;
  std::vector<std::pair<std::string, AttributeValue>> attributes;
  // Other traces that the operation worked for, as a batch does.
  std::vector<Context> links;
  bool failed = false;
  std::string description;  // of the failure
};

// Takes finished spans, from any thread, and must not block.
class SpanSink {
 public:
  virtual ~SpanSink() = default;
  virtual void Take(FinishedSpan span) = 0;
};

// Where spans go from now on, and the share of new traces (0 to 1) that is recorded; those that a
// caller began are recorded as the caller decided. Without a sink, as at first, no new trace is
// recorded and spans cost a few nanoseconds. Not while spans are being made: at the start and the
// end of main.
void SetSink(std::unique_ptr<SpanSink> sink, double sample_ratio);

// The context of a call without a caller's: a new trace, recorded or not.
Context BeginTrace();

// One operation, from construction to destruction. Names and attributes are an API, like those of
// metrics: no ids of customers in names; no payloads, secrets, e-mail addresses or URLs anywhere.
// Recorded only when its parent is sampled and there is a sink; otherwise context() is the parent's
// own. For one thread at a time.
class Span {
 public:
  Span(absl::string_view name, SpanKind kind, const Context& parent);
  // Of a batch: recorded when one of `links` is sampled, in the trace of the first that is.
  Span(absl::string_view name, SpanKind kind, std::vector<Context> links);
  ~Span();

  Span(const Span&) = delete;
  Span& operator=(const Span&) = delete;

  // What to hand on to whoever continues.
  const Context& context() const { return context_; }
  bool recorded() const { return data_ != nullptr; }

  void Set(absl::string_view name, AttributeValue value);
  // A failure, with its code as the description; nothing when OK.
  void SetStatus(const absl::Status& status);
  void Fail(absl::string_view description);

 private:
  void Begin(absl::string_view name, SpanKind kind, const Context& parent);

  Context context_;
  std::unique_ptr<FinishedSpan> data_;  // null when not recorded
  absl::Duration start_;                // of a clock that does not step
};

}  // namespace crier::trace

#endif  // CRIER_COMMON_TRACE_SPAN_H_
