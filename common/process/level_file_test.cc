#include "common/process/level_file.h"

#include <cstdio>
#include <fstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::process {
namespace {

using testing::HasSubstr;

class LevelFileTest : public testing::Test {
 protected:
  LevelFileTest() {
    std::remove(path_.c_str());
    log::SetLevel(log::Level::kWarning);  // whatever the test before has left
  }
  ~LevelFileTest() override {
    std::remove(path_.c_str());
    log::SetLevel(log::Level::kWarning);
  }

  // What is logged when the file is followed after it got this content.
  std::string FollowWith(const std::string& content) {
    std::ofstream(path_) << content;
    testing::internal::CaptureStderr();
    file_.Follow();
    return testing::internal::GetCapturedStderr();
  }

  const std::string path_ = testing::TempDir() + "level_file_test";
  LevelFile file_{path_, log::Level::kInfo};
};

TEST_F(LevelFileTest, ChangesTheLevelWhenItChanges) {
  EXPECT_THAT(FollowWith("debug\n"), HasSubstr("log level changed"));
  EXPECT_TRUE(log::Shown(log::Level::kDebug));
  EXPECT_EQ(FollowWith("debug\n"), "");

  FollowWith("  error  ");
  EXPECT_FALSE(log::Shown(log::Level::kWarning));
}

TEST_F(LevelFileTest, WithoutAFileTheSettingHolds) {
  file_.Follow();
  EXPECT_FALSE(log::Shown(log::Level::kInfo));  // nothing was set

  FollowWith("error");
  std::remove(path_.c_str());
  testing::internal::CaptureStderr();
  file_.Follow();
  testing::internal::GetCapturedStderr();
  EXPECT_TRUE(log::Shown(log::Level::kInfo));
  EXPECT_FALSE(log::Shown(log::Level::kDebug));
}

TEST_F(LevelFileTest, WhatIsNoLevelIsToldOnceAndChangesNothing) {
  FollowWith("error");

  log::SetLevel(log::Level::kWarning);
  EXPECT_THAT(FollowWith("loud"), HasSubstr("holds no level"));
  EXPECT_EQ(FollowWith("loud"), "");
  EXPECT_TRUE(log::Shown(log::Level::kWarning));
}

TEST_F(LevelFileTest, NoPathMeansNoFile) {
  LevelFile none("", log::Level::kDebug);

  none.Follow();

  EXPECT_FALSE(log::Shown(log::Level::kDebug));
}

}  // namespace
}  // namespace crier::process
