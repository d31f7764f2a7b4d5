#include "common/config/options.h"

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

// One option of each kind, as a binary would declare them.
struct Sample {
  std::string listen = "0.0.0.0:7400";
  std::string postgres_url;
  bool allow_http = false;
  int connections = 8;
  absl::Duration drain_grace = absl::Seconds(10);
  std::vector<std::string> allowed_ports = {"443"};
  std::string command = "serve";
};

class OptionsTest : public testing::Test {
 protected:
  OptionsTest() : options_("crier-test", "Takes part in tests.", "1.2.3") {
    options_.Commands(&sample_.command,
                      {{"serve", "Serve; the default."}, {"migrate", "Create the schema."}});
    options_.Add("listen", &sample_.listen, "Address to listen on.");
    options_.Required();
    options_.Add("test.postgres-url", &sample_.postgres_url, "The database.");
    options_.Required();
    options_.Secret();
    options_.Add("allow-http", &sample_.allow_http, "Permit http.");
    options_.Add("connections", &sample_.connections, 1, 64, "Connections at most.");
    options_.Add("drain-grace", &sample_.drain_grace, absl::ZeroDuration(), absl::Minutes(10),
                 "Time to drain.");
    options_.Add("allowed-ports", &sample_.allowed_ports, "Ports.");
  }

  ~OptionsTest() override { std::filesystem::remove_all(folder_); }

  absl::StatusOr<Options::Request> Parse(std::vector<const char*> arguments,
                                         std::vector<const char*> environment = {}) {
    arguments.insert(arguments.begin(), "crier-test");
    environment.push_back(nullptr);
    return options_.Parse(static_cast<int>(arguments.size()), arguments.data(), environment.data());
  }

  // As Parse(), with the required secret set; the lines of the error.
  std::vector<std::string> Mistakes(std::vector<const char*> arguments,
                                    std::vector<const char*> environment = {}) {
    environment.push_back("CRIER_TEST_POSTGRES_URL=postgresql://hidden");
    const auto request = Parse(std::move(arguments), std::move(environment));
    if (request.ok()) return {};
    EXPECT_EQ(request.status().code(), absl::StatusCode::kInvalidArgument);
    return absl::StrSplit(std::string(request.status().message()), '\n');
  }

  // The path of a new file.
  std::string File(const std::string& name, const std::string& content) {
    std::filesystem::create_directories(folder_);
    const std::string path = folder_ + "/" + name;
    std::ofstream(path) << content;
    return path;
  }

