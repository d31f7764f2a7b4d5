#include "common/http/resolver_cache.h"

#include <arpa/inet.h>

#include <atomic>
#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "common/base/clock.h"
#include "gtest/gtest.h"

namespace crier::http {
namespace {

absl::Duration Later() { return SystemClock().Monotonic() + absl::Minutes(10); }

std::vector<sockaddr_storage> SomeAddress() { return std::vector<sockaddr_storage>(1); }

// Waits for the answer.
Addresses Resolve(ResolverCache& cache, const std::string& host) {
  Addresses answer = absl::UnknownError("");
  absl::Notification done;
  cache.Resolve(host, Later(), [&](const Addresses& addresses) {
    answer = addresses;
    done.Notify();
  });
  done.WaitForNotification();
  return answer;
}

TEST(ResolverCache, RemembersAnAnswerForItsTimeToLive) {
  std::atomic<int> lookups = 0;
  const Resolver resolver = [&](const std::string&) -> Addresses {
    ++lookups;
    return SomeAddress();
  };
  ResolverCache cache(resolver, absl::Hours(1));
  ResolverCache forgetful(resolver, absl::ZeroDuration());

  EXPECT_TRUE(Resolve(cache, "a").ok());
  EXPECT_TRUE(Resolve(cache, "a").ok());
  EXPECT_EQ(lookups, 1);
  EXPECT_TRUE(Resolve(cache, "b").ok());
  EXPECT_EQ(lookups, 2);

  EXPECT_TRUE(Resolve(forgetful, "a").ok());
  EXPECT_TRUE(Resolve(forgetful, "a").ok());
  EXPECT_EQ(lookups, 4);
}

TEST(ResolverCache, DoesNotRememberFailures) {
  std::atomic<int> lookups = 0;
  ResolverCache cache(
      [&](const std::string&) -> Addresses {
        if (++lookups == 1) return absl::UnavailableError("no answer");
        return SomeAddress();
      },
      absl::Hours(1));

  EXPECT_EQ(Resolve(cache, "a").status(), absl::UnavailableError("no answer"));
  EXPECT_TRUE(Resolve(cache, "a").ok());
}

TEST(ResolverCache, SharesALookupThatIsUnderWay) {
  std::atomic<int> lookups = 0;
  absl::Notification running, release;
  absl::BlockingCounter answers(3);
  ResolverCache cache(
      [&](const std::string&) -> Addresses {
        ++lookups;
        running.Notify();
        release.WaitForNotification();
        return SomeAddress();
      },
      absl::ZeroDuration());

  const auto count = [&](const Addresses&) { answers.DecrementCount(); };
  cache.Resolve("a", Later(), count);
  running.WaitForNotification();
  cache.Resolve("a", Later(), count);
  cache.Resolve("a", Later(), count);
  release.Notify();
  answers.Wait();

  EXPECT_EQ(lookups, 1);
}

TEST(ResolverCache, SkipsLookupsThatNobodyWaitsForAnyMore) {
  std::atomic<int> lookups = 0;
  ResolverCache cache(
      [&](const std::string&) -> Addresses {
        ++lookups;
        return SomeAddress();
      },
      absl::ZeroDuration());
  absl::Status status;
  absl::Notification done;

  cache.Resolve("a", SystemClock().Monotonic(), [&](const Addresses& addresses) {
    status = addresses.status();
    done.Notify();
  });
  done.WaitForNotification();

  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(lookups, 0);
}

TEST(ResolverCache, ALookupThatIsWantedIsNotGivenUpWithOneThatWasNot) {
  ResolverCache cache([](const std::string&) -> Addresses { return SomeAddress(); },
                      absl::ZeroDuration());

  for (int i = 0; i < 20'000; ++i) {
    cache.Resolve("a", SystemClock().Monotonic(), [](const Addresses&) {});
    ASSERT_TRUE(Resolve(cache, "a").ok()) << i;
  }
}

TEST(ResolverCache, ADeadNameDoesNotHoldUpOthers) {
  absl::Notification release;
  ResolverCache cache(
      [&](const std::string& host) -> Addresses {
        if (host == "dead") release.WaitForNotification();
        return SomeAddress();
      },
      absl::ZeroDuration());
  cache.Resolve("dead", Later(), [](const Addresses&) {});

  EXPECT_TRUE(Resolve(cache, "alive").ok());

  release.Notify();
}

// Resolves every name, but for those that begin with `dead`, which hold their thread.
class DeadNamesTest : public testing::Test {
 protected:
  ~DeadNamesTest() override { release_.Notify(); }

  void ResolveDeadNames() {
    for (int i = 0; i < 100; ++i) {
      cache_.Resolve(absl::StrCat("dead", i), Later(), [](const Addresses&) {});
    }
  }

  absl::Notification release_;
  absl::Notification die_;
  ResolverCache cache_{[this](const std::string& host) -> Addresses {
                         if (!absl::StartsWith(host, "dead")) return SomeAddress();
                         if (!die_.HasBeenNotified()) return absl::UnavailableError("no answer");
                         release_.WaitForNotification();
                         return SomeAddress();
                       },
                       absl::ZeroDuration()};
};

TEST_F(DeadNamesTest, DoNotHoldUpWhatHasBeenAnswered) {
  ASSERT_TRUE(Resolve(cache_, "alive").ok());
  die_.Notify();

  ResolveDeadNames();

  EXPECT_TRUE(Resolve(cache_, "alive").ok());
}

TEST_F(DeadNamesTest, DoNotHoldUpNewNamesOnceTheyHaveFailed) {
  for (int i = 0; i < 100; ++i) ASSERT_FALSE(Resolve(cache_, absl::StrCat("dead", i)).ok());
  die_.Notify();

  ResolveDeadNames();

  EXPECT_TRUE(Resolve(cache_, "new").ok());
}

TEST(ResolverCache, EndsWithLookupsInItsQueue) {
  absl::Notification release;
  std::thread releaser;
  {
    ResolverCache cache(
        [&](const std::string&) -> Addresses {
          release.WaitForNotification();
          return SomeAddress();
        },
        absl::ZeroDuration());
    for (int i = 0; i < 100; ++i) {
      cache.Resolve(absl::StrCat(i), Later(), [](const Addresses&) {});
    }
    releaser = std::thread([&] { release.Notify(); });
  }
  releaser.join();
}

TEST(SystemResolve, FindsTheLocalHost) {
  const Addresses addresses = SystemResolve("localhost");

  ASSERT_TRUE(addresses.ok()) << addresses.status();
  EXPECT_FALSE(addresses->empty());
}

TEST(SystemResolve, FailsForNamesThatCannotExist) {
  EXPECT_EQ(SystemResolve(std::string(300, 'x')).status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace crier::http
