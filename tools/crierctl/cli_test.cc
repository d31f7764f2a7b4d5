#include "tools/crierctl/cli.h"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::crierctl {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

struct Outcome {
  int exit_code;
  std::string out;
  std::string err;
};

// Runs a command line that reaches no server. Port 1 refuses connections.
Outcome RunWith(std::vector<const char*> words) {
  words.insert(words.begin(), "crierctl");
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  Session session{
      .in = in, .out = out, .err = err, .err_is_terminal = false, .settings = {}, .action = {}};
  const int exit_code = Run(static_cast<int>(words.size()), words.data(), session);
  return {exit_code, out.str(), err.str()};
}

class CliTest : public testing::Test {
 protected:
  CliTest() {
    for (const char* name :
         {"CRIER_SERVER", "CRIER_COMMUNITY", "CRIER_INGEST_SERVER", "CRIER_WORKFLOW_SERVER",
          "CRIER_DELIVERY_SERVER", "CRIER_SIGNING_SECRET", "CRIER_TLS_CA_FILE",
          "CRIER_TLS_CERT_FILE", "CRIER_TLS_KEY_FILE"}) {
      unsetenv(name);
    }
  }
};

TEST_F(CliTest, PrintsItsVersion) {
  EXPECT_THAT(RunWith({"version"}).out, StartsWith("crierctl "));
  EXPECT_EQ(RunWith({"version"}).exit_code, 0);
  EXPECT_THAT(RunWith({"version", "--output", "json"}).out, StartsWith("{\"version\":\""));
  EXPECT_THAT(RunWith({"--version"}).out, StartsWith("crierctl "));
}

TEST(CliOutputTest, OutputThatCannotBeWrittenIsAFailure) {
  for (const char* const word : {"version", "--version", "--help"}) {
    std::istringstream in;
    std::ofstream full("/dev/full");
    std::ostringstream err;
    Session session{.in = in, .out = full, .err = err, .settings = {}, .action = {}};
    const char* const words[] = {"crierctl", word};

    EXPECT_EQ(crierctl::Run(2, words, session), 1) << word;
    EXPECT_THAT(err.str(), HasSubstr("could be written")) << word;
  }
}

TEST_F(CliTest, FilesOfTlsMustBeThere) {
  const Outcome outcome =
      RunWith({"webhooks", "list", "--community=7", "--tls-ca-file=/nowhere/ca.crt"});

  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(outcome.err, "error: /nowhere/ca.crt cannot be read: No such file or directory\n");
}

TEST_F(CliTest, ACertificateNeedsItsKey) {
  const Outcome outcome = RunWith({"version", "--tls-cert-file=/nowhere/tls.crt"});

  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("--tls-key-file"));
}

TEST_F(CliTest, HelpsOnStandardOutput) {
  const Outcome outcome = RunWith({"webhooks", "--help"});

  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("create"), HasSubstr("test")));
  EXPECT_THAT(outcome.err, IsEmpty());
}

TEST_F(CliTest, SuggestsTheNearestCommand) {
  const Outcome top = RunWith({"webhoks", "list"});
  const Outcome inner = RunWith({"workflows", "enabel", "3"});

  EXPECT_EQ(top.exit_code, 2);
  EXPECT_THAT(top.err, HasSubstr("unknown command `webhoks`; did you mean `webhooks`?"));
  EXPECT_EQ(inner.exit_code, 2);
  EXPECT_THAT(inner.err, HasSubstr("unknown command `enabel`; did you mean `enable`?"));
  EXPECT_THAT(inner.err, HasSubstr("See: crierctl workflows --help"));
}

TEST_F(CliTest, SuggestsTheNearestOption) {
  const Outcome own =
      RunWith({"webhooks", "create", "--display-name", "a", "--url", "b", "--envelop"});
  const Outcome global = RunWith({"webhooks", "list", "--comunity=7"});

  EXPECT_EQ(own.exit_code, 2);
  EXPECT_THAT(own.err, HasSubstr("unknown option `--envelop`; did you mean `--envelope`?"));
  EXPECT_THAT(global.err, HasSubstr("unknown option `--comunity`; did you mean `--community`?"));
}

