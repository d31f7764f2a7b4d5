#include "common/pg/connection_settings.h"

#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::pg {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string StringOf(const char* url, absl::Duration timeout = absl::Seconds(5)) {
  return ConnectionString({url, "", "ingest"}, timeout).value();
}

TEST(ConnectionStringTest, TakesTheUrlApart) {
  const std::string text = StringOf("postgresql://ada:it's%40\\@db:5433/crier");
  EXPECT_THAT(text, HasSubstr("host='db'"));
  EXPECT_THAT(text, HasSubstr("port='5433'"));
  EXPECT_THAT(text, HasSubstr("dbname='crier'"));
  EXPECT_THAT(text, HasSubstr("user='ada'"));
  EXPECT_THAT(text, HasSubstr(R"(password='it\'s@\\')"));
}

TEST(ConnectionStringTest, CompletesWhatTheUrlLeavesOpen) {
  const std::string text = StringOf("host=db");
  EXPECT_THAT(text, HasSubstr("fallback_application_name='crier/ingest'"));
  EXPECT_THAT(text, HasSubstr("target_session_attrs='read-write'"));
  EXPECT_THAT(text, HasSubstr("connect_timeout='5'"));
}

TEST(ConnectionStringTest, KeepsWhatTheUrlSays) {
  const std::string text = StringOf("host=db connect_timeout=9 target_session_attrs=any");
  EXPECT_THAT(text, HasSubstr("connect_timeout='9'"));
  EXPECT_THAT(text, HasSubstr("target_session_attrs='any'"));
  EXPECT_THAT(text, Not(HasSubstr("read-write")));
}

TEST(ConnectionStringTest, SpeaksUtf8Always) {
  EXPECT_THAT(StringOf("host=db client_encoding=LATIN1"), HasSubstr("client_encoding='UTF8'"));
}

TEST(ConnectionStringTest, RoundsTheTimeoutUpToWhatLibpqCanDo) {
  EXPECT_THAT(StringOf("", absl::Milliseconds(1)), HasSubstr("connect_timeout='2'"));
  EXPECT_THAT(StringOf("", absl::Milliseconds(3001)), HasSubstr("connect_timeout='4'"));
  EXPECT_THAT(StringOf("", -absl::Seconds(1)), HasSubstr("connect_timeout='2'"));
}

TEST(ConnectionStringTest, DoesNotQuoteAMalformedUrl) {
  const auto text = ConnectionString({"postgresql://u:secret%zz@db", "", ""}, absl::Seconds(5));
  EXPECT_EQ(text.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ErrorReason(text.status()), "INVALID_DATABASE_URL");
  EXPECT_THAT(text.status().ToString(), Not(HasSubstr("secret")));
}

TEST(ConnectionStringTest, ReadsThePasswordAnewEachTime) {
  const std::string path = testing::TempDir() + "crier-password-" + std::to_string(getpid());
  const Database database = {"postgresql://ada:old@db/crier", "", "", path};

  std::ofstream(path) << "first secret\n";
  EXPECT_THAT(*ConnectionString(database, absl::Seconds(5)), HasSubstr("password='first secret'"));
  std::ofstream(path) << "second";
  EXPECT_THAT(*ConnectionString(database, absl::Seconds(5)), HasSubstr("password='second'"));

  std::remove(path.c_str());
  const absl::Status missing = ConnectionString(database, absl::Seconds(5)).status();
  EXPECT_EQ(ErrorReason(missing), "PASSWORD_FILE_MISSING");
  EXPECT_THAT(std::string(missing.message()), HasSubstr(path));
}

}  // namespace
}  // namespace crier::pg
