#include "services/ingest/storage/log_channel.h"

#include <string>

#include "common/base/utf8.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::ingest::storage {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(LogChannel, FitsIntoAnIdentifier) {
  EXPECT_EQ(LogChannel("ingest"), "log/ingest");
  EXPECT_EQ(LogChannel(std::string(63, 's')).size(), 63u);
}

// NOTIFY takes no broken character: a batch would not commit.
TEST(LogChannel, IsCutBetweenCharacters) {
  std::string schema;
  for (int i = 0; i < 31; ++i) schema += "ä";
  EXPECT_TRUE(IsValidUtf8(LogChannel(schema)));
  EXPECT_TRUE(IsValidUtf8(LogChannel("a" + schema)));
}

TEST(EncodeHeads, IsReversedByDecodeHeads) {
  std::map<int32_t, Head> heads;
  heads[3].position = 1045;
  heads[11].position = 7;

  EXPECT_EQ(EncodeHeads(heads), "3:1045,11:7");
  EXPECT_THAT(DecodeHeads("3:1045,11:7"), ElementsAre(LogHead{3, 1045}, LogHead{11, 7}));
}

TEST(DecodeHeads, LeavesOutWhatItCannotRead) {
  EXPECT_THAT(DecodeHeads(""), IsEmpty());
  EXPECT_THAT(DecodeHeads("x:1,2,3:,4:5"), ElementsAre(LogHead{4, 5}));
}

}  // namespace
}  // namespace crier::ingest::storage
