#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/process/process.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::process {
namespace {

using testing::HasSubstr;

class MainTest : public testing::Test {
 protected:
  int Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "crier-test");
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int exit_code = Main(static_cast<int>(arguments.size()), argv.data(), MakeProgram());
    out_ = testing::internal::GetCapturedStdout();
    err_ = testing::internal::GetCapturedStderr();
    return exit_code;
  }

  Program MakeProgram() {
    Program program;
    program.name = "crier-test";
    program.description = "Tests the main function.";
    program.serve = &serve_;
    program.add_options = [this](config::Options& options) {
      options.Add("colour", &colour_, "Colour of the bicycle shed.");
    };
    program.migrate = [this] {
      ++migrations_;
      return migrate_status_;
    };
    program.serve_command = [this](metrics::Registry&) {
      ++serves_;
      return 7;
    };
    return program;
  }

  ServeOptions serve_;
  std::string colour_ = "green";
  absl::Status migrate_status_;
  int migrations_ = 0;
  int serves_ = 0;
  std::string out_, err_;
};

TEST_F(MainTest, ServesWithoutAWord) {
  EXPECT_EQ(Run({"--colour=red", "--drain-grace=3s", "--listen=127.0.0.1:0"}), 7);

  EXPECT_EQ(serves_, 1);
  EXPECT_EQ(colour_, "red");
  EXPECT_EQ(serve_.drain_grace, absl::Seconds(3));
  EXPECT_EQ(serve_.listen, "127.0.0.1:0");
}

TEST_F(MainTest, ServesOnCommand) {
  EXPECT_EQ(Run({"serve"}), 7);
  EXPECT_EQ(serves_, 1);
}

TEST_F(MainTest, Migrates) {
  EXPECT_EQ(Run({"migrate"}), 0);

  EXPECT_EQ(migrations_, 1);
  EXPECT_EQ(serves_, 0);
  EXPECT_THAT(err_, HasSubstr("migrated"));
}

TEST_F(MainTest, TellsWhyItCannotMigrateAndDoesNotTryAgain) {
  migrate_status_ = absl::UnavailableError("Postgres cannot be reached; see --postgres-url");

  EXPECT_EQ(Run({"migrate"}), 1);

  EXPECT_EQ(migrations_, 1);
  EXPECT_THAT(err_, HasSubstr("Postgres cannot be reached; see --postgres-url"));
}

TEST_F(MainTest, HelpNamesEverySetting) {
  EXPECT_EQ(Run({"--help"}), 0);

  for (const char* const name :
       {"colour", "listen", "metrics-listen", "log-level", "drain-delay", "drain-grace",
        "health-listen", "migrate", "serve", "Tests the main function."}) {
    EXPECT_THAT(out_, HasSubstr(name));
  }
  EXPECT_EQ(serves_, 0);
}

TEST_F(MainTest, TellsItsVersion) {
  EXPECT_EQ(Run({"--version"}), 0);

  EXPECT_THAT(out_, testing::MatchesRegex("crier-test [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST_F(MainTest, WrongSettingsEndItBeforeItBegins) {
  EXPECT_EQ(Run({"--log-level=loud"}), 2);
  EXPECT_THAT(err_, HasSubstr("log-level is `loud`"));

  EXPECT_EQ(Run({"--color=red"}), 2);
  EXPECT_THAT(err_, HasSubstr("color"));

  EXPECT_EQ(Run({"--drain-grace=for ever"}), 2);
  EXPECT_THAT(err_, HasSubstr("drain-grace"));
  EXPECT_EQ(serves_, 0);
}

TEST_F(MainTest, SettingsOfTlsThatContradictEachOther) {
  EXPECT_EQ(Run({"--tls-cert-file=/a"}), 2);
  EXPECT_EQ(err_, "tls-cert-file and tls-key-file belong together: give both or neither\n");

  serve_ = ServeOptions();
  EXPECT_EQ(Run({"--tls-key-file=/a"}), 2);
  EXPECT_THAT(err_, HasSubstr("belong together"));

  serve_ = ServeOptions();
  EXPECT_EQ(Run({"--tls-require-client-cert", "--tls-cert-file=/a", "--tls-key-file=/b"}), 2);
  EXPECT_EQ(err_,
            "tls-require-client-cert needs tls-cert-file, tls-key-file and tls-ca-file as well\n");
}

TEST_F(MainTest, FilesOfTlsThatAreMissing) {
  EXPECT_EQ(Run({"--tls-cert-file=/nowhere/tls.crt", "--tls-key-file=/nowhere/tls.key"}), 2);
  EXPECT_EQ(err_, "TLS: /nowhere/tls.crt cannot be read: No such file or directory\n");

  serve_ = ServeOptions();
  EXPECT_EQ(Run({"--tls-ca-file=/nowhere/ca.crt"}), 2);
  EXPECT_EQ(err_, "TLS: /nowhere/ca.crt cannot be read: No such file or directory\n");
  EXPECT_EQ(serves_, 0);
}

}  // namespace
}  // namespace crier::process
