// Where the client may connect to.
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "common/http/client_test_support.h"
#include "gmock/gmock.h"

namespace crier::http {
namespace {

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

TEST_F(ForbiddenTargetTest, TheConnectionThatReplacesADeadOneIsJudgedToo) {
  TestServer dying([](TestConnection& connection) {
    connection.ReadRequest();
    connection.Write(OkResponse("x"));
    connection.ReadRequest();
    connection.Reset();
  });
  Resolve({Address("127.0.0.1")});
  std::atomic<int> asked = 0;
  // The first request's look-up and socket, and the second's look-up.
  options_.allow_address = [&](const sockaddr&) { return ++asked <= 3; };
  Client client(options_);
  EXPECT_EQ(SendAndWait(client, RequestTo(dying)).result, Result::kResponse);

  EXPECT_EQ(SendAndWait(client, RequestTo(dying)).result, Result::kForbidden);

  EXPECT_EQ(dying.connections(), 1);
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

// Takes no more connections at an address, and refuses none.
class SilentPort {
 public:
  SilentPort(const std::string& address, int port) {
    sockaddr_storage at = Address(address);
    reinterpret_cast<sockaddr_in&>(at).sin_port = htons(static_cast<uint16_t>(port));
    const auto* const where = reinterpret_cast<const sockaddr*>(&at);
    EXPECT_EQ(bind(sockets_[0], where, sizeof(sockaddr_in)), 0);
    EXPECT_EQ(listen(sockets_[0], 0), 0);
    for (size_t i = 1; i < sockets_.size(); ++i) connect(sockets_[i], where, sizeof(sockaddr_in));
  }
  ~SilentPort() {
    for (const int socket : sockets_) close(socket);
  }

 private:
  static int NewSocket() { return socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }

  const std::array<int, 4> sockets_ = {NewSocket(), NewSocket(), NewSocket(), NewSocket()};
};

TEST(HttpClient, AnAddressThatIsSilentHasHalfOfTheTimeThatIsLeft) {
  TestServer server(AnswerWith(OkResponse("x")));
  const SilentPort first("127.0.0.2", server.port()), second("127.0.0.3", server.port());
  ClientOptions options = LocalOptions();
  options.resolver = [](const std::string&) -> absl::StatusOr<std::vector<sockaddr_storage>> {
    return std::vector<sockaddr_storage>{Address("127.0.0.2"), Address("127.0.0.3"),
                                         Address("127.0.0.1")};
  };
  Client client(options);
  Request request = RequestTo(server);
  request.connect_timeout = absl::Seconds(2);

  EXPECT_EQ(SendAndWait(client, request).address, "127.0.0.1");
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

}  // namespace
}  // namespace crier::http
