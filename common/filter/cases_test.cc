// The documented cases of the language (tests/testdata/aip160_cases.tsv) against a schema that has
// the fields that they name.
#include <string>

#include "absl/strings/str_cat.h"
#include "common/filter/ast.h"
#include "common/filter/documented_cases.h"
#include "common/filter/filter.h"
#include "common/filter/parser.h"
#include "gmock/gmock.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/timestamp.pb.h"
#include "gtest/gtest.h"

namespace crier::filter {
namespace {

using testing::HasSubstr;

constexpr char kFile[] = R"pb(
  name: "cases.proto"
  package: "cases"
  syntax: "proto3"
  dependency: "google/protobuf/duration.proto"
  dependency: "google/protobuf/timestamp.proto"
  enum_type {
    name: "State"
    value { name: "STATE_UNSPECIFIED" number: 0 }
    value { name: "ACTIVE" number: 1 }
  }
  message_type {
    name: "Label"
    field { name: "id" number: 1 type: TYPE_INT64 }
    field { name: "name" number: 2 type: TYPE_STRING }
  }
  message_type {
    name: "Location"
    field { name: "country" number: 1 type: TYPE_STRING }
    field { name: "city" number: 2 type: TYPE_STRING }
  }
  message_type {
    name: "Organization"
    field { name: "domain" number: 1 type: TYPE_STRING }
    field { name: "location" number: 2 type: TYPE_MESSAGE type_name: ".cases.Location" }
  }
  message_type {
    name: "Record"
    nested_type {
      name: "CustomFieldsEntry"
      field { name: "key" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
      field { name: "value" number: 2 type: TYPE_STRING label: LABEL_OPTIONAL }
      options { map_entry: true }
    }
    field { name: "title" number: 1 type: TYPE_STRING }
    field { name: "full_name" number: 2 type: TYPE_STRING }
    field { name: "primary_email" number: 3 type: TYPE_STRING }
    field { name: "lead_score" number: 4 type: TYPE_DOUBLE }
    field { name: "is_team_member" number: 5 type: TYPE_BOOL }
    field { name: "state" number: 6 type: TYPE_ENUM type_name: ".cases.State" }
    field {
      name: "first_seen_time"
      number: 7
      type: TYPE_MESSAGE
      type_name: ".google.protobuf.Timestamp"
    }
    field { name: "timeout" number: 8 type: TYPE_MESSAGE type_name: ".google.protobuf.Duration" }
    field { name: "all_emails" number: 9 type: TYPE_STRING label: LABEL_REPEATED }
    field {
      name: "tags"
      number: 10
      type: TYPE_MESSAGE
      label: LABEL_REPEATED
      type_name: ".cases.Label"
    }
    field {
      name: "segments"
      number: 11
      type: TYPE_MESSAGE
      label: LABEL_REPEATED
      type_name: ".cases.Label"
    }
    field { name: "organization" number: 12 type: TYPE_MESSAGE type_name: ".cases.Organization" }
    field {
      name: "custom_fields"
      number: 13
      type: TYPE_MESSAGE
      label: LABEL_REPEATED
      type_name: ".cases.Record.CustomFieldsEntry"
    }
    field { name: "a" number: 14 type: TYPE_INT64 }
    field { name: "b" number: 15 type: TYPE_INT64 }
    field { name: "c" number: 16 type: TYPE_INT64 }
  })pb";

class CasesTest : public testing::Test {
 protected:
  CasesTest() {
    // The files that it names are linked in.
    google::protobuf::Duration::descriptor();
    google::protobuf::Timestamp::descriptor();
    google::protobuf::FileDescriptorProto file;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(kFile, &file));
    const auto* const built = pool_.BuildFile(file);
    EXPECT_NE(built, nullptr);
    schema_.message = built->FindMessageTypeByName("Record");
    schema_.searchable = {"full_name", "title", "all_emails"};
  }

  absl::Status Compile(absl::string_view filter) const {
    return Filter::Compile(filter, schema_).status();
  }

  google::protobuf::DescriptorPool pool_{google::protobuf::DescriptorPool::generated_pool()};
  Schema schema_;
};

TEST_F(CasesTest, AreAcceptedOrRefusedWithTheirPlace) {
  for (const DocumentedCase& one : ReadDocumentedCases()) {
    SCOPED_TRACE(absl::StrCat("case ", one.number, ": ", one.filter));
    const absl::Status status = Compile(one.filter);
    if (one.expect == "ok") {
      EXPECT_TRUE(status.ok()) << status;
    } else {
      EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
      EXPECT_THAT(std::string(status.message()), HasSubstr("at byte "));
    }
  }
}

// What is well-formed and refused all the same: the message says which field or function it is.
TEST_F(CasesTest, RefusalsOfTheSchemaNameWhatTheyAreAbout) {
  int refused = 0;
  for (const DocumentedCase& one : ReadDocumentedCases()) {
    if (one.expect != "schema") continue;
    SCOPED_TRACE(absl::StrCat("case ", one.number, ": ", one.filter));
    ++refused;
    const auto tree = Parse(one.filter);
    ASSERT_TRUE(tree.ok()) << tree.status();
    const std::string& root = tree->parts.back().text;
    EXPECT_THAT(std::string(Compile(one.filter).message()), HasSubstr(root));
  }
  EXPECT_GE(refused, 9);
}

TEST_F(CasesTest, DurationsAreFiniteNumbersOfSeconds) {
  EXPECT_TRUE(Compile("timeout >= 1.5s").ok());
  EXPECT_TRUE(Compile("timeout > -3s").ok());
  EXPECT_TRUE(Compile("timeout < 315576000000s").ok());
  for (const char* const wrong :
       {"infs", "nans", "s", "20", "0x10s", "1e999s", "315576000001s", "99999999999999999999s"}) {
    EXPECT_THAT(std::string(Compile(absl::StrCat("timeout >= ", wrong)).message()),
                HasSubstr("a duration in seconds"))
        << wrong;
  }
  for (const char* const wrong : {"now-1e300d", "now-infd", "now+99999999999w", "now--1d"}) {
    EXPECT_FALSE(Compile(absl::StrCat("first_seen_time >= \"", wrong, "\"")).ok()) << wrong;
  }
  EXPECT_FALSE(Compile("timeout >= -infs").ok());
  EXPECT_FALSE(Compile("lead_score > 0x10").ok());
  EXPECT_FALSE(Compile("lead_score > 1e999").ok());
  EXPECT_FALSE(Compile("lead_score > inf").ok());
}

}  // namespace
}  // namespace crier::filter
