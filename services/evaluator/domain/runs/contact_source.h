// Where the members of a community come from: the ingest service.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_RUNS_CONTACT_SOURCE_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_RUNS_CONTACT_SOURCE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crier/entity/v1/contact.pb.h"
#include "services/evaluator/domain/runs/page_decision.h"

namespace crier::evaluator {

// A contact as it was read.
struct FoundContact {
  Candidate candidate;
  entity::v1::Contact contact;
};

// Contacts in the order of their ids. For one thread.
class ContactStream {
 public:
  virtual ~ContactStream() = default;

  // The next ones, at most 1,000; none at the end of the stream. Waits until the deadline that the
  // stream was begun with. UNAVAILABLE or DEADLINE_EXCEEDED when a new stream after the last
  // contact will do.
  virtual absl::StatusOr<std::vector<FoundContact>> Next() = 0;
};

// Thread-safe. Answers UNAVAILABLE when the ingest service is away, and INVALID_ARGUMENT when it
// refuses the filter.
class ContactSource {
 public:
  virtual ~ContactSource() = default;

  // The contacts of a community that a filter matches, those with ids above `after`. Relative times
  // count from `evaluate_time`.
  virtual std::unique_ptr<ContactStream> Stream(int64_t community, const std::string& filter,
                                                absl::Time evaluate_time, int64_t after,
                                                absl::Time deadline) = 0;

  // How many there are.
  virtual absl::StatusOr<int64_t> Count(int64_t community, const std::string& filter,
                                        absl::Time evaluate_time, absl::Time deadline) = 0;

  // The contacts with these ids, at most 1,000, in the order of ids. One that was merged comes as
  // its winner, once; one that does not exist any more is left out.
  virtual absl::StatusOr<std::vector<FoundContact>> Get(int64_t community,
                                                        const std::vector<int64_t>& ids,
                                                        absl::Time deadline) = 0;
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_RUNS_CONTACT_SOURCE_H_
