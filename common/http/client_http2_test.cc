// Servers that end connections of HTTP/2 in their own ways.
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/http/client_test_support.h"

namespace crier::http {
namespace {

// As RFC 9113, section 6, numbers them.
enum FrameType : char { kData = 0, kHeaders = 1, kSettings = 4, kGoAway = 7 };
constexpr char kEndStream = 1;
constexpr char kEndHeaders = 4;

std::string Number(int number) {
  return {static_cast<char>(number >> 24), static_cast<char>(number >> 16),
          static_cast<char>(number >> 8), static_cast<char>(number)};
}

std::string Frame(FrameType type, int flags, int stream, const std::string& payload = "") {
  return absl::StrCat(Number(static_cast<int>(payload.size())).substr(1), std::string(1, type),
                      std::string(1, static_cast<char>(flags)), Number(stream), payload);
}

std::string Ok(int stream) {
  const std::string status_200("\x88");  // by the static table of RFC 7541
  return Frame(kHeaders, kEndHeaders | kEndStream, stream, status_200);
}

std::string GoAway(int last_stream) {
  return Frame(kGoAway, 0, 0, Number(last_stream) + Number(0));
}

// To be done once on a connection, before its requests are read.
void Begin(TestConnection& connection) {
  connection.ReadBytes(24);  // the client's preface
  connection.Write(Frame(kSettings, 0, 0));
}

// Reads a request to its end and returns its stream; 0 when the client has closed.
int ReadRequest(TestConnection& connection) {
  while (true) {
    const std::string head = connection.ReadBytes(9);
    if (head.size() < 9) return 0;
    const auto number = [&](size_t place) { return static_cast<unsigned char>(head[place]); };
    connection.ReadBytes(number(0) << 16 | number(1) << 8 | number(2));
    const bool end = (head[4] & kEndStream) != 0;
    if (head[3] == kData && end) return number(7) << 8 | number(8);
  }
}

class Http2Test : public testing::Test {
 protected:
  ClientOptions Options() {
    std::ofstream(roots_file_) << certificate_.certificate;
    ClientOptions options = LocalOptions();
    options.extra_roots_file = roots_file_;
    return options;
  }

  void TearDown() override { std::remove(roots_file_.c_str()); }

  const TestCertificate certificate_ =
      MakeCertificate(kHost, /*not_before=*/-absl::Hours(1), /*not_after=*/absl::Hours(1));
  const std::string roots_file_ = testing::TempDir() + "crier_http2_roots_" +
                                  testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(Http2Test, SurvivesAConnectionThatIsClosedOverARequest) {
  TestServer server(
      [](TestConnection& connection) {
        Begin(connection);
        connection.Write(Ok(ReadRequest(connection)));
        ReadRequest(connection);
      },
      certificate_.certificate_and_key);
  server.TakeHttp2();
  Client client(Options());

  for (int i = 0; i < 5; ++i) {
    const Response response = SendAndWait(client, RequestTo("https", server.port()));
    EXPECT_EQ(response.status, 200) << response.error;
  }
}

TEST_F(Http2Test, ARequestThatTheServerDidNotTakeUpIsSentAgain) {
  TestServer server(
      [](TestConnection& connection) {
        Begin(connection);
        const int stream = ReadRequest(connection);
        connection.Write(connection.number == 0 ? GoAway(0) : Ok(stream));
        ReadRequest(connection);
      },
      certificate_.certificate_and_key);
  server.TakeHttp2();
  Client client(Options());

  const Response response = SendAndWait(client, RequestTo("https", server.port()));

  EXPECT_EQ(response.status, 200) << response.error;
  EXPECT_EQ(server.connections(), 2);
}

TEST_F(Http2Test, AServerThatTakesUpNothingIsAskedTwice) {
  TestServer server(
      [](TestConnection& connection) {
        Begin(connection);
        ReadRequest(connection);
        connection.Write(GoAway(0));
        ReadRequest(connection);
      },
      certificate_.certificate_and_key);
  server.TakeHttp2();
  Client client(Options());

  EXPECT_EQ(SendAndWait(client, RequestTo("https", server.port())).error, "the connection broke");

  EXPECT_EQ(server.connections(), 2);
}

}  // namespace
}  // namespace crier::http
