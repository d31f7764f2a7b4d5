#include "common/http/route_pool.h"

#include <string>
#include <utility>

#include "gtest/gtest.h"

namespace crier::http {
namespace {

class RoutePoolTest : public testing::Test {
 protected:
  static Request RequestTo(const std::string& url, int64_t group = 1) {
    Request request;
    request.url = url;
    request.connection_group = group;
    return request;
  }

  static Request TrustingRequest(const std::string& roots) {
    Request request = RequestTo("https://a.test/");
    request.tls.trusted_roots = roots;
    return request;
  }

  static std::unique_ptr<Route> Take(RoutePool& pool, Request request) {
    auto route = pool.Take(request);
    EXPECT_TRUE(route.ok()) << route.status();
    return *std::move(route);
  }

  ClientContext context_{{}, TrustedRoots(""), {}};
  RoutePool pool_{context_, 2};
};

TEST_F(RoutePoolTest, GivesARouteAgain) {
  auto route = Take(pool_, RequestTo("http://a.test/x"));
  Route* const first = route.get();
  pool_.PutBack(std::move(route));

  EXPECT_EQ(Take(pool_, RequestTo("http://a.test/x")).get(), first);
  EXPECT_EQ(pool_.size(), 0u);
}

TEST_F(RoutePoolTest, GivesARouteToOneAtATime) {
  const auto first = Take(pool_, RequestTo("http://a.test/x"));
  const auto second = Take(pool_, RequestTo("http://a.test/x"));

  EXPECT_NE(first->easy(), second->easy());
}

TEST_F(RoutePoolTest, GivesNoRouteOfAnotherUrlGroupOrTls) {
  const std::pair<Request, Request> different[] = {
      {RequestTo("http://a.test/x"), RequestTo("http://a.test/y")},
      {RequestTo("http://a.test/x", 1), RequestTo("http://a.test/x", -1)},
      {TrustingRequest(""), TrustingRequest("some")},
      {TrustingRequest("some"), TrustingRequest("others")},
  };
  for (const auto& [request, other] : different) {
    RoutePool pool(context_, 2);
    pool.PutBack(Take(pool, request));

    const auto route = Take(pool, other);

    EXPECT_EQ(pool.size(), 1u) << route->key();
  }
}

TEST_F(RoutePoolTest, LetsTheOneGoThatHasWaitedLongest) {
  auto a = Take(pool_, RequestTo("http://a.test/"));
  auto b = Take(pool_, RequestTo("http://b.test/"));
  auto c = Take(pool_, RequestTo("http://c.test/"));
  Route* const kept[] = {c.get(), a.get()};
  pool_.PutBack(std::move(b));
  pool_.PutBack(std::move(c));
  pool_.PutBack(std::move(a));

  EXPECT_EQ(pool_.size(), 2u);
  EXPECT_EQ(Take(pool_, RequestTo("http://c.test/")).get(), kept[0]);
  EXPECT_EQ(Take(pool_, RequestTo("http://a.test/")).get(), kept[1]);
}

TEST_F(RoutePoolTest, HasNoneToWhatMayNotBeCalled) {
  Request request = RequestTo("ftp://a.test/");

  EXPECT_EQ(pool_.Take(request).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace crier::http
