#include "services/evaluator/domain/fakes/fake_contact_source.h"

#include <limits>
#include <set>
#include <utility>

#include "common/api/resource_name.h"
#include "common/api/time.h"
#include "common/entity/filter_schemas.h"
#include "common/filter/filter.h"
#include "common/status/macros.h"

namespace crier::evaluator {

class FakeContactSource::PagedStream : public ContactStream {
 public:
  PagedStream(FakeContactSource& source, int64_t community, std::string filter,
              absl::Time evaluate_time, int64_t after)
      : source_(source),
        community_(community),
        filter_(std::move(filter)),
        evaluate_time_(evaluate_time),
        after_(after) {}

  absl::StatusOr<std::vector<FoundContact>> Next() override {
    std::function<void()> hook;
    size_t limit = 0;
    {
      absl::MutexLock lock(&source_.mutex_);
      hook = source_.before_page_;
      limit = source_.page_size_;
    }
    if (hook) hook();
    if (NextFault(source_.faults_) != Fault::kNone) return FaultStatus();
    ASSIGN_OR_RETURN(std::vector<FoundContact> page,
                     source_.Find(community_, filter_, evaluate_time_, after_, limit));
    if (!page.empty()) after_ = page.back().candidate.contact;
    return page;
  }

 private:
  FakeContactSource& source_;
  const int64_t community_;
  const std::string filter_;
  const absl::Time evaluate_time_;
  int64_t after_;
};

void FakeContactSource::Put(int64_t community, int64_t id, entity::v1::Contact contact) {
  contact.set_name(api::ResourceName(api::kContacts, {community, id}));
  absl::MutexLock lock(&mutex_);
  contacts_[{community, id}] = std::move(contact);
}

void FakeContactSource::Merge(int64_t community, int64_t winner, int64_t loser, absl::Time now) {
  absl::MutexLock lock(&mutex_);
  contacts_.erase({community, loser});
  for (auto& [key, to] : redirects_) {
    if (key.first == community && to == loser) to = winner;
  }
  redirects_[{community, loser}] = winner;
  *contacts_[{community, winner}].mutable_update_time() = api::ToProto(now);
}

void FakeContactSource::Delete(int64_t community, int64_t id) {
  absl::MutexLock lock(&mutex_);
  contacts_.erase({community, id});
}

void FakeContactSource::SetPageSize(int contacts) {
  absl::MutexLock lock(&mutex_);
  page_size_ = contacts;
}

void FakeContactSource::SetBeforePage(std::function<void()> hook) {
  absl::MutexLock lock(&mutex_);
  before_page_ = std::move(hook);
}

std::vector<std::string> FakeContactSource::filters() const {
  absl::MutexLock lock(&mutex_);
  return filters_;
}

std::unique_ptr<ContactStream> FakeContactSource::Stream(int64_t community,
                                                         const std::string& filter,
                                                         absl::Time evaluate_time, int64_t after,
                                                         absl::Time deadline) {
  absl::MutexLock lock(&mutex_);
  filters_.push_back(filter);
  return std::make_unique<PagedStream>(*this, community, filter, evaluate_time, after);
}

absl::StatusOr<int64_t> FakeContactSource::Count(int64_t community, const std::string& filter,
                                                 absl::Time evaluate_time, absl::Time deadline) {
  if (NextFault(faults_) != Fault::kNone) return FaultStatus();
  ASSIGN_OR_RETURN(const std::vector<FoundContact> found,
                   Find(community, filter, evaluate_time, 0, std::numeric_limits<size_t>::max()));
  return static_cast<int64_t>(found.size());
}

absl::StatusOr<std::vector<FoundContact>> FakeContactSource::Get(int64_t community,
                                                                 const std::vector<int64_t>& ids,
                                                                 absl::Time deadline) {
  if (NextFault(faults_) != Fault::kNone) return FaultStatus();
  absl::MutexLock lock(&mutex_);
  std::set<int64_t> wanted;
  for (const int64_t id : ids) {
    const auto redirect = redirects_.find({community, id});
    wanted.insert(redirect == redirects_.end() ? id : redirect->second);
  }
  std::vector<FoundContact> found;
  for (const int64_t id : wanted) {
    if (contacts_.contains({community, id})) found.push_back(Found({community, id}));
  }
  return found;
}

absl::StatusOr<std::vector<FoundContact>> FakeContactSource::Find(int64_t community,
                                                                  const std::string& text,
                                                                  absl::Time evaluate_time,
                                                                  int64_t after,
                                                                  size_t limit) const {
  ASSIGN_OR_RETURN(const filter::Filter filter,
                   filter::Filter::Compile(text, entity::ContactFilterSchema()));
  absl::MutexLock lock(&mutex_);
  std::vector<FoundContact> found;
  for (auto contact = contacts_.upper_bound({community, after});
       contact != contacts_.end() && contact->first.first == community && found.size() < limit;
       ++contact) {
    if (filter.Matches(contact->second, evaluate_time)) found.push_back(Found(contact->first));
  }
  return found;
}

FoundContact FakeContactSource::Found(const Key& key) const {
  FoundContact found;
  found.candidate.contact = key.second;
  found.contact = contacts_.at(key);
  for (const auto& [loser, winner] : redirects_) {
    if (loser.first == key.first && winner == key.second) {
      found.candidate.merged.push_back(loser.second);
    }
  }
  return found;
}

}  // namespace crier::evaluator
