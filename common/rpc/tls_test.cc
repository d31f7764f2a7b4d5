// TLS between a server and a channel, with certificates that are their own authority.
#include "common/rpc/tls.h"

#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/http/test_server.h"
#include "common/rpc/client.h"
#include "common/rpc/server.h"
#include "crier/ingest/v1/event_service.grpc.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::rpc {
namespace {

using crier::ingest::v1::EventService;
using crier::ingest::v1::GetLogHeadRequest;
using crier::ingest::v1::LogHead;
using http::MakeCertificate;
using http::TestCertificate;
using testing::HasSubstr;

constexpr absl::Duration kPatience = absl::Seconds(30);
constexpr char kHost[] = "localhost";

// Tells who called.
class Callee : public EventService::Service {
  grpc::Status GetLogHead(grpc::ServerContext* context, const GetLogHeadRequest*,
                          LogHead* head) override {
    head->set_position(context->auth_context()->IsPeerAuthenticated() ? 1 : 0);
    return grpc::Status::OK;
  }
};

class TlsTest : public testing::Test {
 protected:
  TlsTest() {
    char folder[] = "/tmp/crier-tls-XXXXXX";
    folder_ = mkdtemp(folder);
  }
  ~TlsTest() override {
    for (const std::string& file : files_) std::remove(file.c_str());
    rmdir(folder_.c_str());
  }

  // Replaces the file at once, as a mounted secret is.
  std::string Write(const std::string& name, const std::string& content) {
    const std::string path = absl::StrCat(folder_, "/", name);
    const std::string fresh = path + ".new";
    std::ofstream(fresh) << content;
    std::rename(fresh.c_str(), path.c_str());
    files_.push_back(path);
    return path;
  }

  static TestCertificate Valid(const std::string& host = kHost) {
    return MakeCertificate(host, -absl::Hours(1), absl::Hours(1));
  }

  // Certificate and key of `name`, in files.
  TlsOptions Identity(const std::string& name, const TestCertificate& certificate) {
    TlsOptions tls;
    tls.certificate_file = Write(name + ".crt", certificate.certificate);
    tls.key_file = Write(name + ".key", certificate.certificate_and_key);
    tls.reload_interval = absl::Seconds(1);
    return tls;
  }

  TlsOptions Trusting(const std::string& name, const TestCertificate& authority) {
    TlsOptions tls;
    tls.authorities_file = Write(name, authority.certificate);
    return tls;
  }

  void Serve(const TlsOptions& tls) {
    ServerOptions options;
    options.listen_address = "127.0.0.1:0";
    options.health_listen_address = "127.0.0.1:0";
    options.tls = tls;
    auto server = Server::Start(options, {&callee_});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  // Whether the server knows who called; a failure when the connection does not come about.
  absl::StatusOr<bool> Call(const TlsOptions& tls) {
    const auto channel = Connect(absl::StrCat(kHost, ":", server_->port()), {.tls = tls});
    LogHead head;
    const absl::Status status =
        rpc::Call(*EventService::NewStub(channel), &EventService::Stub::GetLogHead,
                  GetLogHeadRequest(), head, absl::Now() + kPatience);
    if (!status.ok()) return status;
    return head.position() == 1;
  }

  Callee callee_;
  std::string folder_;
  std::vector<std::string> files_;
  std::unique_ptr<Server> server_;
};

TEST_F(TlsTest, CallsArriveOverTls) {
  const TestCertificate certificate = Valid();
  Serve(Identity("server", certificate));

  EXPECT_EQ(Call(Trusting("ca.crt", certificate)), absl::StatusOr<bool>(false));
}

// Names end with a dot for the resolver, as in a cluster; certificates have none.
TEST_F(TlsTest, TheDotAtTheEndOfANameIsNoPartOfIt) {
  const TestCertificate certificate = Valid();
  Serve(Identity("server", certificate));
  grpc::ChannelArguments arguments;
  arguments.SetSslTargetNameOverride("localhost.");  // no resolver here would know it

  const auto channel =
      grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", server_->port()),
                                MakeChannelCredentials(Trusting("ca.crt", certificate)), arguments);

