#include "common/pg/fair_semaphore.h"

#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::pg {
namespace {

using testing::ElementsAre;

TEST(FairSemaphoreTest, LendsAsManyAsThereAre) {
  FairSemaphore semaphore(2);
  EXPECT_TRUE(semaphore.Acquire(absl::InfinitePast()));
  EXPECT_TRUE(semaphore.Acquire(absl::InfinitePast()));
  EXPECT_FALSE(semaphore.Acquire(absl::InfinitePast()));

  semaphore.Release();

  EXPECT_TRUE(semaphore.Acquire(absl::InfinitePast()));
}

TEST(FairSemaphoreTest, GivesUpAtTheDeadline) {
  FairSemaphore semaphore(0);
  EXPECT_FALSE(semaphore.Acquire(absl::Now() + absl::Milliseconds(5)));
  EXPECT_EQ(semaphore.waiting(), 0);
  semaphore.Release();
  EXPECT_TRUE(semaphore.Acquire(absl::InfinitePast())) << "it was not given to who had left";
}

TEST(FairSemaphoreTest, ServesInTheOrderOfAsking) {
  FairSemaphore semaphore(0);
  absl::Mutex mutex;
  std::vector<int> order;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      ASSERT_TRUE(semaphore.Acquire(absl::InfiniteFuture()));
      {
        absl::MutexLock lock(&mutex);
        order.push_back(i);
      }
      semaphore.Release();
    });
    while (semaphore.waiting() <= i) std::this_thread::yield();
  }

  semaphore.Release();

  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(order, ElementsAre(0, 1, 2, 3));
}

}  // namespace
}  // namespace crier::pg