TEST_F(CliTest, ShowsWhatThereIsWhenACommandIsMissing) {
  const Outcome outcome = RunWith({"deliveries"});

  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("list"), HasSubstr("get")));
  EXPECT_THAT(outcome.err, HasSubstr("Usage: crierctl deliveries "));
  EXPECT_THAT(outcome.out, IsEmpty());
}

TEST_F(CliTest, NamesWhatIsMissingOrWrong) {
  EXPECT_THAT(RunWith({"webhooks", "create", "--display-name", "x"}).err,
              HasSubstr("--url is required"));
  EXPECT_THAT(RunWith({"webhooks", "list"}).err, HasSubstr("CRIER_COMMUNITY"));
  EXPECT_THAT(RunWith({"webhooks", "get", "x", "--community", "7"}).err,
              HasSubstr("`x` names none of the webhooks"));
  EXPECT_THAT(RunWith({"--timeout", "soon", "webhooks", "list"}).err,
              HasSubstr("`soon` is no duration"));
  EXPECT_THAT(RunWith({"--timeout", "0s", "webhooks", "list"}).err, HasSubstr("`0s` is too short"));
  EXPECT_THAT(RunWith({"runs", "get", "12", "--community", "7"}).err,
              HasSubstr("`12` names no run: give `<workflow>/<run>`"));
  EXPECT_THAT(RunWith({"contacts", "merge", "1", "--community", "7"}).err,
              HasSubstr("two contacts or more"));
  EXPECT_THAT(RunWith({"webhooks", "list", "--output", "xml"}).err, HasSubstr("xml"));
  EXPECT_THAT(RunWith({"webhooks", "update", "3", "--community", "7"}).err,
              HasSubstr("nothing to change"));
  EXPECT_THAT(RunWith({"webhooks", "test", "--community", "7"}).err, HasSubstr("what to test?"));
  EXPECT_THAT(RunWith({"webhooks", "test", "3", "--url", "x", "--community", "7"}).err,
              HasSubstr("a saved webhook is tested as it is"));
  EXPECT_THAT(RunWith({"webhooks", "list", "--community", "7", "--limit", "0"}).err,
              HasSubstr("--limit: must be a whole number, 1 or more"));
  EXPECT_THAT(RunWith({"listen", "--port", "x"}).err,
              HasSubstr("--port: must be a whole number, from 0 to 65535"));
  EXPECT_THAT(RunWith({"workflows", "create", "--display-name=x", "--template=new-member",
                       "--webhook=3", "--daily-at=09:00", "--community=7"})
                  .err,
              HasSubstr("--daily-at: only members-that-meet-criteria runs daily"));
  EXPECT_THAT(RunWith({"listen", "--signing-secret", "hunter2"}).err,
              AllOf(HasSubstr("--signing-secret"), Not(HasSubstr("hunter2"))));
  for (const auto& words : std::vector<std::vector<const char*>>{
           {"webhooks", "create", "--display-name", "x"},
           {"webhooks", "list"},
           {"webhooks", "test", "--community", "7"},
           {"workflows", "create", "--display-name", "x", "--template", "daily", "--webhook", "3"},
           {"webhooks", "create", "--display-name", "x", "--url", "y", "--header", "no colon"},
           {"ingest", "contacts", "--community", "7"},
           {"ingest", "contacts", "--community", "7", "--batch-size", "1001", "-"},
           {"listen", "--port", "65536"}}) {
    EXPECT_EQ(RunWith(words).exit_code, 2) << words.back();
  }
}