  Sample sample_;
  Options options_;
  const std::string folder_ = testing::TempDir() + "crier_options_test_" +
                              testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(OptionsTest, DefaultsStayWhenNothingIsGiven) {
  EXPECT_THAT(Mistakes({}), IsEmpty());

  EXPECT_EQ(sample_.listen, "0.0.0.0:7400");
  EXPECT_FALSE(sample_.allow_http);
  EXPECT_EQ(sample_.connections, 8);
  EXPECT_EQ(sample_.drain_grace, absl::Seconds(10));
  EXPECT_THAT(sample_.allowed_ports, ElementsAre("443"));
  EXPECT_EQ(sample_.command, "serve");
}

TEST_F(OptionsTest, FlagsAreReadInBothForms) {
  EXPECT_THAT(Mistakes({"--listen=[::1]:0", "--connections", "16", "--drain-grace", "1m30s",
                        "--allowed-ports= 80 ,, 8000-8999", "--allow-http"}),
              IsEmpty());

  EXPECT_EQ(sample_.listen, "[::1]:0");
  EXPECT_EQ(sample_.connections, 16);
  EXPECT_EQ(sample_.drain_grace, absl::Seconds(90));
  EXPECT_THAT(sample_.allowed_ports, ElementsAre("80", "8000-8999"));
  EXPECT_TRUE(sample_.allow_http);
}

TEST_F(OptionsTest, SwitchesTakeAValueToo) {
  sample_.allow_http = true;
  EXPECT_THAT(Mistakes({"--allow-http=false"}), IsEmpty());
  EXPECT_FALSE(sample_.allow_http);
  EXPECT_THAT(Mistakes({"--allow-http", "true"}), IsEmpty());
  EXPECT_TRUE(sample_.allow_http);
  EXPECT_THAT(Mistakes({"--allow-http", "migrate"}), IsEmpty());
  EXPECT_EQ(sample_.command, "migrate");
}

TEST_F(OptionsTest, WhatOneCommandNeedsIsNotAskedOfTheOthers) {
  options_.CheckFor("serve", [] { return std::string("listen must be free"); });

  EXPECT_THAT(Mistakes({}), ElementsAre("listen must be free"));
  EXPECT_THAT(Mistakes({"migrate"}), IsEmpty());
}

TEST_F(OptionsTest, AValueMayBeEmptyOrHoldAnEqualsSign) {
  EXPECT_THAT(Mistakes({"--allowed-ports=", "--listen=a=b"}), IsEmpty());

  EXPECT_THAT(sample_.allowed_ports, IsEmpty());
  EXPECT_EQ(sample_.listen, "a=b");
}

TEST_F(OptionsTest, FlagsCountBeforeEnvironmentBeforeFile) {
  const std::string config = "--config=" + File("crier.conf",
                                                "listen = file:1\n"
                                                "connections = 2\n"
                                                "drain-grace = 3s\n");

  EXPECT_THAT(Mistakes({"--listen=flag:1", config.c_str()},
                       {"CRIER_LISTEN=variable:1", "CRIER_CONNECTIONS=4", "PATH=/bin"}),
              IsEmpty());

  EXPECT_EQ(sample_.listen, "flag:1");
  EXPECT_EQ(sample_.connections, 4);
  EXPECT_EQ(sample_.drain_grace, absl::Seconds(3));
}

TEST_F(OptionsTest, DotsAndDashesAreUnderscoresInTheEnvironment) {
  ASSERT_TRUE(Parse({}, {"CRIER_TEST_POSTGRES_URL=postgresql://x"}).ok());

  EXPECT_EQ(sample_.postgres_url, "postgresql://x");
}

TEST_F(OptionsTest, TheFileMayHaveCommentsAndWhiteSpace) {
  const std::string path = File("crier.conf",
                                "# comment\n"
                                "\n"
                                "  listen =  host:1  \r\n"
                                "  # another\n"
                                "test.postgres-url = postgresql://x?a=b#c");
  const std::string variable = "CRIER_CONFIG=" + path;

  const auto request = Parse({}, {variable.c_str()});

  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(sample_.listen, "host:1");
  EXPECT_EQ(sample_.postgres_url, "postgresql://x?a=b#c");
}

TEST_F(OptionsTest, EveryMistakeIsReported) {
  const std::string path = File("crier.conf",
                                "allow-http = yes\n"
                                "nonsense\n"
                                "allowed-port = 80\n"
                                "zzzzzz = 1\n"
                                "config = other.conf\n"
                                "drain-grace = 1s\n"
                                "drain-grace = 2s\n");
  const std::string config = "--config=" + path;

  EXPECT_THAT(
      Mistakes({"--lisen=x", "--connections=65", "-v", config.c_str(), "--config=again"},
               {"CRIER_DRAIN_GRACE=11m", "CRIER_LISTENN=x"}),
      UnorderedElementsAre(
          "--lisen: unknown flag; did you mean --listen?", "-v: unknown flag; see --help",
          "--config: given twice; leave one",
          "--connections: `65` must be a whole number from 1 to 64",
          "CRIER_DRAIN_GRACE: `11m` must be a duration from 0 to 10m, such as 200ms, 1.5s or 2m",
          "CRIER_LISTENN: unknown variable; did you mean CRIER_LISTEN?",
          path + ":1: allow-http: `yes` must be true or false",
          path + ":2: must have the form `name = value`",
          path + ":3: unknown name allowed-port; did you mean allowed-ports?",
          path + ":4: unknown name zzzzzz; see --help",
          path + ":5: unknown name config; see --help",
          path + ":7: drain-grace: given twice; leave one"));
}

TEST_F(OptionsTest, WhatOneServiceCallsByItselfIsFoundAmongThoseOfSeveral) {
  const std::string path = File("crier.conf", "postgres-url = postgresql://x\n");
  const std::string config = "--config=" + path;

  EXPECT_THAT(
      Mistakes({"--postgres-url=postgresql://x", config.c_str()}),
      IsSupersetOf<std::string>({"--postgres-url: unknown flag; did you mean --test.postgres-url?",
                                 path + ":1: unknown name postgres-url; did you mean "
                                        "test.postgres-url?"}));
}

TEST_F(OptionsTest, NumbersAndDurationsAreStrict) {
  for (const char* argument : {"--connections=", "--connections=x", "--connections=1.5",
                               "--connections=0", "--connections=99999999999"}) {
    EXPECT_THAT(Mistakes({argument}), ElementsAre(HasSubstr("whole number from 1 to 64")))
        << argument;
  }
  for (const char* argument :
       {"--drain-grace=", "--drain-grace=5", "--drain-grace=-1s", "--drain-grace=inf"}) {
    EXPECT_THAT(Mistakes({argument}), ElementsAre(HasSubstr("must be a duration from 0 to 10m")))
        << argument;
  }
}

TEST_F(OptionsTest, AFlagNeedsAValue) {
  EXPECT_THAT(Mistakes({"--listen", "--allow-http"}),
              ElementsAre("--listen: needs a value; write --listen=…"));
  EXPECT_THAT(Mistakes({"--listen"}), ElementsAre("--listen: needs a value; write --listen=…"));
}

TEST_F(OptionsTest, RequiredOptionsMustNotBeEmpty) {
  const auto missing = Parse({"--listen="});

  EXPECT_EQ(missing.status().message(),
            "--listen: required; set it, or CRIER_LISTEN\n"
            "--test.postgres-url: required; set it, or CRIER_TEST_POSTGRES_URL, or "
            "--test.postgres-url-file");
}

TEST_F(OptionsTest, VariablesOfOthersAreLeftAlone) {
  EXPECT_THAT(Mistakes({}, {"CRIER_COMMUNITY=1", "CRIER_INGEST_PORT=tcp://10.0.0.1:7401",
                            "CRIER_INGEST_SERVICE_HOST=10.0.0.1", "CRIERX=1"}),
              IsEmpty());
}

TEST_F(OptionsTest, ASecretMayComeFromAFile) {
  const std::string secret = File("secret", "postgresql://x \n\n");
  const std::string flag = "--test.postgres-url-file=" + secret;
  const std::string variable = "CRIER_TEST_POSTGRES_URL_FILE=" + secret;
  const std::string config = "--config=" + File("c", "test.postgres-url-file = " + secret);

  for (const auto& [argument, environment] : std::vector<std::pair<std::string, std::string>>{
           {flag, "X=1"}, {"--allow-http", variable}, {config, "X=1"}}) {
    sample_.postgres_url.clear();
    const auto request = Parse({argument.c_str()}, {environment.c_str()});
    ASSERT_TRUE(request.ok()) << request.status();
    EXPECT_EQ(sample_.postgres_url, "postgresql://x");
  }
}

TEST_F(OptionsTest, TheFileOfASecretCountsWhereItIsNamed) {
  const std::string variable = "CRIER_TEST_POSTGRES_URL_FILE=" + File("secret", "from-file");

  ASSERT_TRUE(Parse({"--test.postgres-url=from-flag"}, {variable.c_str()}).ok());

  EXPECT_EQ(sample_.postgres_url, "from-flag");
}

TEST_F(OptionsTest, ASecretAndItsFileInOnePlaceAreAMistake) {
  EXPECT_THAT(Mistakes({"--test.postgres-url=a", "--test.postgres-url-file=/b"}),
              ElementsAre("--test.postgres-url-file: given together with --test.postgres-url; "
                          "leave one"));
}

TEST_F(OptionsTest, FilesThatCannotBeReadAreMistakes) {
  const std::string missing = folder_ + "/missing";
  const std::string config = "--config=" + missing;
  const std::string secret = "--test.postgres-url-file=" + missing;
  const std::string directory = "--config=" + testing::TempDir();

  EXPECT_THAT(
      Mistakes({config.c_str(), secret.c_str()}),
      UnorderedElementsAre(
          "--config: cannot read " + missing + ": No such file or directory",
          "--test.postgres-url-file: cannot read " + missing + ": No such file or directory"));
  EXPECT_THAT(Mistakes({directory.c_str()}), ElementsAre(HasSubstr("Is a directory")));
  EXPECT_THAT(Mistakes({"--config=/dev/zero"}), ElementsAre(HasSubstr("larger than 1 MiB")));
}

TEST_F(OptionsTest, NoMistakeShowsASecret) {
  int pin = 0;
  options_.Add("pin", &pin, 1, 9, "A secret number.");
  options_.Secret();
  const std::string config = "--config=" + File("c", "postgresql://hidden\nurl = hidden\n");

  const std::vector<std::string> mistakes =
      Mistakes({"--pin=hidden", "--tset.postgres-url=hidden", "hidden", config.c_str()});

  EXPECT_EQ(mistakes.size(), 5u);
  for (const std::string& mistake : mistakes) EXPECT_THAT(mistake, Not(HasSubstr("hidden")));
}

TEST_F(OptionsTest, CommandsAreChecked) {
  EXPECT_THAT(Mistakes({"migrate", "--allow-http"}), IsEmpty());
  EXPECT_EQ(sample_.command, "migrate");
  EXPECT_THAT(Mistakes({"migrat"}), ElementsAre("unknown command: give one of serve, migrate"));
  EXPECT_THAT(Mistakes({"migrate", "serve"}),
              ElementsAre("more than one command: give one of serve, migrate"));
}

TEST_F(OptionsTest, WordsWithoutCommandsAreMistakes) {
  Options options("crier-test", "", "1");
  const char* const arguments[] = {"crier-test", "word"};
  const char* const environment[] = {nullptr};

  EXPECT_THAT(std::string(options.Parse(2, arguments, environment).status().message()),
              HasSubstr("a word without a flag"));
}

TEST_F(OptionsTest, ChecksRunOnlyWhenEachOptionIsRight) {
  options_.Check([this] {
    return sample_.connections > 32 && !sample_.allow_http ? "more than 32 need --allow-http" : "";
  });
  options_.Check([] { return ""; });

  EXPECT_THAT(Mistakes({"--connections=40"}), ElementsAre("more than 32 need --allow-http"));
  EXPECT_THAT(Mistakes({"--connections=40", "--drain-grace=x"}),
              ElementsAre(HasSubstr("--drain-grace")));
  EXPECT_THAT(Mistakes({"--connections=40", "--allow-http"}), IsEmpty());
}

TEST_F(OptionsTest, HelpAndVersionAreAnsweredWhateverElseIsThere) {
  EXPECT_EQ(Parse({"--nonsense", "--help"}).value(), Options::Request::kHelp);
  EXPECT_EQ(Parse({"-h"}).value(), Options::Request::kHelp);
  EXPECT_EQ(Parse({"--version"}).value(), Options::Request::kVersion);
  EXPECT_EQ(Parse({}, {"CRIER_TEST_POSTGRES_URL=x"}).value(), Options::Request::kRun);
}

TEST_F(OptionsTest, HelpShowsEveryOptionWithDefaultAndVariable) {
  EXPECT_EQ(options_.Help(), R"(crier-test 1.2.3
Takes part in tests.

Usage: crier-test [COMMAND] [--OPTION=VALUE]...

Commands:
  serve    Serve; the default.
  migrate  Create the schema.

Options:
  --config=TEXT
      File with further settings, one `name = value` a line.
      Default: empty. Environment: CRIER_CONFIG.
  --listen=TEXT
      Address to listen on.
      Default: 0.0.0.0:7400. Environment: CRIER_LISTEN.
  --allow-http[=true|false]
      Permit http.
      Default: false. Environment: CRIER_ALLOW_HTTP.
  --connections=NUMBER
      Connections at most.
      Default: 8. Environment: CRIER_CONNECTIONS.
  --drain-grace=DURATION
      Time to drain.
      Default: 10s. Environment: CRIER_DRAIN_GRACE.
  --allowed-ports=ITEM,...
      Ports.
      Default: 443. Environment: CRIER_ALLOWED_PORTS.
  --help
      Show this text.
  --version
      Show the version.

Options of test:
  --test.postgres-url=TEXT
      The database.
      Required. Environment: CRIER_TEST_POSTGRES_URL. Or the path of a file that
      holds it: --test.postgres-url-file=PATH, CRIER_TEST_POSTGRES_URL_FILE.

An option is read from its flag, its environment variable or its line in the
file that --config names; the first of these counts.
)");
}

TEST_F(OptionsTest, HelpNeverShowsASecret) {
  Options options("crier-test", "A test.", "1");
  std::string secret = "hidden";
  options.Add("secret", &secret, "A secret.");
  options.Secret();

  EXPECT_THAT(options.Help(), HasSubstr("Default: not shown."));
  EXPECT_THAT(options.Help(), Not(HasSubstr("hidden")));
}

}  // namespace
}  // namespace crier::config
