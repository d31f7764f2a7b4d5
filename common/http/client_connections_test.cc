// Which requests share a connection, and how many connections there are.

#include <atomic>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/cond_var.h"
#include "common/http/client_test_support.h"
#include "gmock/gmock.h"

namespace crier::http {
namespace {

TEST(HttpClient, ReusesAConnectionWithinAGroup) {
  TestServer server(AnswerWith(OkResponse("x")));
  Client client(LocalOptions());

  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(SendAndWait(client, RequestTo(server)).result, Result::kResponse);
  }

  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, GroupsDoNotShareConnections) {
  TestServer server(AnswerWith(OkResponse("x")));
  Client client(LocalOptions());

  for (int round = 0; round < 3; ++round) {
    for (const int64_t group : {1, 2, -1}) {
      Request request = RequestTo(server);
      request.connection_group = group;
      EXPECT_EQ(SendAndWait(client, request).result, Result::kResponse);
    }
  }

  EXPECT_EQ(server.connections(), 3);
}

TEST(HttpClient, GroupsDoNotShareConnectionsToAnAddressEither) {
  TestServer server(AnswerWith(OkResponse("x")));
  Client client(LocalOptions());

  for (const int64_t group : {1, 2, 1, 2}) {
    Request request = RequestTo(server);
    request.url = absl::StrCat("http://127.0.0.1:", server.port(), "/");
    request.connection_group = group;
    EXPECT_EQ(SendAndWait(client, request).result, Result::kResponse);
  }

  EXPECT_EQ(server.connections(), 2);
}

TEST(HttpClient, HostsOfOneGroupDoNotShareConnections) {
  TestServer server(AnswerWith(OkResponse("x")));
  Client client(LocalOptions());

  for (const char* const host : {"a.test", "b.test", "a.test", "b.test"}) {
    Request request = RequestTo(server);
    request.url = absl::StrCat("http://", host, ":", server.port(), "/");
    EXPECT_EQ(SendAndWait(client, request).result, Result::kResponse);
  }

  EXPECT_EQ(server.connections(), 2);
}

TEST(HttpClient, SurvivesAConnectionThatWasClosedWhileAtRest) {
  TestServer server([](TestConnection& connection) {
    connection.ReadRequest();
    connection.Write(OkResponse("x"));
    // Closes although it said nothing of the kind.
  });
  Client client(LocalOptions());

  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(SendAndWait(client, RequestTo(server)).result, Result::kResponse);
  }
}

// Answers three requests of each connection; what comes after them is lost.
void ForgetTheFourth(TestConnection& connection) {
  for (int i = 0; i < 3; ++i) {
    if (connection.ReadRequest().empty() || !connection.Write(OkResponse("x"))) return;
  }
  connection.ReadRequest();
  connection.Reset();
}

TEST(HttpClient, SurvivesConnectionsThatDieWithARequestOnThem) {
  TestServer server(&ForgetTheFourth);
  Client client(LocalOptions());

  for (int i = 0; i < 60; ++i) {
    EXPECT_EQ(SendAndWait(client, RequestTo(server)).result, Result::kResponse) << i;
  }

  EXPECT_EQ(server.connections(), 20);
}

TEST(HttpClient, WhatComesUnaskedIsNotTakenForTheNextResponse) {
  absl::Notification at_rest, sent;
  TestServer server([&](TestConnection& connection) {
    const std::string number = absl::StrCat(connection.number);
    connection.ReadRequest();
    connection.Write(OkResponse(number));
    if (connection.number > 0) return;
    at_rest.WaitForNotification();
    connection.Write(OkResponse("unasked"));
    sent.Notify();
    connection.ReadRequest();
  });
  Client client(LocalOptions());
  EXPECT_EQ(SendAndWait(client, RequestTo(server)).body, "0");
  at_rest.Notify();
  sent.WaitForNotification();

  EXPECT_EQ(SendAndWait(client, RequestTo(server)).body, "1");
}

// As some servers do before they close a connection that has rested for long; here at the moment
// that a request is on its way.
TEST(HttpClient, ARequestThatMeetsTheEndOfAConnectionIsSentAgain) {
  TestServer server([](TestConnection& connection) {
    connection.ReadRequest();
    connection.Write(OkResponse("x"));
    connection.ReadRequest();
    connection.Write("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");
  });
  Client client(LocalOptions());

  for (int i = 0; i < 3; ++i) EXPECT_EQ(SendAndWait(client, RequestTo(server)).status, 200);
}

TEST(HttpClient, ANewConnectionThatDiesIsAFailure) {
  TestServer server([](TestConnection& connection) {
    connection.ReadRequest();
    connection.Reset();
  });
  Client client(LocalOptions());

  EXPECT_EQ(SendAndWait(client, RequestTo(server)).result, Result::kUnreachable);

  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, AConnectionThatDiesWithinTheResponseIsAFailure) {
  TestServer server([](TestConnection& connection) {
    connection.ReadRequest();
    connection.Write(OkResponse("x"));
    connection.ReadRequest();
    connection.Write("HTTP/1.1 200 OK\r\n");
    connection.Reset();
  });
  Client client(LocalOptions());
  EXPECT_EQ(SendAndWait(client, RequestTo(server)).result, Result::kResponse);

  EXPECT_EQ(SendAndWait(client, RequestTo(server)).result, Result::kUnreachable);

  EXPECT_EQ(server.connections(), 1);
}

