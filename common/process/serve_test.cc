// Serve() in the test's own main thread; a second thread plays the client and sends the signal.
#include <grpcpp/grpcpp.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "common/process/process.h"
#include "common/process/signals.h"
#include "common/rpc/client.h"
#include "common/rpc/executor.h"
#include "common/rpc/unary.h"
#include "crier/ingest/v1/event_service.grpc.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::process {
namespace {

using crier::ingest::v1::EventService;
using crier::ingest::v1::GetLogHeadRequest;
using crier::ingest::v1::LogHead;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr absl::Duration kPatience = absl::Seconds(30);

// What happened, in order, from whichever thread.
class Journal {
 public:
  void Add(const std::string& entry) {
    absl::MutexLock lock(&mutex_);
    entries_.push_back(entry);
  }
  std::vector<std::string> entries() const {
    absl::MutexLock lock(&mutex_);
    return entries_;
  }

 private:
  mutable absl::Mutex mutex_;
  std::vector<std::string> entries_ ABSL_GUARDED_BY(mutex_);
};

// A service whose every step the test decides.
class FakeService : public Service, public EventService::CallbackService {
 public:
  FakeService(std::string name, Journal& journal) : name_(std::move(name)), journal_(journal) {}

  std::vector<grpc::Service*> rpc_services() override { return {this}; }
  void Start(rpc::Server& server) override {
    journal_.Add("start " + name_);
    if (on_start) on_start(server);
  }
  absl::Status CheckReady(absl::Time deadline) override {
    EXPECT_LE(deadline, absl::Now() + absl::Seconds(5));
    return check_ready ? check_ready() : absl::OkStatus();
  }
  void Stop() override {
    journal_.Add("stop " + name_);
    if (on_stop) on_stop();
  }
  grpc::ServerUnaryReactor* GetLogHead(grpc::CallbackServerContext* context,
                                       const GetLogHeadRequest*, LogHead*) override {
    return rpc::RunUnary(context, executor_, [this](const rpc::CallContext&) { return on_call(); });
  }

  std::function<void(rpc::Server&)> on_start;
  std::function<absl::Status()> check_ready;
  std::function<void()> on_stop;
  std::function<absl::Status()> on_call = [] { return absl::OkStatus(); };

