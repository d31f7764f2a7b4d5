#include "common/http/resolver_cache.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "common/base/clock.h"

namespace crier::http {
namespace {

// A name whose server does not answer holds a thread for the time-out of the system's resolver. So
// look-ups of a standing, and of those below it, have so many threads at most. The first number is
// that of all threads.
constexpr std::array<int, 3> kThreads = {16, 12, 6};

// Who answers within this time holds up nobody.
constexpr absl::Duration kPromptAnswer = absl::Seconds(1);

constexpr size_t kMaxAnswers = 10'000;

absl::Duration Now() { return SystemClock().Monotonic(); }

}  // namespace

ResolverCache::ResolverCache(Resolver resolver, absl::Duration ttl)
    : resolver_(std::move(resolver)), ttl_(ttl) {
  for (int i = 0; i < kThreads[kPrompt]; ++i) threads_.emplace_back([this] { Run(); });
}

ResolverCache::~ResolverCache() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    changed_.SignalAll();
  }
  for (std::thread& thread : threads_) thread.join();
}

void ResolverCache::Resolve(const std::string& host, absl::Duration deadline, Callback callback) {
  Addresses known = absl::NotFoundError("");
  {
    absl::MutexLock lock(&mutex_);
    const auto answer = answers_.find(host);
    if (answer == answers_.end() || answer->second.expiry <= Now()) {
      const auto [lookup, is_new] = lookups_.try_emplace(host);
      lookup->second.waiting.push_back(std::move(callback));
      lookup->second.deadline = std::max(lookup->second.deadline, deadline);
      const Standing standing = answer == answers_.end() ? kUntried : answer->second.standing;
      if (is_new) queues_[standing].push_back(host);
      changed_.Signal();
      return;
    }
    known = answer->second.addresses;
  }
  callback(known);
}

void ResolverCache::Run() {
  Task task;
  while (Take(task)) {
    for (const Callback& callback : task.late) {
      callback(absl::DeadlineExceededError("the host name was not resolved in time"));
    }
    if (!task.late.empty()) continue;
    const absl::Duration start = Now();
    const Addresses addresses = resolver_(task.host);
    for (const Callback& callback : Complete(task, addresses, Now() - start)) callback(addresses);
  }
}

// Waits for the next name to look up; false when there is nothing more to do.
bool ResolverCache::Take(Task& task) {
  absl::MutexLock lock(&mutex_);
  while (!stopping_ && NextQueue() == kStandings) changed_.Wait(&mutex_);
  if (stopping_) return false;
  task.standing = NextQueue();
  std::deque<std::string>& queue = queues_[task.standing];
  task.host = std::move(queue.front());
  queue.pop_front();
  const auto lookup = lookups_.find(task.host);
  task.late.clear();
  if (lookup->second.deadline > Now()) {
    ++running_[task.standing];
  } else {
    // At once, since who asks from now on waits for a look-up of his own.
    task.late = std::move(lookup->second.waiting);
    lookups_.erase(lookup);
  }
  return true;
}

ResolverCache::Standing ResolverCache::NextQueue() const {
  for (int standing = kPrompt; standing < kStandings; ++standing) {
    const int running = std::accumulate(running_.begin() + standing, running_.end(), 0);
    if (!queues_[standing].empty() && running < kThreads[standing]) {
      return static_cast<Standing>(standing);
    }
  }
  return kStandings;
}

std::vector<ResolverCache::Callback> ResolverCache::Complete(const Task& task,
                                                             const Addresses& addresses,
                                                             absl::Duration took) {
  absl::MutexLock lock(&mutex_);
  --running_[task.standing];
  changed_.Signal();  // for what had to wait for this thread
  const bool prompt = addresses.ok() && took <= kPromptAnswer;
  const absl::Duration expiry = addresses.ok() ? Now() + ttl_ : -absl::InfiniteDuration();
  Remember(task.host, {addresses, expiry, prompt ? kPrompt : kSlow});
  const auto lookup = lookups_.find(task.host);
  std::vector<Callback> waiting = std::move(lookup->second.waiting);
  lookups_.erase(lookup);
  return waiting;
}

void ResolverCache::Remember(const std::string& host, const Answer& answer) {
  if (answers_.size() >= kMaxAnswers) {
    const absl::Duration now = Now();
    absl::erase_if(answers_, [now](const auto& entry) { return entry.second.expiry <= now; });
    if (answers_.size() >= kMaxAnswers) answers_.clear();
  }
  answers_.insert_or_assign(host, answer);
}

}  // namespace crier::http
