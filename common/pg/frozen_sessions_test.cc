#include "common/pg/frozen_sessions.h"

#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/postgres_proxy.h"
#include "tests/support/test_database.h"

namespace crier::pg {
namespace {

using tests::PostgresProxy;
using tests::TestDatabase;

class FrozenSessionsTest : public testing::Test {
 protected:
  int64_t End(absl::Duration patience) {
    const auto ended = EndFrozenSessions(pool_, patience, TestDatabase::Deadline());
    EXPECT_TRUE(ended.ok()) << ended.status();
    return ended.value_or(-1);
  }

  TestDatabase server_;
  const Database database_ = server_.NewSchema();
  Pool pool_{database_, {}};
};

TEST_F(FrozenSessionsTest, AReplicaThatStandsStillWithinAMessageLosesItsSessionAndItsLocks) {
  constexpr char kRest[] = "the rest of it";
  server_.Run(database_, "CREATE TABLE taken ()");
  PostgresProxy proxy(server_.url());
  proxy.BreakAt(kRest, PostgresProxy::Fault::kFallSilent);
  Pool frozen({proxy.url(), "", database_.schema}, {/*size=*/1});
  std::thread replica([&] {
    EXPECT_FALSE(frozen
                     .Run(TestDatabase::Deadline(),
                          [&](Transaction& transaction) -> absl::Status {
                            transaction.ExecuteDynamic("LOCK TABLE taken").status().IgnoreError();
                            return transaction
                                .ExecuteDynamic(
                                    "SELECT length($1::text)",
                                    Params().Add(absl::StrCat(std::string(4'000'000, 'x'), kRest)))
                                .status();
                          })
                     .ok());
  });
  EXPECT_EQ(End(absl::Hours(1)), 0);

  while (End(absl::ZeroDuration()) == 0) std::this_thread::yield();

  server_.Run(database_, "LOCK TABLE taken");
  proxy.BreakAll();
  replica.join();
}

TEST_F(FrozenSessionsTest, LeavesOthersAlone) {
  int64_t ended = -1;

  const absl::Status status =
      Pool(database_, {}).Run(TestDatabase::Deadline(), [&](Transaction& transaction) {
        ended = End(absl::ZeroDuration());
        return transaction.ExecuteDynamic("SELECT 1").status();
      });

  EXPECT_EQ(status, absl::OkStatus());
  EXPECT_EQ(ended, 0);
}

}  // namespace
}  // namespace crier::pg
