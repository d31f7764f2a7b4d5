// Why a message matches a filter, for people.
#ifndef CRIER_COMMON_FILTER_EXPLAIN_H_
#define CRIER_COMMON_FILTER_EXPLAIN_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/filter/filter.h"
#include "google/protobuf/message.h"

namespace crier::filter {

// What Explain() says at most.
inline constexpr size_t kMaxReasons = 20;

// The comparisons that make the filter match the message, each in words with the value that is
// there: `lead_score is 85, at least 80`. Of alternatives, those that hold. Long values are cut.
// Empty when the filter does not match, or matches everything.
std::vector<std::string> Explain(const Filter& filter, const google::protobuf::Message& message,
                                 absl::Time now);

}  // namespace crier::filter

#endif  // CRIER_COMMON_FILTER_EXPLAIN_H_
