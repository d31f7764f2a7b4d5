#include "tools/crierctl/ingest/record_files.h"

#include <cstdio>
#include <fstream>
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

std::string WriteFile(const std::string& name, const std::string& content) {
  const std::string path = absl::StrCat(testing::TempDir(), "/record_files_", name);
  std::ofstream(path) << content;
  return path;
}

std::vector<std::string> Places(RecordFiles& files) {
  std::vector<std::string> places;
  while (const auto record = files.Next()) {
    places.push_back(absl::StrCat(record->file, ":", record->line));
    EXPECT_TRUE(record->json.ok()) << record->json.status();
  }
  return places;
}

TEST(RecordFiles, ReadsFilesInOrder) {
  const std::string a = WriteFile("a.json", "{}\n{}\n");
  const std::string b = WriteFile("b.json", "[{}]");
  std::istringstream standard_input;

  auto files = RecordFiles::Open({a, b}, standard_input);

  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_EQ(files->total_bytes(), 10);
  EXPECT_THAT(Places(*files), ElementsAre(a + ":1", a + ":2", b + ":1"));
  EXPECT_EQ(files->bytes_read(), 10);
}

TEST(RecordFiles, ReadsStandardInputWhoseSizeNobodyKnows) {
  const std::string a = WriteFile("a.json", "{}");
  std::istringstream standard_input("{}\n{}");

  auto files = RecordFiles::Open({"-", a}, standard_input);

  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_EQ(files->total_bytes(), std::nullopt);
  EXPECT_THAT(Places(*files), ElementsAre("standard input:1", "standard input:2", a + ":1"));
}

TEST(RecordFiles, NamesWhatItCannotRead) {
  std::istringstream standard_input;

  const auto missing = RecordFiles::Open({"/nonexistent/x.json"}, standard_input);
  const auto directory = RecordFiles::Open({testing::TempDir()}, standard_input);

  EXPECT_THAT(std::string(missing.status().message()), HasSubstr("/nonexistent/x.json"));
  EXPECT_THAT(std::string(directory.status().message()), HasSubstr("directory"));
}

TEST(RecordFiles, ReportsAFileThatVanished) {
  const std::string path = WriteFile("gone.json", "{}");
  std::istringstream standard_input;
  auto files = RecordFiles::Open({path}, standard_input);
  ASSERT_TRUE(files.ok());
  std::remove(path.c_str());

  const auto record = files->Next();

  ASSERT_TRUE(record.has_value());
  EXPECT_THAT(std::string(record->json.status().message()), HasSubstr("cannot be read"));
  EXPECT_EQ(files->Next(), std::nullopt);
}

}  // namespace
}  // namespace crier::crierctl
