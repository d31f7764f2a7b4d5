// Requests through a proxy.
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/http/client_test_support.h"
#include "common/http/egress_proxy.h"
#include "common/http/target.h"
#include "gmock/gmock.h"

namespace crier::http {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

// A proxy that says to have connected, and is the target itself.
class ProxyTest : public testing::Test {
 protected:
  ClientOptions Options() {
    ClientOptions options = LocalOptions();
    options.resolver = [this](const std::string& host) {
      absl::MutexLock lock(&mutex_);
      looked_up_.push_back(host);
      const bool proxy = host == "proxy.test";
      return absl::StatusOr<std::vector<sockaddr_storage>>(
          {Address(proxy ? "127.0.0.1" : "203.0.113.7")});
    };
    options.proxy = EgressProxy{"proxy.test", server_.port(), "user:pass"};
    return options;
  }

  std::vector<std::string> received() {
    absl::MutexLock lock(&mutex_);
    return received_;
  }

  absl::Mutex mutex_;
  std::vector<std::string> looked_up_;
  std::vector<std::string> received_;
  std::string answer_ = "HTTP/1.1 200 Connection established\r\nx-proxy: yes\r\n\r\n";
  TestServer server_{[this](TestConnection& connection) {
    while (true) {
      const std::string request = connection.ReadRequest();
      if (request.empty()) return;
      {
        absl::MutexLock lock(&mutex_);
        received_.push_back(request);
      }
      const bool tunnel = absl::StartsWith(request, "CONNECT ");
      const bool silent = absl::StrContains(request, "203.0.113.5");
      if (silent) continue;  // waits until the client goes away
      const bool refused = absl::StrContains(request, "203.0.113.6");
      const std::string answer =
          refused ? "HTTP/1.1 503 No way\r\nContent-Length: 0\r\n\r\n" : answer_;
      if (!connection.Write(tunnel ? answer : OkResponse("through"))) return;
    }
  }};
};

TEST_F(ProxyTest, IsAskedForTheAddressAndToldNothingElse) {
  Client client(Options());
  Request request = RequestTo("http", 80);
  request.headers = {{"x-secret", "s3cret"}};

  const Response response = SendAndWait(client, request);

  EXPECT_EQ(response.result, Result::kResponse) << response.error;
  EXPECT_EQ(response.body, "through");
  EXPECT_EQ(response.address, "203.0.113.7");
  for (const auto& [name, value] : response.headers) EXPECT_NE(name, "x-proxy");
  ASSERT_THAT(received(), SizeIs(2));
  EXPECT_THAT(received()[0], StartsWith("CONNECT 203.0.113.7:80 HTTP/1.1\r\n"));
  EXPECT_THAT(received()[0], HasSubstr(absl::StrCat("Basic ", absl::Base64Escape("user:pass"))));
  EXPECT_THAT(received()[0], Not(HasSubstr("s3cret")));
  EXPECT_THAT(received()[0], Not(HasSubstr(kHost)));
  EXPECT_THAT(received()[1], HasSubstr(absl::StrCat("Host: ", kHost)));
  EXPECT_THAT(received()[1], HasSubstr("x-secret: s3cret"));
  EXPECT_THAT(received()[1], Not(HasSubstr("Basic ")));
  EXPECT_THAT(looked_up_, ElementsAre(kHost, "proxy.test"));
}

TEST_F(ProxyTest, IsNotAskedForTargetsThatAreRefused) {
  ClientOptions options = Options();
  options.allow_address = [](const sockaddr&) { return false; };
  Client client(options);

  EXPECT_EQ(SendAndWait(client, RequestTo("http", 80)).result, Result::kForbidden);

  Request literal = RequestTo("http", 80);
  literal.url = "http://169.254.169.254/";
  EXPECT_EQ(SendAndWait(client, literal).result, Result::kForbidden);
  EXPECT_EQ(server_.connections(), 0);
}

TEST_F(ProxyTest, NeedsNoPermissionToBeCalled) {
  ClientOptions options = Options();
  options.allow_address = [](const sockaddr& address) {
    return AddressText(address) == "203.0.113.7";
  };
  options.proxy->host = "127.0.0.1";
  Client client(options);

  EXPECT_EQ(SendAndWait(client, RequestTo("http", 80)).body, "through");
}

TEST_F(ProxyTest, TunnelsAreUsedAgainWithinAGroupOnly) {
  Client client(Options());
  for (const int64_t group : {1, 2, 1, 2}) {
    Request request = RequestTo("http", 80);
    request.connection_group = group;
    EXPECT_EQ(SendAndWait(client, request).body, "through");
  }

  EXPECT_EQ(server_.connections(), 2);
}

TEST_F(ProxyTest, ATunnelThatIsUsedAgainLeadsToTheSameAddress) {
  Client client(Options());

  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(SendAndWait(client, RequestTo("http", 80)).address, "203.0.113.7");
  }

