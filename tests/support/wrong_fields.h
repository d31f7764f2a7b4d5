// What a refused call complains about.
#ifndef CRIER_TESTS_SUPPORT_WRONG_FIELDS_H_
#define CRIER_TESTS_SUPPORT_WRONG_FIELDS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace crier {

// The fields that an INVALID_ARGUMENT names, in its order; none when it names none.
std::vector<std::string> WrongFields(const absl::Status& status);

}  // namespace crier

#endif  // CRIER_TESTS_SUPPORT_WRONG_FIELDS_H_
