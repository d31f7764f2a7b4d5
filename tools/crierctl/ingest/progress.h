// Showing how far a long command has come.
#ifndef CRIER_TOOLS_CRIERCTL_INGEST_PROGRESS_H_
#define CRIER_TOOLS_CRIERCTL_INGEST_PROGRESS_H_

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>

#include "absl/time/time.h"
#include "common/base/clock.h"

namespace crier::crierctl {

// How far it has come.
struct ProgressState {
  int64_t records = 0;  // finished, in any way
  int64_t failed = 0;
  int64_t bytes = 0;  // read
  std::optional<int64_t> total_bytes;
};

// One line without a line break: a bar with the share of bytes where the total is known, the count,
// the rate, the failures if there are any.
std::string RenderProgress(const ProgressState& state, absl::Duration elapsed);

// Draws the line over and over in one place. Not thread-safe.
class ProgressLine {
 public:
  // Draws only when `enabled` (standard error is a terminal). `err` and `clock` must outlive this.
  ProgressLine(std::ostream& err, bool enabled, const Clock& clock);

  // Draws, but not in the first half second (short work needs no bar) and ten times a second at
  // most.
  void Update(const ProgressState& state);

  // Takes the line away, so that other text can be written; the next Update() draws it again.
  void Clear();

 private:
  std::ostream& err_;
  const bool enabled_;
  const Clock& clock_;
  const absl::Duration begin_;
  absl::Duration next_draw_;
  bool drawn_ = false;
};

}  // namespace crier::crierctl

#endif  // CRIER_TOOLS_CRIERCTL_INGEST_PROGRESS_H_
