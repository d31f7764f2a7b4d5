#include "tools/crierctl/ingest/record_reader.h"

#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::crierctl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// Each record as `line:json` or `line:!problem`.
std::vector<std::string> Read(const std::string& text) {
  std::istringstream in(text);
  RecordReader reader(in, "file.json");
  std::vector<std::string> records;
  while (const auto record = reader.Next()) {
    EXPECT_EQ(record->file, "file.json");
    records.push_back(record->json.ok()
                          ? absl::StrCat(record->line, ":", *record->json)
                          : absl::StrCat(record->line, ":!", record->json.status().message()));
  }
  EXPECT_EQ(reader.Next(), std::nullopt);
  return records;
}

TEST(RecordReader, ReadsOneObject) {
  EXPECT_THAT(Read("{\"a\":1}"), ElementsAre("1:{\"a\":1}"));
  EXPECT_THAT(Read("\n{\n  \"a\": {\"b\": []}\n}\n"), ElementsAre("2:{\n  \"a\": {\"b\": []}\n}"));
}

TEST(RecordReader, ReadsLines) {
  EXPECT_THAT(Read("{\"a\":1}\n\n{\"a\":2}\r\n  {\"a\":3} {\"a\":4}"),
              ElementsAre("1:{\"a\":1}", "3:{\"a\":2}", "4:{\"a\":3}", "4:{\"a\":4}"));
}

TEST(RecordReader, ReadsAnArray) {
  EXPECT_THAT(Read("[{\"a\":1},\n {\"a\":\n2} , {}]\n"),
              ElementsAre("1:{\"a\":1}", "2:{\"a\":\n2}", "3:{}"));
  EXPECT_THAT(Read("[ ]"), IsEmpty());
}

TEST(RecordReader, ReadsObjectsThatSpanLinesOneAfterAnother) {
  EXPECT_THAT(Read("{\n\"a\":1}\n{\n\"a\":2\n}"), ElementsAre("1:{\n\"a\":1}", "3:{\n\"a\":2\n}"));
}

TEST(RecordReader, IsNotMisledByBracesInStrings) {
  EXPECT_THAT(Read(R"({"a":"}{\"]\\"})"), ElementsAre(R"(1:{"a":"}{\"]\\"})"));
}

TEST(RecordReader, SkipsAByteOrderMark) {
  EXPECT_THAT(Read("\xEF\xBB\xBF{}"), ElementsAre("1:{}"));
  EXPECT_THAT(Read("\xEF{}"), ElementsAre(HasSubstr("not JSON")));
}

TEST(RecordReader, FindsNothingInNothing) {
  EXPECT_THAT(Read(""), IsEmpty());
  EXPECT_THAT(Read(" \n\n"), IsEmpty());
}

TEST(RecordReader, LosesOnlyTheBrokenLine) {
  EXPECT_THAT(Read("{\"a\":1}\n{\"a\":\nhello\n{\"a\":4}\n"),
              ElementsAre("1:{\"a\":1}", "2:!the object does not end with its line",
                          "3:!expected a JSON object, found `h`", "4:{\"a\":4}"));
}

TEST(RecordReader, LosesOnlyALineWithAnUnendedString) {
  EXPECT_THAT(Read("{}\n{\"a\":\"b}\n{}"),
              ElementsAre("1:{}", "2:!the object does not end with its line", "3:{}"));
}

TEST(RecordReader, TellsWhereAnUnendedObjectBegins) {
  EXPECT_THAT(Read("\n{\"a\":\n1"), ElementsAre("2:!the object that begins here does not end"));
}

TEST(RecordReader, StopsAtABrokenArray) {
  EXPECT_THAT(Read("[{}\n{}]"),
              ElementsAre("1:{}", StartsWith("2:!expected `,` or `]`, found `{`")));
  EXPECT_THAT(Read("[{},]"),
              ElementsAre("1:{}", StartsWith("1:!expected an object in the array, found `]`")));
  EXPECT_THAT(Read("[1]"), ElementsAre(HasSubstr("found `1`")));
  EXPECT_THAT(Read("[{}"), ElementsAre("1:{}", HasSubstr("found the end of the file")));
  EXPECT_THAT(Read("[{}] {}"), ElementsAre("1:{}", HasSubstr("nothing may follow the array")));
}

TEST(RecordReader, RefusesAnEndlessRecordAndGoesOn) {
  const std::string large(RecordReader::kMaxRecordBytes, 'x');

  EXPECT_THAT(Read(absl::StrCat("{}\n{\"a\":\"", large, "\"}\n{}")),
              ElementsAre("1:{}", HasSubstr("2:!the object is larger than"), "3:{}"));
}

TEST(RecordReader, CountsBytes) {
  std::istringstream in("{}\n{}\n");
  RecordReader reader(in, "-");
  reader.Next();
  EXPECT_EQ(reader.bytes_read(), 2);
  while (reader.Next()) {
  }
  EXPECT_EQ(reader.bytes_read(), 6);
}

}  // namespace
}  // namespace crier::crierctl
