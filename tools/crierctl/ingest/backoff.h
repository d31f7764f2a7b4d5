// How long to wait before the next try.
#ifndef CRIER_TOOLS_CRIERCTL_INGEST_BACKOFF_H_
#define CRIER_TOOLS_CRIERCTL_INGEST_BACKOFF_H_

#include <optional>

#include "absl/random/random.h"
#include "absl/time/time.h"

namespace crier::crierctl {

// Doubles from 100 ms to 10 s, each spread over ±50 %, so that several senders do not come back at
// the same moment; never less than what the server asks for. Gives up after kMaxWaits: about half a
// minute in all. Not thread-safe.
class Backoff {
 public:
  static constexpr int kMaxWaits = 9;

  // The next wait; nothing when it is time to give up. `retry_after` is the server's wish.
  std::optional<absl::Duration> Next(std::optional<absl::Duration> retry_after);

 private:
  absl::BitGen random_;
  int waits_ = 0;
};

}  // namespace crier::crierctl

#endif  // CRIER_TOOLS_CRIERCTL_INGEST_BACKOFF_H_
