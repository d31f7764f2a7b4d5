#include "common/log/log.h"

#include <rapidjson/document.h>
#include <sys/socket.h>
#include <unistd.h>

#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "common/trace/context.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::log {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

// Stands in for standard error while it lives. A datagram socket keeps the borders of write(2).
class CapturedStandardError {
 public:
  CapturedStandardError() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), 0);
    reader_ = ends[0];
    original_ = ::dup(STDERR_FILENO);
    ::dup2(ends[1], STDERR_FILENO);
    ::close(ends[1]);
  }

  ~CapturedStandardError() {
    ::dup2(original_, STDERR_FILENO);
    ::close(original_);
    ::close(reader_);
  }

  // What the next write(2) wrote; empty when there was none.
  std::string NextWrite() {
    std::string bytes(65536, '\0');
    const ssize_t length = ::recv(reader_, bytes.data(), bytes.size(), MSG_DONTWAIT);
    bytes.resize(length > 0 ? length : 0);
    return bytes;
  }

 private:
  int reader_ = -1;
  int original_ = -1;
};

class LogTest : public testing::Test {
 protected:
  LogTest() { Initialize("crier-test", Level::kInfo); }
  ~LogTest() override { Initialize("", Level::kWarning); }

  // The only line that `site` writes, parsed.
  template <typename Site>
  static rapidjson::Document LineOf(Site site) {
    CapturedStandardError captured;
    site();
    const std::string line = captured.NextWrite();
    EXPECT_EQ(captured.NextWrite(), "");
    EXPECT_EQ(line.find('\n'), line.size() - 1) << line;
    rapidjson::Document document;
    document.Parse<rapidjson::kParseValidateEncodingFlag>(line.data(), line.size());
    EXPECT_FALSE(document.HasParseError()) << line;
    return document;
  }
};

TEST_F(LogTest, NamesAreApi) {
  CapturedStandardError captured;

  Info("lease gained", {{"slot", 7}, {"owner", "a"}});

  EXPECT_THAT(captured.NextWrite(),
              MatchesRegex(R"(\{"time":"[0-9-]{10}T[0-9:]{8}\.[0-9]{6}Z","level":"info",)"
                           R"("service":"crier-test","message":"lease gained",)"
                           R"("slot":7,"owner":"a"\})"
                           "\n"));
}

