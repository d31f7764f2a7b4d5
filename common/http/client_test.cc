// The client against receivers that behave, and that do not, over real sockets.
#include "common/http/client.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "common/http/test_server.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::http {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;
using testing::StartsWith;

constexpr absl::Duration kPatience = absl::Seconds(60);
constexpr char kHost[] = "receiver.test";

sockaddr_storage Address(const std::string& text) {
  sockaddr_storage storage = {};
  auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
  v4.sin_family = AF_INET;
  EXPECT_EQ(inet_pton(AF_INET, text.c_str(), &v4.sin_addr), 1) << text;
  return storage;
}

// Every name is this machine.
absl::StatusOr<std::vector<sockaddr_storage>> ResolveToLocal(const std::string&) {
  return std::vector<sockaddr_storage>{Address("127.0.0.1")};
}

ClientOptions LocalOptions() {
  ClientOptions options;
  options.resolver = &ResolveToLocal;
  options.resolver_ttl = absl::ZeroDuration();
  return options;
}

Request RequestTo(const std::string& scheme, int port) {
  Request request;
  request.url = absl::StrCat(scheme, "://", kHost, ":", port, "/hook");
  request.headers = {{"content-type", "application/json"}};
  request.body = R"({"a":1})";
  request.connect_timeout = kPatience;
  request.timeout = kPatience;
  return request;
}

Request RequestTo(const TestServer& server) { return RequestTo("http", server.port()); }

Response SendAndWait(Client& client, Request request) {
  Response response;
  absl::Notification done;
  client.Send(std::move(request), [&](Response result) {
    response = std::move(result);
    done.Notify();
  });
  done.WaitForNotification();
  return response;
}

// Answers the first request of each connection with some bytes, then closes.
TestServer::Handler AnswerOnceWith(const std::string& bytes) {
  return [bytes](TestConnection& connection) {
    connection.ReadRequest();
    connection.Write(bytes);
  };
}

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

TEST(HttpClient, DoesNotDecodeContent) {
  const std::string gzip("\x1f\x8b\x08\0\0\0\0\0\0\x03\x4b\x04\0\x43\xbe\xb7\xe8\x01\0\0\0", 21);
  TestServer server(AnswerOnceWith(absl::StrCat(
      "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 21\r\n\r\n", gzip)));
  Client client(LocalOptions());

  const Response response = SendAndWait(client, RequestTo(server));

  EXPECT_EQ(response.result, Result::kResponse);
  EXPECT_EQ(response.body, gzip);
}

TEST(HttpClient, IgnoresProxiesOfTheEnvironment) {
  TestServer proxy(AnswerWith(OkResponse("proxy")));
  TestServer server(AnswerWith(OkResponse("server")));
  const std::string url = absl::StrCat("http://127.0.0.1:", proxy.port());
  for (const char* const name : {"http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY"}) {
    setenv(name, url.c_str(), 1);
  }
  Client client(LocalOptions());

  EXPECT_EQ(SendAndWait(client, RequestTo(server)).body, "server");

  for (const char* const name : {"http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY"}) {
    unsetenv(name);
  }
  EXPECT_EQ(proxy.connections(), 0);
}

class ForbiddenTargetTest : public testing::Test {
 protected:
  // 127.0.0.1 is allowed, nothing else is.
  static bool IsLocal(const sockaddr& address) {
    return address.sa_family == AF_INET &&
           reinterpret_cast<const sockaddr_in&>(address).sin_addr.s_addr == htonl(INADDR_LOOPBACK);
  }

  void Resolve(std::vector<sockaddr_storage> addresses) {
    options_.allow_address = &IsLocal;
    options_.resolver = [addresses = std::move(addresses)](const std::string&) {
      return absl::StatusOr<std::vector<sockaddr_storage>>(addresses);
    };
  }

  TestServer server_{AnswerWith(OkResponse("x"))};
  ClientOptions options_ = LocalOptions();
};

TEST_F(ForbiddenTargetTest, AllowedAddressesAreDialled) {
  Resolve({Address("127.0.0.1")});
  Client client(options_);

  EXPECT_EQ(SendAndWait(client, RequestTo(server_)).result, Result::kResponse);
}

TEST_F(ForbiddenTargetTest, OneBadAddressRefusesAll) {
  Resolve({Address("127.0.0.1"), Address("10.0.0.1")});
  Client client(options_);

  const Response response = SendAndWait(client, RequestTo(server_));

  EXPECT_EQ(response.result, Result::kForbidden);
  EXPECT_EQ(response.error, "the address of the target is not allowed");
  EXPECT_EQ(server_.connections(), 0);
}