  LogHead head;
  EXPECT_EQ(rpc::Call(*EventService::NewStub(channel), &EventService::Stub::GetLogHead,
                      GetLogHeadRequest(), head, absl::Now() + kPatience),
            absl::OkStatus());
}

TEST_F(TlsTest, PlainTextIsRefused) {
  Serve(Identity("server", Valid()));

  EXPECT_EQ(Call(TlsOptions()).status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(TlsTest, AServerOfAnotherAuthorityIsRefused) {
  Serve(Identity("server", Valid()));

  EXPECT_EQ(Call(Trusting("ca.crt", Valid())).status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(TlsTest, AServerOfAnotherNameIsRefused) {
  const TestCertificate certificate = Valid("somebody.example");
  Serve(Identity("server", certificate));

  EXPECT_EQ(Call(Trusting("ca.crt", certificate)).status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(TlsTest, ACallerShowsItsCertificateWhereItIsRequired) {
  const TestCertificate server = Valid();
  const TestCertificate caller = Valid("caller");
  TlsOptions tls = Identity("server", server);
  tls.authorities_file = Write("callers.crt", caller.certificate);
  tls.require_client_certificate = true;
  Serve(tls);

  TlsOptions with_certificate = Identity("caller", caller);
  with_certificate.authorities_file = Write("ca.crt", server.certificate);
  EXPECT_EQ(Call(with_certificate), absl::StatusOr<bool>(true));

  EXPECT_EQ(Call(Trusting("ca.crt", server)).status().code(), absl::StatusCode::kUnavailable);

  TlsOptions stranger = Identity("stranger", Valid("stranger"));
  stranger.authorities_file = Write("ca.crt", server.certificate);
  EXPECT_EQ(Call(stranger).status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(TlsTest, ANewCertificateIsTakenUpWithoutARestart) {
  const TestCertificate old_certificate = Valid();
  const TestCertificate new_certificate = Valid();
  Serve(Identity("server", old_certificate));
  ASSERT_TRUE(Call(Trusting("old.crt", old_certificate)).ok());

  Identity("server", new_certificate);

  const absl::Time deadline = absl::Now() + kPatience;
  const TlsOptions trusting_new = Trusting("new.crt", new_certificate);
  while (!Call(trusting_new).ok()) ASSERT_LT(absl::Now(), deadline);
  EXPECT_FALSE(Call(Trusting("old.crt", old_certificate)).ok());
}

TEST_F(TlsTest, ACertificateServesUntilTheNewOneHasItsKey) {
  const TestCertificate old_certificate = Valid();
  const TestCertificate new_certificate = Valid();
  Serve(Identity("server", old_certificate));

  Write("server.key", new_certificate.certificate_and_key);
  EXPECT_TRUE(Call(Trusting("old.crt", old_certificate)).ok());
  Write("server.crt", "");
  EXPECT_TRUE(Call(Trusting("old.crt", old_certificate)).ok());
  Write("server.crt", new_certificate.certificate);
  EXPECT_TRUE(Call(Trusting("new.crt", new_certificate)).ok());
  EXPECT_FALSE(Call(Trusting("old.crt", old_certificate)).ok());
}

TEST_F(TlsTest, AChannelTakesUpNewAuthoritiesWithoutARestart) {
  const TestCertificate certificate = Valid();
  Serve(Identity("server", certificate));
  TlsOptions tls = Trusting("ca.crt", Valid());
  tls.reload_interval = absl::Seconds(1);
  const auto channel = Connect(absl::StrCat(kHost, ":", server_->port()), {.tls = tls});
  const auto stub = EventService::NewStub(channel);
  const auto call = [&] {
    LogHead head;
    return rpc::Call(*stub, &EventService::Stub::GetLogHead, GetLogHeadRequest(), head,
                     absl::Now() + kPatience);
  };
  ASSERT_FALSE(call().ok());

  Write("ca.crt", certificate.certificate);

  const absl::Time deadline = absl::Now() + kPatience;
  while (!call().ok()) ASSERT_LT(absl::Now(), deadline);
}

TEST_F(TlsTest, ProbesAskForHealthInPlainText) {
  Serve(Identity("server", Valid()));
  const auto channel = Connect(absl::StrCat("127.0.0.1:", server_->health_port()));

  EXPECT_TRUE(channel->WaitForConnected(absl::ToChronoTime(absl::Now() + kPatience)));
  LogHead head;
  EXPECT_EQ(rpc::Call(*EventService::NewStub(channel), &EventService::Stub::GetLogHead,
                      GetLogHeadRequest(), head, absl::Now() + kPatience)
                .code(),
            absl::StatusCode::kUnimplemented);
}

TEST_F(TlsTest, EveryMistakeInTheFilesNamesItsFile) {
  const TlsOptions good = Identity("good", Valid());
  EXPECT_EQ(CheckTls(good), absl::OkStatus());
  EXPECT_EQ(CheckTls(TlsOptions()), absl::OkStatus());
  const std::string garbage = Write("garbage", "no PEM at all");
  const auto message = [](const TlsOptions& tls) { return std::string(CheckTls(tls).message()); };

  TlsOptions tls = good;
  tls.key_file = folder_ + "/nowhere.key";
  EXPECT_EQ(message(tls), tls.key_file + " cannot be read: No such file or directory");

  tls = good;
  tls.certificate_file = garbage;
  EXPECT_EQ(message(tls), garbage + " holds no certificate in PEM form");

  tls = good;
  tls.key_file = garbage;
  EXPECT_EQ(message(tls), garbage + " holds no private key in PEM form without a passphrase");

  tls = good;
  tls.key_file = Identity("other", Valid()).key_file;
  EXPECT_EQ(message(tls), absl::StrCat(tls.key_file, " is not the key of ", good.certificate_file));

  tls = good;
  tls.authorities_file = garbage;
  EXPECT_EQ(message(tls), garbage + " holds no certificate in PEM form");
}

}  // namespace
}  // namespace crier::rpc
