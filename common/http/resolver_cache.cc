#include "common/http/resolver_cache.h"

#include <netdb.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "common/base/clock.h"

namespace crier::http {
namespace {

// A name whose server does not answer holds a thread for the time-out of the system's resolver.
constexpr int kThreads = 8;

constexpr size_t kMaxAnswers = 10'000;

absl::Duration Now() { return SystemClock().Monotonic(); }

}  // namespace

absl::StatusOr<std::vector<sockaddr_storage>> SystemResolve(const std::string& host) {
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &list) != 0) {
    return absl::UnavailableError("the host name could not be resolved");
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(list, &freeaddrinfo);
  std::vector<sockaddr_storage> addresses;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    if (entry->ai_addrlen > sizeof(sockaddr_storage)) continue;
    std::memcpy(&addresses.emplace_back(), entry->ai_addr, entry->ai_addrlen);
  }
  return addresses;
}

ResolverCache::ResolverCache(Resolver resolver, absl::Duration ttl)
    : resolver_(std::move(resolver)), ttl_(ttl) {
  for (int i = 0; i < kThreads; ++i) threads_.emplace_back([this] { Run(); });
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
      if (is_new) queue_.push_back(host);
      changed_.Signal();
      return;
    }
    known = answer->second.addresses;
  }
  callback(known);
}

void ResolverCache::Run() {
  std::string host;
  bool wanted = false;
  while (Take(host, wanted)) {
    const Addresses addresses =
        wanted ? resolver_(host)
               : Addresses(absl::DeadlineExceededError("the host name was not resolved in time"));
    for (const Callback& callback : Complete(host, addresses)) callback(addresses);
  }
}

// Waits for the next name to look up; false when there is nothing more to do.
bool ResolverCache::Take(std::string& host, bool& wanted) {
  absl::MutexLock lock(&mutex_);
  while (queue_.empty() && !stopping_) changed_.Wait(&mutex_);
  if (stopping_) return false;
  host = std::move(queue_.front());
  queue_.pop_front();
  wanted = lookups_[host].deadline > Now();
  return true;
}

std::vector<ResolverCache::Callback> ResolverCache::Complete(const std::string& host,
                                                             const Addresses& addresses) {
  absl::MutexLock lock(&mutex_);
  if (addresses.ok()) Remember(host, addresses);
  const auto lookup = lookups_.find(host);
  std::vector<Callback> waiting = std::move(lookup->second.waiting);
  lookups_.erase(lookup);
  return waiting;
}

void ResolverCache::Remember(const std::string& host, const Addresses& addresses) {
  const absl::Duration now = Now();
  if (ttl_ <= absl::ZeroDuration()) return;
  if (answers_.size() >= kMaxAnswers) {
    absl::erase_if(answers_, [now](const auto& entry) { return entry.second.expiry <= now; });
    if (answers_.size() >= kMaxAnswers) answers_.clear();
  }
  answers_.insert_or_assign(host, Answer{addresses, now + ttl_});
}

}  // namespace crier::http