TEST_F(ForbiddenTargetTest, LiteralsInAnySpellingAreRefused) {
  Resolve({});
  options_.allow_address = [](const sockaddr& address) { return !IsLocal(address); };
  Client client(options_);
  for (const char* const host : {"127.0.0.1", "127.1", "0x7f.1", "2130706433"}) {
    Request request = RequestTo(server_);
    request.url = absl::StrCat("http://", host, ":", server_.port(), "/");

    EXPECT_EQ(SendAndWait(client, request).result, Result::kForbidden) << host;
  }
  EXPECT_EQ(server_.connections(), 0);
}

TEST_F(ForbiddenTargetTest, ANameThatComesToLeadElsewhereIsRefused) {
  std::atomic<int> lookups = 0;
  options_.allow_address = &IsLocal;
  options_.resolver = [&](const std::string&) -> absl::StatusOr<std::vector<sockaddr_storage>> {
    return std::vector<sockaddr_storage>{Address(++lookups == 1 ? "127.0.0.1" : "169.254.169.254")};
  };
  Client client(options_);

  // The second has a connection at hand that it could use.
  EXPECT_EQ(SendAndWait(client, RequestTo(server_)).result, Result::kResponse);
  EXPECT_EQ(SendAndWait(client, RequestTo(server_)).result, Result::kForbidden);
}

TEST_F(ForbiddenTargetTest, TheSocketIsCheckedAgain) {
  Resolve({Address("127.0.0.1")});
  std::atomic<int> asked = 0;
  options_.allow_address = [&](const sockaddr&) { return ++asked == 1; };
  Client client(options_);

  EXPECT_EQ(SendAndWait(client, RequestTo(server_)).result, Result::kForbidden);
  EXPECT_GE(asked, 2);
  EXPECT_EQ(server_.connections(), 0);
}

TEST(HttpClient, TriesTheOtherAddressesOfAName) {
  TestServer server(AnswerWith(OkResponse("x")));
  ClientOptions options = LocalOptions();
  options.resolver = [](const std::string&) -> absl::StatusOr<std::vector<sockaddr_storage>> {
    // Nothing listens on the first.
    return std::vector<sockaddr_storage>{Address("127.0.0.2"), Address("127.0.0.1")};
  };
  Client client(options);

  EXPECT_EQ(SendAndWait(client, RequestTo(server)).address, "127.0.0.1");
}

TEST(HttpClient, DialsAddressesOfBothFamilies) {
  TestServer server(AnswerWith(OkResponse("x")));
  Client client(LocalOptions());
  for (const char* const host : {"127.0.0.1", "[::ffff:127.0.0.1]"}) {
    Request request = RequestTo(server);
    request.url = absl::StrCat("http://", host, ":", server.port(), "/");

    EXPECT_EQ(SendAndWait(client, request).result, Result::kResponse) << host;
  }
  EXPECT_EQ(server.connections(), 2);
}

TEST(HttpClient, ReportsNamesThatDoNotResolve) {
  ClientOptions options = LocalOptions();
  options.resolver = [](const std::string& host) -> absl::StatusOr<std::vector<sockaddr_storage>> {
    if (host == kHost) return absl::UnavailableError("receiver.test has no record");
    return std::vector<sockaddr_storage>{};
  };
  Client client(options);

  const Response failed = SendAndWait(client, RequestTo("http", 1));
  EXPECT_EQ(failed.result, Result::kUnreachable);
  EXPECT_EQ(failed.error, "the host name could not be resolved");

  Request request = RequestTo("http", 1);
  request.url = "http://empty.test/";
  EXPECT_EQ(SendAndWait(client, request).error, "the host name has no address");
}

TEST(HttpClient, ASlowLookupEndsWithTheTimeout) {
  absl::Notification release;
  ClientOptions options = LocalOptions();
  options.resolver = [&](const std::string&) {
    release.WaitForNotification();
    return ResolveToLocal("");
  };
  Client client(options);
  Request request = RequestTo("http", 1);
  request.connect_timeout = absl::Milliseconds(50);

  const Response response = SendAndWait(client, request);
  release.Notify();

  EXPECT_EQ(response.result, Result::kTimedOut);
  EXPECT_EQ(response.error, "the host name was not resolved in time");
}

class TlsTest : public testing::Test {
 protected:
  static TestCertificate Certificate(const std::string& host, absl::Duration from = -absl::Hours(1),
                                     absl::Duration until = absl::Hours(1)) {
    return MakeCertificate(host, from, until);
  }

