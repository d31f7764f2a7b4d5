// Receivers that behave as no receiver should, over real sockets.
#include <string>

#include "absl/strings/str_cat.h"
#include "common/http/client_test_support.h"
#include "gmock/gmock.h"

namespace crier::http {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(HttpClient, DoesNotFollowRedirects) {
  TestServer secret(AnswerWith(OkResponse("internal")));
  for (const int status : {301, 302, 303, 307, 308}) {
    TestServer server(AnswerOnceWith(
        absl::StrCat("HTTP/1.1 ", status, " Moved\r\nLocation: http://127.0.0.1:", secret.port(),
                     "/\r\nContent-Length: 0\r\n\r\n")));
    Client client(LocalOptions());

    const Response response = SendAndWait(client, RequestTo(server));

    EXPECT_EQ(response.status, status);
    EXPECT_EQ(response.result, Result::kResponse);
  }
  EXPECT_EQ(secret.connections(), 0);
}

TEST(HttpClient, GivesUpOnEndlessHeaders) {
  TestServer server([](TestConnection& connection) {
    connection.ReadRequest();
    connection.Write("HTTP/1.1 200 OK\r\n");
    while (connection.Write("X-More: and more\r\n")) {
    }
  });
  Client client(LocalOptions());

  const Response response = SendAndWait(client, RequestTo(server));

  EXPECT_EQ(response.result, Result::kUnreachable);
  EXPECT_EQ(response.error, "the response has more headers than are accepted");
  EXPECT_THAT(response.headers, IsEmpty());
}

TEST(HttpClient, GivesUpOnAHeaderWithoutEnd) {
  TestServer server([](TestConnection& connection) {
    connection.ReadRequest();
    connection.Write("HTTP/1.1 200 OK\r\nX-Long: ");
    while (connection.Write(std::string(10'000, 'x'))) {
    }
  });
  Client client(LocalOptions());

  EXPECT_EQ(SendAndWait(client, RequestTo(server)).result, Result::kUnreachable);
}

TEST(HttpClient, GivesUpOnEndlessInterimResponses) {
  TestServer server([](TestConnection& connection) {
    connection.ReadRequest();
    while (connection.Write("HTTP/1.1 103 Early Hints\r\n\r\n")) {
    }
  });
  Client client(LocalOptions());

  EXPECT_EQ(SendAndWait(client, RequestTo(server)).result, Result::kUnreachable);
}

TEST(HttpClient, CutsOffAnEndlessBody) {
  TestServer server([](TestConnection& connection) {
    connection.ReadRequest();
    connection.Write("HTTP/1.1 500 Oops\r\nX-A: b\r\n\r\n");
    while (connection.Write(std::string(10'000, 'x'))) {
    }
  });
  Client client(LocalOptions());

  const Response response = SendAndWait(client, RequestTo(server));

  EXPECT_EQ(response.result, Result::kResponse);
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.error, "");
  EXPECT_THAT(response.headers, ElementsAre(Pair("x-a", "b")));
  EXPECT_EQ(response.body, std::string(20'000, 'x'));
}

TEST(HttpClient, ALongBodyDoesNotCostTheConnection) {
  TestServer server(AnswerWith(OkResponse(std::string(50'000, 'x'))));
  Client client(LocalOptions());

  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(SendAndWait(client, RequestTo(server)).body.size(), 20'000u);
  }

  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, ADribbleEndsWithTheTimeout) {
  TestServer server([](TestConnection& connection) {
    connection.ReadRequest();
    connection.Write("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
    while (connection.Write("x") && !connection.WaitForClose(absl::Milliseconds(5))) {
    }
  });
  Client client(LocalOptions());
  Request request = RequestTo(server);
  request.timeout = absl::Milliseconds(200);

  const Response response = SendAndWait(client, request);

  EXPECT_EQ(response.result, Result::kTimedOut);
  EXPECT_EQ(response.error, "the response was not complete in time");
  EXPECT_GE(response.duration, absl::Milliseconds(190));
  EXPECT_LT(response.duration, kPatience / 2);
}

TEST(HttpClient, SilenceEndsWithTheTimeout) {
  TestServer server([](TestConnection& connection) {
    connection.ReadRequest();
    connection.WaitForClose(kPatience);
  });
  Client client(LocalOptions());
  Request request = RequestTo(server);
  request.timeout = absl::Milliseconds(100);

  const Response response = SendAndWait(client, request);

  EXPECT_EQ(response.result, Result::kTimedOut);
  EXPECT_EQ(response.error, "no response came in time");
}

TEST(HttpClient, ReportsConnectionsThatBreak) {
  const struct {
    std::string bytes;
    std::string error;
  } cases[] = {
      {"", "the connection was closed without a response"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
       "the connection was closed within the response"},
      {"HTTP/1.1 200 OK\r\nx-more: to come\r\n", "the connection was closed within the response"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
       "the response was not valid HTTP"},
      {"SSH-2.0-OpenSSH_9.2\r\n", "the response was not valid HTTP"},
  };
  for (const auto& c : cases) {
    TestServer server(AnswerOnceWith(c.bytes));
    Client client(LocalOptions());

    const Response response = SendAndWait(client, RequestTo(server));

    EXPECT_EQ(response.result, Result::kUnreachable);
    EXPECT_EQ(response.error, c.error);
    EXPECT_EQ(response.status, 0);
    EXPECT_EQ(response.body, "");
  }
}

TEST(HttpClient, ReportsARefusedConnection) {
  int port = 0;
  { port = TestServer(AnswerWith("")).port(); }
  Client client(LocalOptions());

  const Response response = SendAndWait(client, RequestTo("http", port));

  EXPECT_EQ(response.result, Result::kUnreachable);
  EXPECT_EQ(response.error, "the connection was refused");
}

TEST(HttpClient, AGzipBombStaysPacked) {
  // 1 MiB of what unpacks to a thousand times as much; the client neither unpacks nor keeps it.
  const std::string bomb(1024 * 1024, '\0');
  TestServer server(AnswerOnceWith(
      absl::StrCat("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ", bomb.size(),
                   "\r\n\r\n", std::string("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10), bomb.substr(10))));
  Client client(LocalOptions());

  const Response response = SendAndWait(client, RequestTo(server));

  EXPECT_EQ(response.result, Result::kResponse);
  EXPECT_EQ(response.body.size(), 20'000u);
  EXPECT_EQ(response.body.substr(0, 2), "\x1f\x8b");
}

TEST(HttpClient, AHeaderOf100KilobytesIsNoResponse) {
  TestServer server(AnswerOnceWith(absl::StrCat(
      "HTTP/1.1 200 OK\r\nx-long: ", std::string(100'000, 'x'), "\r\nContent-Length: 0\r\n\r\n")));
  Client client(LocalOptions());

  const Response response = SendAndWait(client, RequestTo(server));

  EXPECT_EQ(response.result, Result::kUnreachable);
  EXPECT_EQ(response.status, 0);
  EXPECT_THAT(response.headers, IsEmpty());
}

TEST(HttpClient, AHeaderWithoutAnEndIsNoResponse) {
  TestServer server([](TestConnection& connection) {
    connection.ReadRequest();
    connection.Write("HTTP/1.1 200 OK\r\nx-endless: ");
    while (connection.Write(std::string(1000, 'x'))) {
    }
  });
  Client client(LocalOptions());

  const Response response = SendAndWait(client, RequestTo(server));

  EXPECT_EQ(response.result, Result::kUnreachable);
  EXPECT_EQ(response.error, "a header of the response is longer than is accepted");
}

TEST(HttpClient, ControlCharactersOfHeadersAreNotKept) {
  const std::string nul("x-nul: a\0b", 10);
  for (const std::string& header :
       {nul, std::string("x-nul: a\rb"), std::string("x-nul: a\x1b[2Jb")}) {
    TestServer server(AnswerOnceWith(
        absl::StrCat("HTTP/1.1 200 OK\r\n", header, "\r\nContent-Length: 2\r\n\r\nok")));
    Client client(LocalOptions());

    const Response response = SendAndWait(client, RequestTo(server));

    // Either way is right: what is not HTTP may be refused.
    if (response.result != Result::kResponse) continue;
    for (const auto& [name, value] : response.headers) {
      EXPECT_EQ(value.find_first_of(std::string("\r\n\0\x1b", 4)), std::string::npos) << name;
    }
  }
}

TEST(HttpClient, ANulInTheBodyIsAByteLikeOthers) {
  const std::string body("a\0b\0", 4);
  TestServer server(AnswerOnceWith(OkResponse(body)));
  Client client(LocalOptions());

  EXPECT_EQ(SendAndWait(client, RequestTo(server)).body, body);
}

TEST(HttpClient, DoesNotDecodeContent) {
  const std::string gzip("\x1f\x8b\x08\0\0\0\0\0\0\x03\x4b\x04\0\x43\xbe\xb7\xe8\x01\0\0\0", 21);
  TestServer server(AnswerOnceWith(absl::StrCat(
      "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 21\r\n\r\n", gzip)));
  Client client(LocalOptions());

  const Response response = SendAndWait(client, RequestTo(server));

  EXPECT_EQ(response.result, Result::kResponse);
  EXPECT_EQ(response.body, gzip);
}

}  // namespace
}  // namespace crier::http
