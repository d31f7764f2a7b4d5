// Failures on demand, for fakes.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_FAKES_FAULT_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_FAKES_FAULT_H_

#include <functional>

#include "absl/status/status.h"

namespace crier::evaluator {

// How one call to a fake goes wrong.
enum class Fault {
  kNone,
  // Answers UNAVAILABLE and has no effect.
  kBefore,
  // Takes effect, but the answer is lost: UNAVAILABLE.
  kAfter,
};

// Asked once a call; thread-safe. Empty means that nothing goes wrong.
using Faults = std::function<Fault()>;

inline Fault NextFault(const Faults& faults) { return faults ? faults() : Fault::kNone; }

inline absl::Status FaultStatus() { return absl::UnavailableError("injected fault"); }

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_FAKES_FAULT_H_
