// What the client sends, and how it lives and ends.
#include "common/http/client.h"

#include <atomic>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "common/http/client_test_support.h"
#include "gmock/gmock.h"

namespace crier::http {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::StartsWith;

TEST(HttpClient, PostsExactlyWhatItIsGiven) {
  std::string received;
  TestServer server([&](TestConnection& connection) {
    received = connection.ReadRequest();
    connection.Write(OkResponse("thanks"));
  });
  Client client(LocalOptions());
  Request request = RequestTo(server);
  request.headers = {{"Content-Type", "application/json"},
                     {"X-Secret", "s3cret"},
                     {"webhook-id", "msg_1"},
                     {"x-empty", ""},
                     {"A-Last", "Zoë, \"quoted\"; x=1"}};
  request.body = std::string("{\"nul\":\"\0\"}", 11);

  const Response response = SendAndWait(client, request);

  EXPECT_EQ(response.result, Result::kResponse);
  EXPECT_EQ(response.error, "");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "thanks");
  EXPECT_EQ(response.address, "127.0.0.1");
  EXPECT_THAT(response.headers, ElementsAre(Pair("content-length", "6")));
  EXPECT_EQ(received, absl::StrCat("POST /hook HTTP/1.1\r\nHost: ", kHost, ":", server.port(),
                                   "\r\nContent-Type: application/json\r\nX-Secret: s3cret\r\n"
                                   "webhook-id: msg_1\r\nx-empty:\r\n"
                                   "A-Last: Zoë, \"quoted\"; x=1\r\nContent-Length: 11\r\n\r\n",
                                   request.body));
}

// They share what is the same for all requests to a URL.
TEST(HttpClient, SendsNothingOfTheRequestBefore) {
  absl::Mutex mutex;
  std::vector<std::string> received;
  TestServer server([&](TestConnection& connection) {
    while (true) {
      const std::string request = connection.ReadRequest();
      {
        absl::MutexLock lock(&mutex);
        received.push_back(request);
      }
      if (request.empty() || !connection.Write(OkResponse("x"))) return;
    }
  });
  Client client(LocalOptions());
  Request first = RequestTo(server);
  first.headers = {{"content-type", "text/plain"}, {"x-first", "1"}, {"accept", "*/*"}};
  first.body = std::string(1000, '1');
  Request second = RequestTo(server);
  second.headers = {{"x-second", "2"}};
  second.body = "2";

  SendAndWait(client, first);
  const Response response = SendAndWait(client, second);

  EXPECT_EQ(response.body, "x");
  absl::MutexLock lock(&mutex);
  ASSERT_GE(received.size(), 2u);
  EXPECT_EQ(received[1], absl::StrCat("POST /hook HTTP/1.1\r\nHost: ", kHost, ":", server.port(),
                                      "\r\nx-second: 2\r\nContent-Length: 1\r\n\r\n2"));
}

TEST(HttpClient, AddsNoHeadersOfItsOwn) {
  std::string received;
  TestServer server([&](TestConnection& connection) {
    received = connection.ReadRequest();
    connection.Write(OkResponse(""));
  });
  Client client(LocalOptions());
  Request request = RequestTo(server);
  request.headers = {};
  request.body = std::string(2'000'000, 'x');  // large enough for libcurl to wish for `Expect`

  EXPECT_EQ(SendAndWait(client, request).result, Result::kResponse);

  const std::vector<std::string> head =
      absl::StrSplit(received.substr(0, received.find("\r\n\r\n")), "\r\n");
  EXPECT_THAT(head,
              ElementsAre("POST /hook HTTP/1.1", StartsWith("Host: "), "Content-Length: 2000000"));
}

TEST(HttpClient, KeepsThePathAsItIs) {
  std::string received;
  TestServer server([&](TestConnection& connection) {
    received = connection.ReadRequest();
    connection.Write(OkResponse(""));
  });
  Client client(LocalOptions());
  Request request = RequestTo(server);
  request.url = absl::StrCat("http://", kHost, ":", server.port(), "/a/../b/./c?d=%2e&e=f#part");

  SendAndWait(client, request);

  EXPECT_THAT(received, StartsWith("POST /a/../b/./c?d=%2e&e=f HTTP/1.1\r\n"));
}

TEST(HttpClient, ReportsAnyStatus) {
  for (const int status : {201, 204, 400, 410, 429, 500, 503}) {
    TestServer server(AnswerOnceWith(
        absl::StrCat("HTTP/1.1 ", status, " X\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n")));
    Client client(LocalOptions());

    const Response response = SendAndWait(client, RequestTo(server));

    EXPECT_EQ(response.result, Result::kResponse);
    EXPECT_EQ(response.status, status);
    EXPECT_THAT(response.headers, Contains(Pair("retry-after", "7")));
  }
}

