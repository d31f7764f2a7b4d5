#include "common/pg/listener.h"

#include <deque>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "common/base/clock.h"
#include "common/base/cond_var.h"
#include "gtest/gtest.h"
#include "tests/support/postgres_proxy.h"
#include "tests/support/test_database.h"

namespace crier::pg {
namespace {

using tests::PostgresProxy;
using tests::TestDatabase;

// What a listener has told, in order.
class Heard {
 public:
  Listener::Callbacks callbacks() {
    return {[this](absl::string_view payload) { Add(absl::StrCat("notify ", payload)); },
            [this] { Add("gap"); }};
  }

  // The next one, waiting for it.
  std::string Next() {
    const absl::Duration end = MonotonicAt(TestDatabase::Deadline());
    absl::MutexLock lock(&mutex_);
    while (queue_.empty()) {
      if (changed_.WaitUntil(&mutex_, end)) return "nothing in time";
    }
    std::string next = queue_.front();
    queue_.pop_front();
    return next;
  }

 private:
  void Add(std::string what) {
    absl::MutexLock lock(&mutex_);
    queue_.push_back(std::move(what));
    changed_.Signal();
  }

  absl::Mutex mutex_;
  CondVar changed_;
  std::deque<std::string> queue_ ABSL_GUARDED_BY(mutex_);
};

class ListenerTest : public testing::Test {
 protected:
  void Notify(absl::string_view payload) {
    server_.Run(absl::StrCat("SELECT pg_notify('", channel_, "', '", payload, "')"));
  }

  // Ends the backend of the listener and waits until it is gone.
  void KillBackend() {
    const Rows killed =
        server_.Run(absl::StrCat("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
                                 "WHERE application_name = 'crier/",
                                 database_.schema, "'"));
    ASSERT_EQ(killed.size(), 1);
  }

  TestDatabase server_;
  const Database database_ = server_.NewSchema();
  const std::string channel_ = absl::StrCat(database_.schema, "/Events \"x\"");
  Heard heard_;
};

TEST_F(ListenerTest, HearsWhatIsNotifiedOnItsChannel) {
  const Listener listener(database_, channel_, heard_.callbacks());
  EXPECT_EQ(heard_.Next(), "gap");

  server_.Run(absl::StrCat("SELECT pg_notify('", database_.schema, "/other', 'x')"));
  Notify("1,2,3");
  Notify("");

  EXPECT_EQ(heard_.Next(), "notify 1,2,3");
  EXPECT_EQ(heard_.Next(), "notify ");
}

TEST_F(ListenerTest, TellsOfTheGapWhenItsBackendDied) {
  const Listener listener(database_, channel_, heard_.callbacks());
  EXPECT_EQ(heard_.Next(), "gap");

  KillBackend();

  EXPECT_EQ(heard_.Next(), "gap");
  Notify("again");
  EXPECT_EQ(heard_.Next(), "notify again");
}

TEST_F(ListenerTest, TellsOfTheGapWhenTheNetworkBroke) {
  PostgresProxy proxy(server_.url());
  const Listener listener({proxy.url(), "", database_.schema}, channel_, heard_.callbacks());
  EXPECT_EQ(heard_.Next(), "gap");

  proxy.BreakAll();

  EXPECT_EQ(heard_.Next(), "gap");
  Notify("again");
  EXPECT_EQ(heard_.Next(), "notify again");
}

TEST_F(ListenerTest, NeedsNoRole) {
  const Listener listener({server_.url(), "crier_no_such_role", database_.schema}, channel_,
                          heard_.callbacks());
  EXPECT_EQ(heard_.Next(), "gap");
}

TEST_F(ListenerTest, StopsWhileTheServerIsSilent) {
  PostgresProxy proxy(server_.url());
  proxy.Freeze();
  const absl::Time begin = absl::Now();
  { const Listener listener({proxy.url(), "", "s"}, channel_, heard_.callbacks()); }
  EXPECT_LT(absl::Now() - begin, absl::Seconds(10)) << "a connect gives up only later";
}

TEST_F(ListenerTest, StopsWhileTheServerIsAway) {
  const absl::Time begin = absl::Now();
  {
    const Listener listener({"postgresql://127.0.0.1:9/db", "", "s"}, channel_, heard_.callbacks());
  }
  EXPECT_LT(absl::Now() - begin, absl::Seconds(10));
}

}  // namespace
}  // namespace crier::pg
