#include "services/ingest/transport/batch_admission.h"

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

}  // namespace
}  // namespace crier::ingest::transport