TEST(HttpClient, RefusesRequestsThatWouldNotBeOne) {
  Client client(LocalOptions());
  for (const auto& header : Headers{{"x\r\ny", "1"},
                                    {"", "1"},
                                    {"a b", "1"},
                                    {"a:", "1"},
                                    {"a", "1\r\nb: 2"},
                                    {"a", std::string("1\0002", 3)}}) {
    Request request = RequestTo("http", 1);
    request.headers = {header};
    const Response response = SendAndWait(client, request);
    EXPECT_EQ(response.result, Result::kUnreachable);
    EXPECT_EQ(response.error, "a header of the request is malformed");
  }
  for (const char* const url : {"", "ftp://receiver.test/", "https://me@receiver.test/"}) {
    Request request = RequestTo("http", 1);
    request.url = url;
    const Response response = SendAndWait(client, request);
    EXPECT_EQ(response.result, Result::kUnreachable);
    EXPECT_THAT(response.error, Not(HasSubstr(kHost)));
  }
}

TEST(HttpClient, HoldsBackWhatIsMoreThanMayBeInFlight) {
  absl::Mutex mutex;
  int in_flight = 0;
  int most = 0;
  TestServer server([&](TestConnection& connection) {
    while (!connection.ReadRequest().empty()) {
      {
        absl::MutexLock lock(&mutex);
        most = std::max(most, ++in_flight);
      }
      // Gives the others time to arrive, if there are more than there should be.
      if (connection.WaitForClose(absl::Milliseconds(2))) break;
      {
        absl::MutexLock lock(&mutex);
        --in_flight;
      }
      if (!connection.Write(OkResponse("x"))) break;
    }
  });
  ClientOptions options = LocalOptions();
  options.max_in_flight = 3;
  absl::BlockingCounter left(50);
  std::atomic<int> responses = 0;
  {
    Client client(options);
    for (int i = 0; i < 50; ++i) {
      client.Send(RequestTo(server), [&](Response response) {
        if (response.result == Result::kResponse) ++responses;
        left.DecrementCount();
      });
    }
    left.Wait();
  }

  EXPECT_EQ(responses, 50);
  absl::MutexLock lock(&mutex);
  EXPECT_EQ(most, 3);
}

TEST(HttpClient, CallbacksMaySendAgain) {
  TestServer server(AnswerWith(OkResponse("x")));
  Client client(LocalOptions());
  absl::Notification done;

  client.Send(RequestTo(server), [&](Response) {
    client.Send(RequestTo(server), [&](Response response) {
      EXPECT_EQ(response.result, Result::kResponse);
      done.Notify();
    });
  });

  done.WaitForNotification();
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, ItsEndCancelsWhatIsUnderWay) {
  absl::Notification arrived;
  TestServer server([&](TestConnection& connection) {
    connection.ReadRequest();
    if (connection.number == 0) arrived.Notify();
    connection.WaitForClose(kPatience);
  });
  ClientOptions options = LocalOptions();
  options.max_in_flight = 1;
  std::vector<Response> responses;
  bool sent_again = false;
  const auto keep = [&](Response response) { responses.push_back(std::move(response)); };
  {
    Client client(options);
    client.Send(RequestTo(server), [&](Response response) {
      keep(std::move(response));
      client.Send(RequestTo(server), [&](Response) { sent_again = true; });
    });
    client.Send(RequestTo(server), keep);  // waits for its turn
    arrived.WaitForNotification();
  }

  ASSERT_EQ(responses.size(), 2u);
  for (const Response& response : responses) {
    EXPECT_EQ(response.result, Result::kUnreachable);
    EXPECT_EQ(response.error, "the request was cancelled");
  }
  EXPECT_TRUE(sent_again);
}

TEST(HttpClient, ManyRequestsAtOnce) {
  TestServer server(AnswerWith(OkResponse("x")));
  constexpr int kRequests = 500;
  absl::BlockingCounter left(kRequests);
  std::atomic<int> responses = 0;
  ClientOptions options = LocalOptions();
  options.max_in_flight = 50;
  {
    Client client(options);
    for (int i = 0; i < kRequests; ++i) {
      Request request = RequestTo(server);
      request.connection_group = i % 7;
      client.Send(std::move(request), [&](Response response) {
        if (response.result == Result::kResponse) ++responses;
        left.DecrementCount();
      });
    }
    left.Wait();
  }

  EXPECT_EQ(responses, kRequests);
}

}  // namespace
}  // namespace crier::http