  // Client options that trust the certificate.
  ClientOptions Trusting(const TestCertificate& certificate) {
    roots_file_ = absl::StrCat(testing::TempDir(), "crier_http_roots_",
                               testing::UnitTest::GetInstance()->current_test_info()->name(), "_",
                               getpid(), ".pem");
    std::ofstream(roots_file_) << certificate.certificate;
    ClientOptions options = LocalOptions();
    options.extra_roots_file = roots_file_;
    return options;
  }

  void TearDown() override {
    if (!roots_file_.empty()) std::remove(roots_file_.c_str());
  }

  std::string roots_file_;
};

TEST_F(TlsTest, TrustsFurtherRoots) {
  const TestCertificate certificate = Certificate(kHost);
  TestServer server(AnswerWith(OkResponse("x")), certificate.certificate_and_key);
  Client client(Trusting(certificate));

  const Response response = SendAndWait(client, RequestTo("https", server.port()));

  EXPECT_EQ(response.result, Result::kResponse) << response.error;
  EXPECT_EQ(response.body, "x");
  EXPECT_GT(response.timings.secured, response.timings.connected);
  EXPECT_GT(response.timings.first_byte, response.timings.secured);
  EXPECT_GE(response.duration, response.timings.first_byte);
}

TEST_F(TlsTest, ReusesAConnectionWithinAGroupOnly) {
  const TestCertificate certificate = Certificate(kHost);
  TestServer server(AnswerWith(OkResponse("x")), certificate.certificate_and_key);
  Client client(Trusting(certificate));

  for (const int64_t group : {1, 2, 1, 2}) {
    Request request = RequestTo("https", server.port());
    request.connection_group = group;
    EXPECT_EQ(SendAndWait(client, request).result, Result::kResponse);
  }

  EXPECT_EQ(server.connections(), 2);
}

TEST_F(TlsTest, RefusesASelfSignedCertificate) {
  TestServer server(AnswerWith(OkResponse("x")), Certificate(kHost).certificate_and_key);
  Client client(LocalOptions());

  const Response response = SendAndWait(client, RequestTo("https", server.port()));

  EXPECT_EQ(response.result, Result::kTlsFailed);
  EXPECT_EQ(response.error, "the certificate is not trusted: self-signed certificate");
}

TEST_F(TlsTest, RefusesTheCertificateOfAnotherHost) {
  const TestCertificate certificate = Certificate("other.test");
  TestServer server(AnswerWith(OkResponse("x")), certificate.certificate_and_key);
  Client client(Trusting(certificate));

  const Response response = SendAndWait(client, RequestTo("https", server.port()));

  EXPECT_EQ(response.result, Result::kTlsFailed);
  EXPECT_EQ(response.error, "the certificate is not for this host name");
}

TEST_F(TlsTest, RefusesAnExpiredCertificate) {
  const TestCertificate certificate = Certificate(kHost, -absl::Hours(2), -absl::Hours(1));
  TestServer server(AnswerWith(OkResponse("x")), certificate.certificate_and_key);
  Client client(Trusting(certificate));

  const Response response = SendAndWait(client, RequestTo("https", server.port()));

  EXPECT_EQ(response.result, Result::kTlsFailed);
  EXPECT_EQ(response.error, "the certificate is not trusted: certificate has expired");
}

TEST_F(TlsTest, RefusesOldVersions) {
  const TestCertificate certificate = Certificate(kHost);
  for (const auto& [version, result] : {std::pair(TLS1_2_VERSION, Result::kResponse),
                                        std::pair(TLS1_1_VERSION, Result::kTlsFailed)}) {
    TestServer server(AnswerWith(OkResponse("x")), certificate.certificate_and_key, version);
    Client client(Trusting(certificate));

    EXPECT_EQ(SendAndWait(client, RequestTo("https", server.port())).result, result);
  }
}

TEST_F(TlsTest, OffersHttp2) {
  const TestCertificate certificate = Certificate(kHost);
  TestServer server(AnswerWith(OkResponse("x")), certificate.certificate_and_key);
  Client client(Trusting(certificate));

  EXPECT_EQ(SendAndWait(client, RequestTo("https", server.port())).result, Result::kResponse);

  EXPECT_TRUE(server.http2_offered());
}

TEST_F(TlsTest, ReportsAServerThatDoesNotSpeakTls) {
  TestServer server([](TestConnection& connection) {
    connection.Write("HTTP/1.1 400 Bad Request\r\n\r\n");
    connection.WaitForClose(kPatience);
  });
  Client client(LocalOptions());

  const Response response = SendAndWait(client, RequestTo("https", server.port()));

  EXPECT_EQ(response.result, Result::kTlsFailed);
  EXPECT_THAT(response.error, StartsWith("the TLS handshake failed"));
  EXPECT_THAT(response.error, Not(HasSubstr(kHost)));
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
