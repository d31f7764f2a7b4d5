// W3C trace context: which operation of which trace a piece of work belongs to.
#ifndef CRIER_COMMON_TRACE_CONTEXT_H_
#define CRIER_COMMON_TRACE_CONTEXT_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace crier::trace {

// The name of the header, and of the key in a call's metadata.
inline constexpr char kTraceparent[] = "traceparent";

// A value. All zeros: there is no trace.
struct Context {
  std::array<uint8_t, 16> trace_id = {};
  std::array<uint8_t, 8> span_id = {};
  // Whether the trace is recorded. Decided where it begins and kept by everybody after.
  bool sampled = false;

  bool valid() const { return trace_id != decltype(trace_id){} && span_id != decltype(span_id){}; }

  // 32 lower-case hexadecimal digits.
  std::string trace_id_hex() const;

  friend bool operator==(const Context& a, const Context& b) {
    return a.trace_id == b.trace_id && a.span_id == b.span_id && a.sampled == b.sampled;
  }
};

// From a `traceparent` as https://www.w3.org/TR/trace-context/ defines it, versions to come
// included. Nothing for what is malformed: the standard says to go on as if it had not been sent.
std::optional<Context> ParseTraceparent(absl::string_view text);

// 55 characters, version 00; empty for a context that is not valid.
std::string FormatTraceparent(const Context& context);

// A new trace, with random ids. Thread-safe, a fraction of a microsecond.
Context NewTrace(bool sampled);

// The same trace, another operation in it.
Context NewChild(const Context& parent);

// What the calling thread works for at the moment; not valid when for nothing in particular. Lines
// that it logs have the trace id, and calls that it makes hand the context on.
const Context& Current();

// Makes a context the current one of the thread while it lives. Nests; stays on one thread.
class Scope {
 public:
  explicit Scope(const Context& context);
  ~Scope();

  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

 private:
  const Context previous_;
};

}  // namespace crier::trace

#endif  // CRIER_COMMON_TRACE_CONTEXT_H_
