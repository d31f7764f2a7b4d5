#include "common/http/response_reader.h"

#include <initializer_list>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::http {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

ResponseReader Read(std::initializer_list<std::string> lines) {
  ResponseReader reader;
  for (const std::string& line : lines) EXPECT_TRUE(reader.AddHeaderLine(line + "\r\n"));
  return reader;
}

TEST(ResponseReader, KeepsHeadersInOrderWithNamesInLowerCase) {
  ResponseReader reader =
      Read({"HTTP/1.1 200 OK", "Retry-After: 30", "X-Twice: a", "x-twice:b ", ""});

  EXPECT_TRUE(reader.has_head());
  EXPECT_THAT(reader.TakeHeaders(),
              ElementsAre(Pair("retry-after", "30"), Pair("x-twice", "a"), Pair("x-twice", "b")));
}

TEST(ResponseReader, ForgetsInterimResponses) {
  ResponseReader reader =
      Read({"HTTP/1.1 100 Continue", "X-Interim: 1", "", "HTTP/2 204", "x-final: 1", ""});

  EXPECT_THAT(reader.TakeHeaders(), ElementsAre(Pair("x-final", "1")));
}

TEST(ResponseReader, IsNotDoneAfterAnInterimResponse) {
  EXPECT_FALSE(Read({"HTTP/1.1 100 Continue", ""}).has_head());
}

TEST(ResponseReader, IgnoresTrailersAndLinesThatAreNoHeaders) {
  ResponseReader reader =
      Read({"HTTP/1.1 200 OK", "no colon", ": no name", "a: 1", " folded: x", "", "trailer: 1"});

  EXPECT_THAT(reader.TakeHeaders(), ElementsAre(Pair("a", "1")));
}

TEST(ResponseReader, ReplacesControlCharacters) {
  ResponseReader reader = Read({"HTTP/1.1 200 OK", std::string("a: x\ry\0z", 8), ""});

  EXPECT_THAT(reader.TakeHeaders(), ElementsAre(Pair("a", "x y z")));
}

TEST(ResponseReader, CutsLongValues) {
  ResponseReader reader = Read({"HTTP/1.1 200 OK", "a: " + std::string(10'000, 'x'), ""});

  EXPECT_THAT(reader.TakeHeaders(), ElementsAre(Pair("a", std::string(8192, 'x'))));
}

TEST(ResponseReader, TakesAHundredHeadersAndNoMore) {
  ResponseReader reader = Read({"HTTP/1.1 200 OK"});
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(reader.AddHeaderLine("a: 1\r\n"));
  EXPECT_FALSE(reader.headers_too_large());

  EXPECT_FALSE(reader.AddHeaderLine("a: 1\r\n"));
  EXPECT_TRUE(reader.headers_too_large());
}

TEST(ResponseReader, LimitsTheBytesOfAllHeaders) {
  ResponseReader reader = Read({"HTTP/1.1 200 OK"});
  const std::string line = absl::StrCat("a: ", std::string(20'000, 'x'), "\r\n");
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(reader.AddHeaderLine(line));

  EXPECT_FALSE(reader.AddHeaderLine(line));
  EXPECT_TRUE(reader.headers_too_large());
}

TEST(ResponseReader, LimitsInterimResponses) {
  ResponseReader reader;
  int taken = 0;
  while (taken < 1000 && reader.AddHeaderLine("HTTP/1.1 100 Continue\r\n") &&
         reader.AddHeaderLine("\r\n")) {
    ++taken;
  }
  EXPECT_LE(taken, 101);
}

TEST(ResponseReader, KeepsTheBeginOfTheBody) {
  ResponseReader reader;
  EXPECT_TRUE(reader.AddBody(std::string(15'000, 'a')));
  EXPECT_TRUE(reader.AddBody(std::string(15'000, 'b')));
  EXPECT_TRUE(reader.AddBody("c"));

  EXPECT_EQ(reader.TakeBody(), std::string(15'000, 'a') + std::string(5'000, 'b'));
}

TEST(ResponseReader, EndsABodyThatGoesOn) {
  ResponseReader reader;
  const std::string piece(16'384, 'x');
  int pieces = 0;
  while (pieces < 1000 && reader.AddBody(piece)) ++pieces;

  EXPECT_LT(pieces, 20);
  EXPECT_TRUE(reader.body_cut_off());
  EXPECT_EQ(reader.TakeBody().size(), 20'000u);
}

}  // namespace
}  // namespace crier::http
