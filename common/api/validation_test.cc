#include "common/api/validation.h"

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace crier::api {
namespace {

using ::google::protobuf::TextFormat;
using ::testing::HasSubstr;

// The message of the status that the violations make; empty when there are none.
std::string MessageOf(const FieldViolations& violations) {
  return std::string(violations.ToStatus().message());
}

std::string TextMistake(absl::string_view value) {
  FieldViolations violations;
  CheckText("name", value, 8, violations);
  return MessageOf(violations);
}

TEST(CheckTextTest, AcceptsUtf8UpToTheLimit) {
  EXPECT_EQ(TextMistake(""), "");
  EXPECT_EQ(TextMistake("12345678"), "");
  EXPECT_EQ(TextMistake("\xF0\x9F\x98\x80\xF0\x9F\x98\x80"), "");
}

TEST(CheckTextTest, RefusesWhatCannotBeStored) {
  EXPECT_EQ(TextMistake("123456789"), "name must have at most 8 bytes, not 9");
  EXPECT_EQ(TextMistake("a\xFF"), "name must be valid UTF-8");
  EXPECT_EQ(TextMistake(absl::string_view("a\0", 2)), "name must not contain NUL characters");
}

TEST(CheckRequiredTextTest, RefusesEmptyAndWhiteSpace) {
  for (const absl::string_view empty : {"", " ", "\t\r\n "}) {
    FieldViolations violations;
    CheckRequiredText("name", empty, 8, violations);
    EXPECT_EQ(MessageOf(violations), "name must not be empty");
  }
}

TEST(CheckRequiredTextTest, ChecksTheRestLikeAnyText) {
  FieldViolations violations;
  CheckRequiredText("name", " x ", 8, violations);
  EXPECT_TRUE(violations.empty());
  CheckRequiredText("name", "\xC3(", 8, violations);
  EXPECT_EQ(MessageOf(violations), "name must be valid UTF-8");
}

TEST(CheckRequestIdTest, TakesShortPrintableAsciiOnly) {
  FieldViolations violations;
  CheckRequestId("", violations);
  CheckRequestId("6f1c-77 ~", violations);
  CheckRequestId(std::string(64, 'x'), violations);
  EXPECT_TRUE(violations.empty());

  for (const std::string& bad : {std::string(65, 'x'), std::string("a\n"), std::string("\xC3\xAB"),
                                 std::string("a\0b", 3), std::string("\x7F")}) {
    FieldViolations mistakes;
    CheckRequestId(bad, mistakes);
    EXPECT_THAT(MessageOf(mistakes), HasSubstr("request_id must be empty or at most 64"));
  }
}

std::string TimestampMistake(int64_t seconds, int32_t nanos) {
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(nanos);
  FieldViolations violations;
  CheckTimestamp("occur_time", timestamp, violations);
  return MessageOf(violations);
}

TEST(CheckTimestampTest, TakesTheYears1To9999) {
  EXPECT_EQ(TimestampMistake(0, 0), "");
  EXPECT_EQ(TimestampMistake(-62'135'596'800, 0), "");
  EXPECT_EQ(TimestampMistake(253'402'300'799, 999'999'999), "");
}

TEST(CheckTimestampTest, RefusesWhatIsOutOfRange) {
  EXPECT_THAT(TimestampMistake(-62'135'596'801, 0),
              HasSubstr("occur_time must be from 0001-01-01"));
  EXPECT_THAT(TimestampMistake(253'402'300'800, 0),
              HasSubstr("occur_time must be from 0001-01-01"));
  EXPECT_EQ(TimestampMistake(0, -1), "occur_time must have nanos from 0 to 999999999");
  EXPECT_EQ(TimestampMistake(0, 1'000'000'000), "occur_time must have nanos from 0 to 999999999");
}

// A message type with an enum in every place where one can be.
constexpr char kSchema[] = R"pb(
  name: "sample.proto"
  package: "sample"
  syntax: "proto3"
  enum_type {
    name: "Level"
    value { name: "LEVEL_UNSPECIFIED" number: 0 }
    value { name: "HIGH" number: 2 }
  }
  message_type {
    name: "Sample"
    field {
      name: "level"
      number: 1
      type: TYPE_ENUM
      type_name: ".sample.Level"
      label: LABEL_OPTIONAL
    }
    field {
      name: "levels"
      number: 2
      type: TYPE_ENUM
      type_name: ".sample.Level"
      label: LABEL_REPEATED
    }
    field {
      name: "child"
      number: 3
      type: TYPE_MESSAGE
      type_name: ".sample.Sample"
      label: LABEL_OPTIONAL
    }
    field {
      name: "children"
      number: 4
      type: TYPE_MESSAGE
      type_name: ".sample.Sample"
      label: LABEL_REPEATED
    }
    field {
      name: "by_name"
      number: 5
      type: TYPE_MESSAGE
      type_name: ".sample.Sample.ByNameEntry"
      label: LABEL_REPEATED
    }
    field {
      name: "levels_by_name"
      number: 6
      type: TYPE_MESSAGE
      type_name: ".sample.Sample.LevelsByNameEntry"
      label: LABEL_REPEATED
    }
    field {
      name: "texts"
      number: 7
      type: TYPE_MESSAGE
      type_name: ".sample.Sample.TextsEntry"
      label: LABEL_REPEATED
    }
    nested_type {
      name: "ByNameEntry"
      options { map_entry: true }
      field { name: "key" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
      field {
        name: "value"
        number: 2
        type: TYPE_MESSAGE
        type_name: ".sample.Sample"
        label: LABEL_OPTIONAL
      }
    }
    nested_type {
      name: "LevelsByNameEntry"
      options { map_entry: true }
      field { name: "key" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
      field {
        name: "value"
        number: 2
        type: TYPE_ENUM
        type_name: ".sample.Level"
        label: LABEL_OPTIONAL
      }
    }
    nested_type {
      name: "TextsEntry"
      options { map_entry: true }
      field { name: "key" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
      field { name: "value" number: 2 type: TYPE_STRING label: LABEL_OPTIONAL }
    }
  }
)pb";

class CheckKnownEnumsTest : public testing::Test {
 protected:
  CheckKnownEnumsTest() {
    google::protobuf::FileDescriptorProto schema;
    EXPECT_TRUE(TextFormat::ParseFromString(kSchema, &schema));
    const auto* const file = pool_.BuildFile(schema);
    EXPECT_NE(file, nullptr);
    sample_type_ = file->FindMessageTypeByName("Sample");
  }

  std::string Mistake(const std::string& text, absl::string_view prefix) {
    const std::unique_ptr<google::protobuf::Message> message(
        factory_.GetPrototype(sample_type_)->New());
    EXPECT_TRUE(TextFormat::ParseFromString(text, message.get())) << text;
    FieldViolations violations;
    CheckKnownEnums(prefix, *message, violations);
    return MessageOf(violations);
  }

 private:
  google::protobuf::DescriptorPool pool_;
  google::protobuf::DynamicMessageFactory factory_;
  const google::protobuf::Descriptor* sample_type_ = nullptr;
};

TEST_F(CheckKnownEnumsTest, AcceptsDeclaredValuesEverywhere) {
  EXPECT_EQ(Mistake("", "sample"), "");
  EXPECT_EQ(Mistake(R"(level: HIGH levels: [0, HIGH] child { level: HIGH } children { levels: 0 }
                       by_name { key: "a" value { level: HIGH } }
                       levels_by_name { key: "a" value: HIGH } texts { key: "a" value: "b" })",
                    "sample"),
            "");
}

TEST_F(CheckKnownEnumsTest, NamesTheFieldOfAnUnknownValue) {
  EXPECT_EQ(Mistake("level: 1", "sample"), "sample.level must be a declared value of Level, not 1");
  EXPECT_EQ(Mistake("level: -1", ""), "level must be a declared value of Level, not -1");
}

TEST_F(CheckKnownEnumsTest, FindsUnknownValuesInLists) {
  EXPECT_EQ(Mistake("levels: [HIGH, 7]", "sample"),
            "sample.levels[1] must be a declared value of Level, not 7");
}

TEST_F(CheckKnownEnumsTest, FindsUnknownValuesInMessagesInside) {
  EXPECT_EQ(Mistake("child { child { level: 7 } }", "sample"),
            "sample.child.child.level must be a declared value of Level, not 7");
  EXPECT_EQ(Mistake("children {} children { levels: 7 }", "sample"),
            "sample.children[1].levels[0] must be a declared value of Level, not 7");
}

TEST_F(CheckKnownEnumsTest, FindsUnknownValuesInMaps) {
  EXPECT_EQ(Mistake(R"(by_name { key: "secret" value { level: 7 } })", "sample"),
            "sample.by_name[0].value.level must be a declared value of Level, not 7");
  EXPECT_EQ(Mistake(R"(levels_by_name { key: "secret" value: 7 })", "sample"),
            "sample.levels_by_name[0].value must be a declared value of Level, not 7");
}

TEST_F(CheckKnownEnumsTest, FindsThemAll) {
  EXPECT_EQ(Mistake("level: 1 levels: [3, 4]", "sample"),
            "sample.level must be a declared value of Level, not 1 (and 2 more)");
}

}  // namespace
}  // namespace crier::api
