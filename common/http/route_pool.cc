#include "common/http/route_pool.h"

#include <utility>

namespace crier::http {

absl::StatusOr<std::unique_ptr<Route>> RoutePool::Take(Request& request) {
  const auto found = keys_.find(Route::Key(request));
  if (found == keys_.end()) return Route::Create(context_, request);
  const auto last = found->second.back();
  found->second.pop_back();
  if (found->second.empty()) keys_.erase(found);
  std::unique_ptr<Route> route = std::move(*last);
  idle_.erase(last);
  return route;
}

void RoutePool::PutBack(std::unique_ptr<Route> route) {
  if (idle_.size() == max_idle_) {
    const auto found = keys_.find(idle_.front()->key());
    found->second.erase(found->second.begin());
    if (found->second.empty()) keys_.erase(found);
    idle_.pop_front();
  }
  const std::string& key = route->key();
  idle_.push_back(std::move(route));
  keys_[key].push_back(std::prev(idle_.end()));
}

}  // namespace crier::http
