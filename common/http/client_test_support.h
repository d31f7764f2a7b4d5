// What the tests of the client share.
#ifndef CRIER_COMMON_HTTP_CLIENT_TEST_SUPPORT_H_
#define CRIER_COMMON_HTTP_CLIENT_TEST_SUPPORT_H_

#include <arpa/inet.h>
#include <netinet/in.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "common/http/client.h"
#include "common/http/test_server.h"
#include "gtest/gtest.h"

namespace crier::http {

inline constexpr absl::Duration kPatience = absl::Seconds(60);
inline constexpr char kHost[] = "receiver.test";

inline sockaddr_storage Address(const std::string& text) {
  sockaddr_storage storage = {};
  auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
  v4.sin_family = AF_INET;
  EXPECT_EQ(inet_pton(AF_INET, text.c_str(), &v4.sin_addr), 1) << text;
  return storage;
}

// Every name is this machine.
inline absl::StatusOr<std::vector<sockaddr_storage>> ResolveToLocal(const std::string&) {
  return std::vector<sockaddr_storage>{Address("127.0.0.1")};
}

inline ClientOptions LocalOptions() {
  ClientOptions options;
  options.resolver = &ResolveToLocal;
  options.resolver_ttl = absl::ZeroDuration();
  return options;
}

inline Request RequestTo(const std::string& scheme, int port) {
  Request request;
  request.url = absl::StrCat(scheme, "://", kHost, ":", port, "/hook");
  request.headers = {{"content-type", "application/json"}};
  request.body = R"({"a":1})";
  request.connect_timeout = kPatience;
  request.timeout = kPatience;
  return request;
}

inline Request RequestTo(const TestServer& server) { return RequestTo("http", server.port()); }

inline Response SendAndWait(Client& client, Request request) {
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
inline TestServer::Handler AnswerOnceWith(const std::string& bytes) {
  return [bytes](TestConnection& connection) {
    connection.ReadRequest();
    connection.Write(bytes);
  };
}

}  // namespace crier::http

#endif  // CRIER_COMMON_HTTP_CLIENT_TEST_SUPPORT_H_
