// main() of every test: GoogleTest's, with the seed of randomised tests printed.
#include <cstdio>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  std::printf("random seed: %d\n", testing::UnitTest::GetInstance()->random_seed());
  return RUN_ALL_TESTS();
}
