// main() of every test: GoogleTest's, with the order of tests shuffled. GoogleTest prints the seed,
// which UnitTest::random_seed() hands to randomised tests; `--gtest_random_seed=N` repeats a run.
#include "gmock/gmock.h"
#include "gtest/gtest.h"

int main(int argc, char** argv) {
  GTEST_FLAG_SET(shuffle, true);
  testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