// Requests of more groups than the client has multi handles, so that each of these has some.
constexpr int kGroups = 40;

// Answers, and knows which connection came from which groups.
class GroupsServer {
 public:
  int connections() const { return server_.connections(); }

  Request RequestOf(int64_t group) const {
    Request request = RequestTo(server_);
    request.connection_group = group;
    request.body = absl::StrCat(group);
    return request;
  }

  // By connection.
  std::map<int, std::set<std::string>> groups() const {
    absl::MutexLock lock(&mutex_);
    return groups_;
  }

  // Waits until no more connections than that are open.
  bool AwaitOpen(int at_most) const {
    absl::MutexLock lock(&mutex_);
    const absl::Duration end = SystemClock().Monotonic() + kPatience;
    while (open_ > at_most) {
      if (changed_.WaitUntil(&mutex_, end)) return false;
    }
    return true;
  }

 private:
  void Serve(TestConnection& connection) {
    Count(1);
    while (true) {
      const std::string request = connection.ReadRequest();
      if (request.empty()) break;
      {
        absl::MutexLock lock(&mutex_);
        groups_[connection.number].insert(request.substr(request.find("\r\n\r\n") + 4));
      }
      if (!connection.Write(OkResponse("x"))) break;
    }
    Count(-1);
  }

  void Count(int change) {
    absl::MutexLock lock(&mutex_);
    open_ += change;
    changed_.SignalAll();
  }

  mutable absl::Mutex mutex_;
  mutable CondVar changed_;
  std::map<int, std::set<std::string>> groups_ ABSL_GUARDED_BY(mutex_);
  int open_ ABSL_GUARDED_BY(mutex_) = 0;
  TestServer server_{[this](TestConnection& connection) { Serve(connection); }};
};

void ExpectNoneShared(const GroupsServer& server) {
  for (const auto& [connection, groups] : server.groups()) {
    EXPECT_EQ(groups.size(), 1u) << connection;
  }
}

TEST(HttpClient, EachOfManyGroupsKeepsToItsConnection) {
  GroupsServer server;
  Client client(LocalOptions());

  for (int round = 0; round < 3; ++round) {
    for (int64_t group = 0; group < kGroups; ++group) {
      EXPECT_EQ(SendAndWait(client, server.RequestOf(group)).result, Result::kResponse);
    }
  }

  EXPECT_EQ(server.connections(), kGroups);
  ExpectNoneShared(server);
}

TEST(HttpClient, ManyGroupsAtOnceShareNoConnections) {
  GroupsServer server;
  ClientOptions options = LocalOptions();
  options.max_in_flight = 20;
  constexpr int kRequests = 10 * kGroups;
  absl::BlockingCounter left(kRequests);
  std::atomic<int> responses = 0;
  Client client(options);

  for (int i = 0; i < kRequests; ++i) {
    client.Send(server.RequestOf(i % kGroups), [&](Response response) {
      if (response.result == Result::kResponse) ++responses;
      left.DecrementCount();
    });
  }
  left.Wait();

  EXPECT_EQ(responses, kRequests);
  ExpectNoneShared(server);
}

TEST(HttpClient, KeepsTwiceAsManyConnectionsAsItMayUseAtOnce) {
  GroupsServer server;
  ClientOptions options = LocalOptions();
  options.max_in_flight = 8;
  Client client(options);

  for (int64_t group = 0; group < 2 * kGroups; ++group) {
    EXPECT_EQ(SendAndWait(client, server.RequestOf(group)).result, Result::kResponse);
  }

  EXPECT_TRUE(server.AwaitOpen(16));
  EXPECT_EQ(server.connections(), 2 * kGroups);
}

TEST(HttpClient, ItsEndCancelsTheRequestsOfAllGroups) {
  absl::BlockingCounter arrived(kGroups);
  std::atomic<int> closed = 0;
  std::vector<Response> responses;
  {
    TestServer server([&](TestConnection& connection) {
      connection.ReadRequest();
      arrived.DecrementCount();
      if (connection.WaitForClose(kPatience)) ++closed;
    });
    {
      Client client(LocalOptions());
      for (int64_t group = 0; group < kGroups; ++group) {
        Request request = RequestTo(server);
        request.connection_group = group;
        client.Send(std::move(request),
                    [&](Response response) { responses.push_back(std::move(response)); });
      }
      arrived.Wait();
    }
    EXPECT_EQ(responses.size(), static_cast<size_t>(kGroups));
  }

  for (const Response& response : responses) {
    EXPECT_EQ(response.error, "the request was cancelled");
  }
  EXPECT_EQ(closed, kGroups);
}

}  // namespace
}  // namespace crier::http
