#include "common/pg/listener.h"

#include <libpq-fe.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "absl/base/internal/raw_logging.h"
#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/utf8.h"
#include "common/pg/connection_settings.h"
#include "common/pg/text_format.h"

namespace crier::pg {
namespace {

// For one attempt, all hosts of the URL included.
constexpr absl::Duration kConnectTimeout = absl::Seconds(20);
constexpr absl::Duration kFirstPause = absl::Milliseconds(100);
constexpr absl::Duration kLongestPause = absl::Seconds(5);

struct CloseConnection {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
using ConnectionPtr = std::unique_ptr<PGconn, CloseConnection>;

struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ResultPtr = std::unique_ptr<PGresult, ClearResult>;

struct FreeMemory {
  void operator()(PGnotify* notification) const { PQfreemem(notification); }
};
using NotificationPtr = std::unique_ptr<PGnotify, FreeMemory>;

// Something to poll for that another thread sets once.
class StopEvent {
 public:
  StopEvent() : descriptor_(eventfd(0, EFD_CLOEXEC)) {
    if (descriptor_ < 0) ABSL_RAW_LOG(FATAL, "no file descriptor is left for an eventfd");
  }
  ~StopEvent() { close(descriptor_); }

  void Set() { eventfd_write(descriptor_, 1); }
  int descriptor() const { return descriptor_; }

 private:
  const int descriptor_;
};

int64_t MillisUp(absl::Duration duration) {
  return std::max<int64_t>(0,
                           absl::ToInt64Milliseconds(absl::Ceil(duration, absl::Milliseconds(1))));
}

}  // namespace

std::string ChannelOf(absl::string_view name, absl::string_view schema) {
  constexpr size_t kMaxBytes = 63;
  return absl::StrCat(name, "/", TruncateUtf8(schema, kMaxBytes - name.size() - 1));
}

struct Listener::Impl {
  enum class Woken { kReady, kTimeout, kStopped };

  void Run();
  // Connects and listens. Null when that fails.
  ConnectionPtr Connect();
  // Waits for the connection, or its failure, without letting Stop wait.
  bool FinishConnecting(PGconn* connection);
  // Sends LISTEN and waits for the answer.
  bool Listen(PGconn* connection);
  // Passes on what comes, until the connection breaks or the listener stops.
  void Receive(PGconn* connection);
  void PassOn(PGconn* connection);
  // Waits until the socket (-1: none) is ready for `events`.
  Woken Wait(int socket, short events, absl::Duration timeout);

  Database database;
  std::string channel;
  Callbacks callbacks;
  StopEvent stop;
  bool stopped = false;  // seen by the thread
  std::thread thread;
};

Listener::Listener(Database database, std::string channel, Callbacks callbacks)
    : impl_(std::make_unique<Impl>()) {
  impl_->database = std::move(database);
  impl_->channel = std::move(channel);
  impl_->callbacks = std::move(callbacks);
  impl_->thread = std::thread([impl = impl_.get()] { impl->Run(); });
}

Listener::~Listener() {
  impl_->stop.Set();
  impl_->thread.join();
}

void Listener::Impl::Run() {
  absl::BitGen random;
  absl::Duration pause = kFirstPause;
  while (!stopped) {
    if (const ConnectionPtr connection = Connect()) {
      pause = kFirstPause;
      callbacks.on_gap();
      Receive(connection.get());
    }
    Wait(-1, 0, pause * absl::Uniform(random, 0.5, 1.0));
    pause = std::min(pause * 2, kLongestPause);
  }
}

ConnectionPtr Listener::Impl::Connect() {
  // No role is assumed: listening needs no right, and the role may not have been made yet.
  const auto connection_string = ConnectionString(database, kConnectTimeout);
  if (!connection_string.ok()) return nullptr;
  ConnectionPtr connection(PQconnectStart(connection_string->c_str()));
  if (connection == nullptr || !FinishConnecting(connection.get()) || !Listen(connection.get())) {
    return nullptr;
  }
  return connection;
}

bool Listener::Impl::FinishConnecting(PGconn* connection) {
  PQsetNoticeProcessor(
      connection, [](void*, const char*) {}, nullptr);
  if (PQstatus(connection) == CONNECTION_BAD) return false;
  const absl::Duration end = SystemClock().Monotonic() + kConnectTimeout;
  PostgresPollingStatusType state = PGRES_POLLING_WRITING;
  while (state == PGRES_POLLING_READING || state == PGRES_POLLING_WRITING) {
    const short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    const absl::Duration left = end - SystemClock().Monotonic();
    if (Wait(PQsocket(connection), events, left) != Woken::kReady) return false;
    state = PQconnectPoll(connection);
  }
  return state == PGRES_POLLING_OK;
}

bool Listener::Impl::Listen(PGconn* connection) {
  const std::string sql = absl::StrCat("LISTEN ", QuoteIdentifier(channel));
  if (PQsendQuery(connection, sql.c_str()) == 0) return false;
  const absl::Duration end = SystemClock().Monotonic() + kConnectTimeout;
  bool listening = false;
  while (true) {
    while (PQisBusy(connection) == 1) {
      const absl::Duration left = end - SystemClock().Monotonic();
      if (Wait(PQsocket(connection), POLLIN, left) != Woken::kReady) return false;
      if (PQconsumeInput(connection) == 0) return false;
    }
    const ResultPtr result(PQgetResult(connection));
    if (result == nullptr) return listening;  // the end of the answer
    listening = PQresultStatus(result.get()) == PGRES_COMMAND_OK;
  }
}

void Listener::Impl::Receive(PGconn* connection) {
  while (true) {
    PassOn(connection);  // first what came along with the answer to LISTEN
    if (Wait(PQsocket(connection), POLLIN, absl::InfiniteDuration()) != Woken::kReady) return;
    if (PQconsumeInput(connection) == 0) return;
  }
}

void Listener::Impl::PassOn(PGconn* connection) {
  while (const NotificationPtr notification{PQnotifies(connection)}) {
    callbacks.on_notify(notification->extra);
  }
}

Listener::Impl::Woken Listener::Impl::Wait(int socket, short events, absl::Duration timeout) {
  pollfd watched[] = {{stop.descriptor(), POLLIN, 0}, {socket, events, 0}};
  const bool forever = timeout == absl::InfiniteDuration();
  const int ready = poll(watched, 2, forever ? -1 : static_cast<int>(MillisUp(timeout)));
  if (watched[0].revents != 0) stopped = true;
  if (stopped) return Woken::kStopped;
  return ready > 0 ? Woken::kReady : Woken::kTimeout;
}

}  // namespace crier::pg