TEST_F(CliTest, SaysWhereNobodyAnswers) {
  const Outcome outcome =
      RunWith({"webhooks", "list", "--community", "7", "--server", "127.0.0.1:1"});

  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err, StartsWith("error: no server answers at 127.0.0.1:1"));
  EXPECT_THAT(outcome.out, IsEmpty());
}

TEST_F(CliTest, AnAddressHasAHostAndAPort) {
  for (const char* address : {"", "localhost", "localhost:", "localhost:x", ":7400", "::1",
                              "::1:7400", "[::1]", "http://localhost:7400"}) {
    const Outcome outcome = RunWith({"webhooks", "list", "--community", "7", "--server", address});
    EXPECT_EQ(outcome.exit_code, 2) << address;
    EXPECT_THAT(outcome.err, HasSubstr("is no address: write `host:port`")) << address;
  }
}

TEST_F(CliTest, AnAddressMayBeIpV6OrATargetOfGrpc) {
  for (const char* address : {"[::1]:1", "ipv4:127.0.0.1:1", "dns:///localhost:1"}) {
    const Outcome outcome = RunWith({"webhooks", "list", "--community", "7", "--server", address});
    EXPECT_EQ(outcome.exit_code, 1) << address;
    EXPECT_THAT(outcome.err, HasSubstr("no server answers at")) << address;
  }
}

TEST_F(CliTest, AnEmptyValueDoesNotTakeTheNextWord) {
  EXPECT_THAT(RunWith({"--community=", "webhooks", "list"}).err, HasSubstr("CRIER_COMMUNITY"));
  EXPECT_THAT(RunWith({"webhooks", "update", "3", "--secret=", "--no-such", "--community=7"}).err,
              HasSubstr("unknown option `--no-such`"));
}

TEST_F(CliTest, AsksTheServiceThatRunsApart) {
  const auto asked_by = [](const char* group, const char* command, const char* name) {
    std::vector<const char*> words = {group,
                                      command,
                                      "--community=7",
                                      "--server=127.0.0.1:1",
                                      "--ingest-server=127.0.0.1:2",
                                      "--workflow-server=127.0.0.1:3",
                                      "--delivery-server=127.0.0.1:4"};
    if (name != nullptr) words.push_back(name);
    return RunWith(words).err;
  };
  EXPECT_THAT(asked_by("contacts", "list", nullptr), HasSubstr("at 127.0.0.1:2"));
  EXPECT_THAT(asked_by("log", "heads", nullptr), HasSubstr("at 127.0.0.1:2"));
  EXPECT_THAT(asked_by("workflows", "list", nullptr), HasSubstr("at 127.0.0.1:3"));
  EXPECT_THAT(asked_by("runs", "list", "3"), HasSubstr("at 127.0.0.1:3"));
  EXPECT_THAT(asked_by("webhooks", "get", "3"), HasSubstr("at 127.0.0.1:4"));
  EXPECT_THAT(asked_by("webhooks", "health", "3"), HasSubstr("at 127.0.0.1:4"));
  EXPECT_THAT(asked_by("deliveries", "list", nullptr), HasSubstr("at 127.0.0.1:4"));
  EXPECT_THAT(asked_by("recoveries", "list", nullptr), HasSubstr("at 127.0.0.1:4"));
}

TEST_F(CliTest, ReadsTheEnvironmentAndLetsOptionsWin) {
  setenv("CRIER_SERVER", "127.0.0.1:1", 1);
  setenv("CRIER_COMMUNITY", "7", 1);

  EXPECT_THAT(RunWith({"webhooks", "list"}).err, HasSubstr("at 127.0.0.1:1"));
  EXPECT_THAT(RunWith({"webhooks", "list", "--server", "127.0.0.1:2"}).err,
              HasSubstr("at 127.0.0.1:2"));
}

TEST_F(CliTest, NamesAFileThatCannotBeRead) {
  const Outcome outcome = RunWith({"ingest", "contacts", "/nonexistent.json", "--community", "7"});

  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("/nonexistent.json"));
}

}  // namespace
}  // namespace crier::crierctl