 private:
  const std::string name_;
  Journal& journal_;
  rpc::Executor executor_{{.threads = 2, .queue_capacity = 10}};
};

ServeOptions LocalOptions() {
  ServeOptions options;
  options.listen = "127.0.0.1:0";
  options.metrics_listen = "127.0.0.1:0";
  options.drain_delay = absl::ZeroDuration();
  options.drain_grace = kPatience;
  return options;
}

absl::Status CallLogHead(int port) {
  const auto stub = EventService::NewStub(rpc::Connect(absl::StrCat("127.0.0.1:", port)));
  LogHead head;
  return rpc::Call(*stub, &EventService::Stub::GetLogHead, GetLogHeadRequest(), head,
                   absl::Now() + kPatience);
}

// As main() does before services start threads: one of theirs would take the signal, and end the
// process. Here for all tests, since any of them may be the first to run.
const bool kSignalsAreBlocked = (BlockTerminationSignals(), true);

void Terminate() { ASSERT_EQ(kill(getpid(), SIGTERM), 0); }

double Ready(metrics::Registry& registry) {
  return registry.Gauge("crier_ready", "1 while the process can do its work, 0 otherwise.").Value();
}

void WaitUntilReadyIs(double value, metrics::Registry& registry) {
  const absl::Time limit = absl::Now() + kPatience;
  while (Ready(registry) != value) {
    ASSERT_LT(absl::Now(), limit);
    std::this_thread::yield();
  }
}

TEST(Serve, DrainsOnSigtermAndLetsACallInFlightFinish) {
  Journal journal;
  metrics::Registry registry;
  FakeService service("events", journal);
  absl::Notification in_flight, stopping;
  service.on_call = [&] {
    in_flight.Notify();
    stopping.WaitForNotification();
    journal.Add("answer");
    return absl::OkStatus();
  };
  service.on_stop = [&] {
    EXPECT_EQ(Ready(registry), 0);  // before work stops
    stopping.Notify();
  };
  absl::Status answer;
  std::vector<std::thread> threads;
  service.on_start = [&](rpc::Server& server) {
    threads.emplace_back([&, port = server.port()] { answer = CallLogHead(port); });
    threads.emplace_back([&] {
      in_flight.WaitForNotification();
      WaitUntilReadyIs(1, registry);
      Terminate();
    });
  };

  const int exit_code = Serve(LocalOptions(), registry, {&service});
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(exit_code, 0);
  EXPECT_EQ(answer, absl::OkStatus());
  EXPECT_THAT(journal.entries(), ElementsAre("start events", "stop events", "answer"));
}

TEST(Serve, TakesNewCallsUntilCallersHaveTurnedAway) {
  Journal journal;
  metrics::Registry registry;
  FakeService service("events", journal);
  ServeOptions options = LocalOptions();
  options.drain_delay = kPatience;
  absl::Notification stopped;
  absl::Status answer;
  std::thread caller;
  service.on_stop = [&] { stopped.Notify(); };
  service.on_start = [&](rpc::Server& server) {
    caller = std::thread([&, port = server.port()] {
      WaitUntilReadyIs(1, registry);
      Terminate();
      stopped.WaitForNotification();
      answer = CallLogHead(port);
      Terminate();  // does not wait for the rest of the delay
    });
  };

  EXPECT_EQ(Serve(options, registry, {&service}), 0);
  caller.join();

  EXPECT_EQ(answer, absl::OkStatus());
}

TEST(Serve, StopsTheServicesInReverseOrder) {
  // The second is no gRPC service of its own: a server takes each only once.
  class Plain : public FakeService {
   public:
    using FakeService::FakeService;
    std::vector<grpc::Service*> rpc_services() override { return {}; }
  };
  Journal journal;
  metrics::Registry registry;
  FakeService first("first", journal);
  Plain second("second", journal);
  second.on_start = [](rpc::Server&) { Terminate(); };

  EXPECT_EQ(Serve(LocalOptions(), registry, {&first, &second}), 0);

  EXPECT_THAT(journal.entries(),
              ElementsAre("start first", "start second", "stop second", "stop first"));
}

TEST(Serve, FollowsTheReadinessOfItsServices) {
  Journal journal;
  metrics::Registry registry;
  FakeService service("events", journal);
  std::atomic<bool> healthy = false;
  std::atomic<int> checks = 0;
  service.check_ready = [&] {
    ++checks;
    return healthy ? absl::OkStatus() : absl::UnavailableError("Postgres is away");
  };
  std::thread operator_thread;
  service.on_start = [&](rpc::Server& server) {
    operator_thread = std::thread([&, port = server.port()] {
      while (checks == 0) std::this_thread::yield();
      EXPECT_EQ(Ready(registry), 0);
      EXPECT_EQ(CallLogHead(port), absl::OkStatus());  // serves, although it is not ready
      healthy = true;
      WaitUntilReadyIs(1, registry);
      healthy = false;
      WaitUntilReadyIs(0, registry);
      Terminate();
    });
  };

  testing::internal::CaptureStderr();
  EXPECT_EQ(Serve(LocalOptions(), registry, {&service}), 0);
  operator_thread.join();

  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("Postgres is away"));
}

TEST(Serve, SaysWhenItIsNotReadyForAnotherReason) {
  Journal journal;
  metrics::Registry registry;
  FakeService service("events", journal);
  std::atomic<int> checks = 0;
  service.check_ready = [&] {
    if (++checks == 3) Terminate();
    return absl::UnavailableError(checks == 1 ? "not known yet" : "a peer is away");
  };

  testing::internal::CaptureStderr();
  EXPECT_EQ(Serve(LocalOptions(), registry, {&service}), 0);
  const std::string log = testing::internal::GetCapturedStderr();

  EXPECT_THAT(log, HasSubstr("not known yet"));
  EXPECT_THAT(log, HasSubstr("a peer is away"));
}

TEST(Serve, FailsWhenAnAddressIsTaken) {
  Journal journal;
  metrics::Registry registry;
  auto other = rpc::Server::Start({.listen_address = "127.0.0.1:0"}, {});
  ASSERT_TRUE(other.ok());
  FakeService service("events", journal);
  ServeOptions grpc_taken = LocalOptions();
  grpc_taken.listen = absl::StrCat("127.0.0.1:", (*other)->port());
  ServeOptions metrics_taken = LocalOptions();
  metrics_taken.metrics_listen = grpc_taken.listen;

  testing::internal::CaptureStderr();
  EXPECT_EQ(Serve(grpc_taken, registry, {&service}), 1);
  EXPECT_EQ(Serve(metrics_taken, registry, {&service}), 1);

  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr(grpc_taken.listen));
  EXPECT_THAT(journal.entries(), ElementsAre());
}

}  // namespace
}  // namespace crier::process