TEST_F(LogTest, WritesEveryKindOfField) {
  const auto line = LineOf([] {
    Warning("kinds", {{"int", -1},
                      {"int64", std::numeric_limits<int64_t>::min()},
                      {"size", std::numeric_limits<size_t>::max()},
                      {"double", 0.1},
                      {"infinite", std::numeric_limits<double>::infinity()},
                      {"bool", true},
                      {"text", std::string("t")},
                      {"view", absl::string_view("v")},
                      {"duration", absl::Milliseconds(1500)},
                      {"for_ever", absl::InfiniteDuration()},
                      {"status", absl::AbortedError("moved")},
                      {"ok", absl::OkStatus()}});
  });

  EXPECT_STREQ(line["level"].GetString(), "warning");
  EXPECT_EQ(line["int"].GetInt(), -1);
  EXPECT_EQ(line["int64"].GetInt64(), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(line["size"].GetUint64(), std::numeric_limits<size_t>::max());
  EXPECT_EQ(line["double"].GetDouble(), 0.1);
  EXPECT_TRUE(line["infinite"].IsNull());
  EXPECT_TRUE(line["bool"].GetBool());
  EXPECT_STREQ(line["text"].GetString(), "t");
  EXPECT_STREQ(line["view"].GetString(), "v");
  EXPECT_EQ(line["duration"].GetDouble(), 1.5);
  EXPECT_TRUE(line["for_ever"].IsNull());
  EXPECT_STREQ(line["status"].GetString(), "ABORTED: moved");
  EXPECT_STREQ(line["ok"].GetString(), "OK");
}

TEST_F(LogTest, LinesHaveTheTraceThatTheThreadWorksFor) {
  const auto line = LineOf([] {
    const trace::Scope scope(
        *trace::ParseTraceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"));
    Info("traced");
  });

  EXPECT_STREQ(line["trace_id"].GetString(), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_FALSE(LineOf([] { Info("not traced"); }).HasMember("trace_id"));
}

TEST_F(LogTest, TheLevelChangesWhileRunning) {
  CapturedStandardError captured;

  SetLevel(Level::kError);
  Warning("hidden");
  EXPECT_FALSE(Shown(Level::kWarning));
  SetLevel(Level::kDebug);
  EXPECT_TRUE(Shown(Level::kDebug));
  Debug("shown");

  EXPECT_THAT(captured.NextWrite(), HasSubstr(R"("message":"shown")"));
}

TEST_F(LogTest, ALoopIsCutShortAndOthersAreNot) {
  CapturedStandardError captured;

  const auto count_lines = [&] {
    int lines = 0;
    while (!captured.NextWrite().empty()) ++lines;
    return lines;
  };
  int lines = 0;
  for (int i = 0; i < 1000; ++i) {
    Info("again and again");
    lines += count_lines();
  }
  EXPECT_GE(lines, 100);
  EXPECT_LT(lines, 500);  // 10 a second on top

  Info("another site");
  EXPECT_EQ(count_lines(), 1);
  for (int i = 0; i < 200; ++i) {
    WriteRecord(Level::kInfo, "again and again", {});
    EXPECT_EQ(count_lines(), 1);
  }
}

TEST_F(LogTest, StatusDetailsAreNotShown) {
  absl::Status status = absl::InternalError("failed");
  status.SetPayload("type.googleapis.com/x", absl::Cord("hidden"));

  const auto line = LineOf([&] { Error("x", {{"status", status}}); });

  EXPECT_STREQ(line["status"].GetString(), "INTERNAL: failed");
}

TEST_F(LogTest, AnyBytesMakeOneLineOfValidJson) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes.push_back(static_cast<char>(byte));

  const auto line = LineOf([&] { Error(bytes, {{bytes, bytes}}); });

  const std::string message(line["message"].GetString(), line["message"].GetStringLength());
  EXPECT_EQ(message.substr(0, 128), bytes.substr(0, 128));
  EXPECT_THAT(message, HasSubstr("\xEF\xBF\xBD"));
}

TEST_F(LogTest, ReservedNamesStayUnique) {
  const auto line = LineOf([] {
    Info("site", {{"time", 1},
                  {"level", 2},
                  {"service", 3},
                  {"message", 4},
                  {"trace_id", 5},
                  {"suppressed", 6}});
  });

  EXPECT_STREQ(line["message"].GetString(), "site");
  EXPECT_STREQ(line["service"].GetString(), "crier-test");
  EXPECT_EQ(line["field_time"].GetInt(), 1);
  EXPECT_EQ(line["field_level"].GetInt(), 2);
  EXPECT_EQ(line["field_service"].GetInt(), 3);
  EXPECT_EQ(line["field_message"].GetInt(), 4);
  EXPECT_EQ(line["field_trace_id"].GetInt(), 5);
  EXPECT_EQ(line["field_suppressed"].GetInt(), 6);
}

TEST_F(LogTest, LevelsBelowTheLowestAreNotShown) {
  CapturedStandardError captured;

  Debug("hidden");
  Info("shown");

  EXPECT_THAT(captured.NextWrite(), HasSubstr(R"("message":"shown")"));
}

TEST_F(LogTest, LinesHaveNoServiceBeforeInitialisation) {
  Initialize("", Level::kWarning);

  const auto line = LineOf([] {
    Info("hidden");
    Warning("shown");
  });

  EXPECT_FALSE(line.HasMember("service"));
  EXPECT_STREQ(line["message"].GetString(), "shown");
}

TEST_F(LogTest, LinesOfSeveralThreadsDoNotMix) {
  constexpr int kLinesPerThread = 40;  // all fit in the buffer of the socket
  CapturedStandardError captured;

  std::vector<std::thread> threads;
  for (const std::string text : {"aaaa", "bbbb"}) {
    threads.emplace_back([text] {
      for (int i = 0; i < kLinesPerThread; ++i) Info(text, {{"again", text}});
    });
  }
  for (std::thread& thread : threads) thread.join();

  for (int i = 0; i < 2 * kLinesPerThread; ++i) {
    EXPECT_THAT(
        captured.NextWrite(),
        MatchesRegex(R"(\{.*("message":"aaaa","again":"aaaa"|"message":"bbbb","again":"bbbb")\})"
                     "\n"));
  }
}

TEST(ParseLevelTest, KnowsTheFourLevels) {
  Level level = Level::kError;
  EXPECT_TRUE(ParseLevel("debug", &level));
  EXPECT_EQ(level, Level::kDebug);
  EXPECT_TRUE(ParseLevel("info", &level));
  EXPECT_EQ(level, Level::kInfo);
  EXPECT_TRUE(ParseLevel("warning", &level));
  EXPECT_EQ(level, Level::kWarning);
  EXPECT_TRUE(ParseLevel("error", &level));
  EXPECT_EQ(level, Level::kError);
  EXPECT_FALSE(ParseLevel("INFO", &level));
  EXPECT_FALSE(ParseLevel("", &level));
  EXPECT_EQ(level, Level::kError);
}

}  // namespace
}  // namespace crier::log
