#include "tools/crierctl/ingest/progress.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/crierctl/text.h"

namespace crier::crierctl {
namespace {

constexpr int kBarWidth = 30;
constexpr absl::Duration kQuietBegin = absl::Milliseconds(500);
constexpr absl::Duration kRedraw = absl::Milliseconds(100);
constexpr char kEraseLine[] = "\r\x1b[K";

std::string RenderBar(int64_t bytes, int64_t total_bytes) {
  const double share =
      total_bytes > 0 ? std::min(1.0, static_cast<double>(bytes) / total_bytes) : 1.0;
  const int filled = static_cast<int>(share * kBarWidth);
  return absl::StrFormat("[%s%s] %3d%%  ", std::string(filled, '#'),
                         std::string(kBarWidth - filled, '.'), static_cast<int>(share * 100));
}

}  // namespace

std::string RenderProgress(const ProgressState& state, absl::Duration elapsed) {
  std::string line;
  if (state.total_bytes) line = RenderBar(state.bytes, *state.total_bytes);
  absl::StrAppend(&line, Counted(state.records, "record", "records"));
  if (elapsed > absl::ZeroDuration()) {
    const double rate = state.records / absl::ToDoubleSeconds(elapsed);
    absl::StrAppend(&line, "  ", ReadableCount(static_cast<int64_t>(rate)), "/s");
  }
  if (state.failed > 0) absl::StrAppend(&line, "  ", ReadableCount(state.failed), " failed");
  return line;
}

ProgressLine::ProgressLine(std::ostream& err, bool enabled, const Clock& clock)
    : err_(err),
      enabled_(enabled),
      clock_(clock),
      begin_(clock.Monotonic()),
      next_draw_(begin_ + kQuietBegin) {}

void ProgressLine::Update(const ProgressState& state) {
  const absl::Duration now = clock_.Monotonic();
  if (!enabled_ || now < next_draw_) return;
  next_draw_ = now + kRedraw;
  drawn_ = true;
  err_ << kEraseLine << RenderProgress(state, now - begin_) << std::flush;
}

void ProgressLine::Clear() {
  if (!drawn_) return;
  drawn_ = false;
  err_ << kEraseLine << std::flush;
}

}  // namespace crier::crierctl
