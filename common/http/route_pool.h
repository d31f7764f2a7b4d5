// Routes that wait for their next request.
#ifndef CRIER_COMMON_HTTP_ROUTE_POOL_H_
#define CRIER_COMMON_HTTP_ROUTE_POOL_H_

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "common/http/route.h"

namespace crier::http {

// Not thread-safe.
class RoutePool {
 public:
  // Keeps at most `max_idle` routes, at least one: beyond that, the one that has waited longest
  // goes.
  RoutePool(ClientContext& context, size_t max_idle) : context_(context), max_idle_(max_idle) {}

  // One for the request, whose URL and TLS settings it may take over. INVALID_ARGUMENT when it has
  // no URL that may be called.
  absl::StatusOr<std::unique_ptr<Route>> Take(Request& request);

  void PutBack(std::unique_ptr<Route> route);

  size_t size() const { return idle_.size(); }

 private:
  using Idle = std::list<std::unique_ptr<Route>>;

  ClientContext& context_;
  const size_t max_idle_;
  Idle idle_;                                                           // in the order put back
  absl::flat_hash_map<std::string, std::vector<Idle::iterator>> keys_;  // likewise; none is empty
};

}  // namespace crier::http

#endif  // CRIER_COMMON_HTTP_ROUTE_POOL_H_
