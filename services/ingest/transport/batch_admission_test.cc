#include "services/ingest/transport/batch_admission.h"

#include <atomic>
#include <thread>

#include "gtest/gtest.h"

namespace crier::ingest::transport {
namespace {

TEST(BatchAdmissionTest, LetsInWhatFitsBesideTheOthers) {
  BatchAdmission admission(10);

  EXPECT_TRUE(admission.Enter(6));
  EXPECT_TRUE(admission.Enter(4));
  EXPECT_FALSE(admission.Enter(1));
  admission.Leave(4);
  EXPECT_FALSE(admission.Enter(5));
  EXPECT_TRUE(admission.Enter(4));
}

TEST(BatchAdmissionTest, LetsInOneThatIsLargerThanAllAlone) {
  BatchAdmission admission(10);

  EXPECT_TRUE(admission.Enter(11));
  EXPECT_FALSE(admission.Enter(1));
  admission.Leave(11);
  EXPECT_TRUE(admission.Enter(1));
}

TEST(BatchAdmissionTest, WhoIsRefusedMeanwhileKeepsNobodyOut) {
  BatchAdmission admission(10);
  ASSERT_TRUE(admission.Enter(1));
  std::atomic<bool> over{false};
  std::thread refused([&] {
    for (int i = 0; i < 200'000; ++i) EXPECT_FALSE(admission.Enter(10));
    over = true;
  });

  while (!over) {
    EXPECT_TRUE(admission.Enter(9)) << "there is room for it";
    admission.Leave(9);
  }
  refused.join();
}

}  // namespace
}  // namespace crier::ingest::transport
