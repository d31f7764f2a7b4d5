// Certificates and versions of TLS.
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/http/client_test_support.h"
#include "gmock/gmock.h"

namespace crier::http {
namespace {

using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

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

TEST_F(TlsTest, FurtherRootsAreThoseOfTheFileAsItIs) {
  const TestCertificate old = Certificate(kHost), certificate = Certificate(kHost);
  TestServer server(AnswerWith(OkResponse("x")), certificate.certificate_and_key);
  Client client(Trusting(old));
  int64_t group = 0;
  const auto send = [&] {
    Request request = RequestTo("https", server.port());
    request.connection_group = ++group;  // for a connection of its own
    return SendAndWait(client, request).result;
  };
  EXPECT_EQ(send(), Result::kTlsFailed);

  const std::string next = roots_file_ + ".next";
  std::ofstream(next) << certificate.certificate;
  std::rename(next.c_str(), roots_file_.c_str());
  EXPECT_EQ(send(), Result::kResponse);

  std::ofstream(roots_file_) << "half a certific";
  EXPECT_EQ(send(), Result::kResponse);
  std::remove(roots_file_.c_str());
  EXPECT_EQ(send(), Result::kResponse);
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

TEST_F(TlsTest, TrustsTheRootsOfARequestForThatRequestAlone) {
  const TestCertificate certificate = Certificate(kHost);
  TestServer server(AnswerWith(OkResponse("x")), certificate.certificate_and_key);
  Client client(LocalOptions());
  Request trusting = RequestTo("https", server.port());
  trusting.tls.trusted_roots = certificate.certificate;

  EXPECT_EQ(SendAndWait(client, trusting).result, Result::kResponse);
  EXPECT_EQ(SendAndWait(client, RequestTo("https", server.port())).result, Result::kTlsFailed)
      << "neither the roots nor the connection serve another";
  EXPECT_EQ(SendAndWait(client, trusting).result, Result::kResponse);
  EXPECT_EQ(server.connections(), 2);
}

TEST_F(TlsTest, ShowsTheClientCertificateThatIsAskedFor) {
  const TestCertificate certificate = Certificate(kHost);
  const TestCertificate mine = Certificate("client.test");
  TestServer server(AnswerWith(OkResponse("x")), certificate.certificate_and_key, 0,
                    mine.certificate);
  Client client(Trusting(certificate));
  Request with = RequestTo("https", server.port());
  with.tls.client_certificate = mine.certificate;
  with.tls.client_key = mine.certificate_and_key;

  const Response accepted = SendAndWait(client, with);
  EXPECT_EQ(accepted.result, Result::kResponse) << accepted.error;
  const Response refused = SendAndWait(client, RequestTo("https", server.port()));
  EXPECT_NE(refused.result, Result::kResponse);
  EXPECT_THAT(refused.error, Not(IsEmpty()));
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
  for (const auto& [version, result] :
       {std::pair(TLS1_2_VERSION, Result::kResponse), std::pair(TLS1_1_VERSION, Result::kTlsFailed),
        std::pair(TLS1_VERSION, Result::kTlsFailed)}) {
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
  EXPECT_EQ(response.error,
            "the TLS handshake failed: the receiver does not speak TLS on this port");
}

TEST_F(TlsTest, TellsAHandshakeThatTookTooLongFromAConnection) {
  TestServer server([](TestConnection& connection) { connection.ReadRequest(); });
  Client client(LocalOptions());
  Request request = RequestTo("https", server.port());
  request.timeout = absl::Milliseconds(200);

  const Response response = SendAndWait(client, request);

  EXPECT_EQ(response.result, Result::kTimedOut);
  EXPECT_EQ(response.error, "the TLS handshake took too long");
  EXPECT_GT(response.timings.connected, absl::ZeroDuration());
  EXPECT_EQ(response.timings.secured, absl::ZeroDuration());
}

TEST_F(TlsTest, ReportsAConnectionThatIsClosedWithinTheHandshake) {
  TestServer server([](TestConnection&) {});
  Client client(LocalOptions());

  const Response response = SendAndWait(client, RequestTo("https", server.port()));

  EXPECT_EQ(response.result, Result::kTlsFailed);
  EXPECT_EQ(response.error, "the connection was closed within the TLS handshake");
}

// In TLS 1.3 the handshake is over for the client when the server looks at its certificate.
TEST_F(TlsTest, SaysThatACertificateIsAskedFor) {
  const TestCertificate certificate = Certificate(kHost);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TestServer server(AnswerWith(OkResponse("x")), certificate.certificate_and_key, version,
                      Certificate("client.test").certificate);
    Client client(Trusting(certificate));

    const Response response = SendAndWait(client, RequestTo("https", server.port()));

    // The alert may be lost, as the server closes the connection with a request in it.
    if (response.result != Result::kTlsFailed && version == TLS1_3_VERSION) continue;
    EXPECT_EQ(response.result, Result::kTlsFailed);
    EXPECT_THAT(response.error, StartsWith("the receiver refused the TLS handshake: "));
  }
}

// libcurl reads on for as long as something comes.
TEST_F(TlsTest, AFloodOfFramesOverHttp2IsCutOffAndHoldsUpNobody) {
  const TestCertificate certificate = Certificate(kHost);
  TestServer flood(
      [](TestConnection& connection) {
        const std::string settings("\0\0\0\x04\0\0\0\0\0", 9);
        const std::string ping_answer("\0\0\x08\x06\x01\0\0\0\0crierper", 17);
        std::string bytes;
        while (bytes.size() < 16'000) bytes += ping_answer;
        connection.Write(settings);
        while (connection.Write(bytes)) {
        }
      },
      certificate.certificate_and_key);
  flood.TakeHttp2();
  TestServer good(AnswerWith(OkResponse("x")), certificate.certificate_and_key);
  Client client(Trusting(certificate));
  absl::Notification done;
  Response cut_off;
  client.Send(RequestTo("https", flood.port()), [&](Response response) {
    cut_off = std::move(response);
    done.Notify();
  });

  EXPECT_EQ(SendAndWait(client, RequestTo("https", good.port())).body, "x");

  done.WaitForNotification();
  EXPECT_EQ(cut_off.result, Result::kUnreachable);
  EXPECT_LT(cut_off.duration, kPatience / 2);
}

TEST_F(TlsTest, AnEndlessChunkIsCutOff) {
  const TestCertificate certificate = Certificate(kHost);
  TestServer server(
      [](TestConnection& connection) {
        connection.ReadRequest();
        connection.Write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;");
        while (connection.Write(std::string(10'000, 'x'))) {
        }
      },
      certificate.certificate_and_key);
  Client client(Trusting(certificate));

  const Response response = SendAndWait(client, RequestTo("https", server.port()));

  EXPECT_EQ(response.result, Result::kUnreachable);
  EXPECT_LT(response.duration, kPatience / 2);
}

// Each request makes room for its response.
TEST_F(TlsTest, AConnectionLastsHoweverMuchItsResponsesAddUpTo) {
  const TestCertificate certificate = Certificate(kHost);
  TestServer server(AnswerWith(OkResponse(std::string(190'000, 'x'))),
                    certificate.certificate_and_key);
  Client client(Trusting(certificate));

  for (int i = 0; i < 20; ++i) {
    const Response response = SendAndWait(client, RequestTo("https", server.port()));
    ASSERT_EQ(response.result, Result::kResponse) << response.error;
  }

  EXPECT_EQ(server.connections(), 1);
}

}  // namespace
}  // namespace crier::http
