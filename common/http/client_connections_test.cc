// Which requests share a connection.

#include "absl/strings/str_cat.h"
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

}  // namespace
}  // namespace crier::http
