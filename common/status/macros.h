// The two macros of the project. Everything else that fails returns absl::Status by hand.
#ifndef CRIER_COMMON_STATUS_MACROS_H_
#define CRIER_COMMON_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Evaluates an expression that yields absl::Status, and returns it from the function if not OK.
#define RETURN_IF_ERROR(expression)                \
  do {                                             \
    absl::Status crier_status_ = (expression);     \
    if (!crier_status_.ok()) return crier_status_; \
  } while (false)

#define CRIER_STATUS_CONCAT_INNER_(a, b) a##b
#define CRIER_STATUS_CONCAT_(a, b) CRIER_STATUS_CONCAT_INNER_(a, b)
#define CRIER_ASSIGN_OR_RETURN_(result, target, expression) \
  auto result = (expression);                               \
  if (!result.ok()) return std::move(result).status();      \
  target = *std::move(result)

// Evaluates an expression that yields absl::StatusOr<T>; assigns the value, or returns the status.
//   ASSIGN_OR_RETURN(const Webhook webhook, store.Get(name));
#define ASSIGN_OR_RETURN(target, expression) \
  CRIER_ASSIGN_OR_RETURN_(CRIER_STATUS_CONCAT_(crier_result_, __LINE__), target, expression)

#endif  // CRIER_COMMON_STATUS_MACROS_H_
