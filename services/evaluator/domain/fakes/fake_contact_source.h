// Members in memory.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_FAKES_FAKE_CONTACT_SOURCE_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_FAKES_FAKE_CONTACT_SOURCE_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "services/evaluator/domain/fakes/fault.h"
#include "services/evaluator/domain/runs/contact_source.h"

namespace crier::evaluator {

// Filters with the schema of contacts, as the ingest service does. Thread-safe.
class FakeContactSource : public ContactSource {
 public:
  explicit FakeContactSource(Faults faults = nullptr) : faults_(std::move(faults)) {}

  // Adds or changes a contact; `contact.name` is set here.
  void Put(int64_t community, int64_t id, entity::v1::Contact contact);
  // The winner is changed at `now`.
  void Merge(int64_t community, int64_t winner, int64_t loser, absl::Time now);
  void Delete(int64_t community, int64_t id);

  // How many contacts come at a time.
  void SetPageSize(int contacts);
  // Called before every page of a stream, without a lock.
  void SetBeforePage(std::function<void()> hook);
  // The filters of the streams so far.
  std::vector<std::string> filters() const;

  std::unique_ptr<ContactStream> Stream(int64_t community, const std::string& filter,
                                        absl::Time evaluate_time, int64_t after,
                                        absl::Time deadline) override;
  absl::StatusOr<int64_t> Count(int64_t community, const std::string& filter,
                                absl::Time evaluate_time, absl::Time deadline) override;
  absl::StatusOr<std::vector<FoundContact>> Get(int64_t community, const std::vector<int64_t>& ids,
                                                absl::Time deadline) override;

 private:
  class PagedStream;
  using Key = std::pair<int64_t, int64_t>;  // community, contact

  absl::StatusOr<std::vector<FoundContact>> Find(int64_t community, const std::string& filter,
                                                 absl::Time evaluate_time, int64_t after,
                                                 size_t limit) const;
  FoundContact Found(const Key& key) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Faults faults_;
  mutable absl::Mutex mutex_;
  std::map<Key, entity::v1::Contact> contacts_ ABSL_GUARDED_BY(mutex_);
  std::map<Key, int64_t> redirects_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> filters_ ABSL_GUARDED_BY(mutex_);
  std::function<void()> before_page_ ABSL_GUARDED_BY(mutex_);
  size_t page_size_ ABSL_GUARDED_BY(mutex_) = 1'000;
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_FAKES_FAKE_CONTACT_SOURCE_H_