  EXPECT_EQ(server_.connections(), 1);
}

TEST_F(ProxyTest, ARefusalIsNoResponseOfTheTarget) {
  answer_ = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";
  Client client(Options());

  const Response response = SendAndWait(client, RequestTo("http", 80));

  EXPECT_EQ(response.result, Result::kUnreachable);
  EXPECT_EQ(response.status, 0);
  EXPECT_EQ(response.address, "");
  EXPECT_EQ(response.error, "the proxy could not connect to the target");
}

TEST_F(ProxyTest, IsAskedForTheOtherAddressesOfAName) {
  ClientOptions options = Options();
  options.proxy->host = "127.0.0.1";
  options.resolver = [](const std::string&) {
    return absl::StatusOr<std::vector<sockaddr_storage>>(
        {Address("203.0.113.6"), Address("203.0.113.7")});
  };
  Client client(options);

  for (int i = 0; i < 2; ++i) {
    const Response response = SendAndWait(client, RequestTo("http", 80));
    EXPECT_EQ(response.body, "through") << response.error;
    EXPECT_EQ(response.address, "203.0.113.7");
  }

  EXPECT_THAT(received()[1], StartsWith("CONNECT 203.0.113.7:80 HTTP/1.1\r\n"));
}

TEST_F(ProxyTest, IsAskedForTheNextAddressWhenItIsSilentAboutOne) {
  ClientOptions options = Options();
  options.proxy->host = "127.0.0.1";
  options.resolver = [](const std::string&) {
    return absl::StatusOr<std::vector<sockaddr_storage>>(
        {Address("203.0.113.5"), Address("203.0.113.7")});
  };
  Client client(options);
  Request request = RequestTo("http", 80);
  request.connect_timeout = absl::Seconds(2);

  const Response response = SendAndWait(client, request);

  EXPECT_EQ(response.body, "through") << response.error;
  EXPECT_EQ(response.address, "203.0.113.7");
}

TEST_F(ProxyTest, WinsOverTheEnvironment) {
  setenv("no_proxy", "*", 1);
  Client client(Options());

  EXPECT_EQ(SendAndWait(client, RequestTo("http", 80)).body, "through");

  unsetenv("no_proxy");
}

TEST(EgressProxyTest, ReadsItsForm) {
  const auto full = ParseEgressProxy("http://user:p@ss@proxy.corp:3128");
  ASSERT_TRUE(full.ok()) << full.status();
  EXPECT_EQ(full->host, "proxy.corp");
  EXPECT_EQ(full->port, 3128);
  EXPECT_EQ(full->credentials, "user:p@ss");
  EXPECT_EQ(ParseEgressProxy("http://[2001:db8::1]:8080/")->host, "2001:db8::1");
  EXPECT_EQ(ParseEgressProxy("http://10.0.0.1:3128")->credentials, "");
}

TEST(EgressProxyTest, RefusesOtherForms) {
  for (const char* url : {"", "proxy:3128", "https://proxy:3128", "socks5://proxy:1080",
                          "http://proxy", "http://proxy:", "http://proxy:x", "http://:3128",
                          "http://proxy:3128/path", "http://[::1]"}) {
    EXPECT_EQ(ParseEgressProxy(url).status().message(),
              "must have the form http://[user:password@]host:port")
        << url;
  }
}

}  // namespace
}  // namespace crier::http
