#include "common/http/client.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "common/base/clock.h"
#include "common/http/curl_loop.h"
#include "common/http/outcome.h"
#include "common/http/resolver_cache.h"
#include "common/http/route_pool.h"
#include "common/http/transfer.h"

namespace crier::http {
namespace {

absl::Duration Now() { return SystemClock().Monotonic(); }

}  // namespace

// A request is waiting (for its turn), resolving (its name) or running (in libcurl). All of that
// belongs to the client's thread; what other threads have for it waits under the mutex.
struct Client::Impl {
  using TransferPtr = std::unique_ptr<Transfer>;

  struct LookupAnswer {
    uint64_t id;
    Addresses addresses;
  };

  explicit Impl(ClientOptions options)
      : context{std::move(options.allow_address), TrustedRoots(options.extra_roots_file),
                std::move(options.proxy)},
        max_in_flight(static_cast<size_t>(options.max_in_flight)),
        loop(2 * options.max_in_flight),
        routes(context, 2 * max_in_flight),
        resolver(std::move(options.resolver), options.resolver_ttl) {}

  void Run();
  bool Stopping();
  void TakeRequests();
  void TakeAnswers();
  void Cancel(TransferPtr transfer);
  void CancelAll();

  void BeginWaiting();
  void BeginOne(TransferPtr transfer);
  // Looks a name up for the transfer; the answer comes to OnAnswer.
  void LookUp(TransferPtr transfer, const std::string& host);
  // The next look-up has been answered: that of the target or, after it, that of the proxy.
  void GoOn(TransferPtr transfer, std::vector<sockaddr_storage> addresses);
  void OnAnswer(const LookupAnswer& answer);
  void Dial(TransferPtr transfer, const std::vector<sockaddr_storage>& addresses);
  void Start(TransferPtr transfer);
  void EndLateLookups();
  void OnDone(CURL* easy, CURLcode code);
  absl::Duration TimeToNextDeadline() const;

  ClientContext context;
  const size_t max_in_flight;
  CurlLoop loop;
  RoutePool routes;  // as many as there are connections for

  absl::Mutex mutex;
  bool stopping ABSL_GUARDED_BY(mutex) = false;
  std::vector<TransferPtr> arrived ABSL_GUARDED_BY(mutex);
  std::vector<LookupAnswer> answers ABSL_GUARDED_BY(mutex);

  std::deque<TransferPtr> waiting;
  absl::flat_hash_map<uint64_t, TransferPtr> resolving;
  absl::flat_hash_map<CURL*, TransferPtr> running;
  uint64_t next_id = 0;

  ResolverCache resolver;  // calls back into the above: ends before it
  std::thread thread;
};

Client::Client(ClientOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {
  impl_->thread = std::thread([impl = impl_.get()] { impl->Run(); });
}

Client::~Client() {
  {
    absl::MutexLock lock(&impl_->mutex);
    impl_->stopping = true;
  }
  impl_->loop.Wake();
  impl_->thread.join();
}

void Client::Send(Request request, std::function<void(Response)> done) {
  auto transfer = std::make_unique<Transfer>(impl_->context, std::move(request), std::move(done));
  bool is_first = false;
  {
    absl::MutexLock lock(&impl_->mutex);
    is_first = impl_->arrived.empty();
    impl_->arrived.push_back(std::move(transfer));
  }
  // The others are taken with the first one.
  if (is_first) impl_->loop.Wake();
}

void Client::Impl::Run() {
  while (true) {
    if (Stopping()) return CancelAll();
    TakeRequests();
    TakeAnswers();
    loop.TakeDone([this](CURL* easy, CURLcode code) { OnDone(easy, code); });
    EndLateLookups();
    BeginWaiting();
    loop.RunOnce(TimeToNextDeadline());
  }
}

bool Client::Impl::Stopping() {
  absl::MutexLock lock(&mutex);
  return stopping;
}

void Client::Impl::TakeRequests() {
  absl::MutexLock lock(&mutex);
  for (TransferPtr& transfer : arrived) waiting.push_back(std::move(transfer));
  arrived.clear();
}

void Client::Impl::TakeAnswers() {
  std::vector<LookupAnswer> taken;
  {
    absl::MutexLock lock(&mutex);
    taken.swap(answers);
  }
  for (const LookupAnswer& answer : taken) OnAnswer(answer);
}

void Client::Impl::Cancel(TransferPtr transfer) {
  if (transfer->easy() != nullptr) loop.Remove(transfer->easy());
  transfer->FinishWithout(Result::kUnreachable, "the request was cancelled");
}

void Client::Impl::CancelAll() {
  for (auto& [easy, transfer] : std::exchange(running, {})) Cancel(std::move(transfer));
  for (auto& [id, transfer] : std::exchange(resolving, {})) Cancel(std::move(transfer));
  TakeRequests();  // callbacks may have sent again
  while (!waiting.empty()) {
    for (TransferPtr& transfer : std::exchange(waiting, {})) Cancel(std::move(transfer));
    TakeRequests();
  }
}

void Client::Impl::BeginWaiting() {
  while (!waiting.empty() && resolving.size() + running.size() < max_in_flight) {
    TransferPtr transfer = std::move(waiting.front());
    waiting.pop_front();
    BeginOne(std::move(transfer));
  }
}

void Client::Impl::BeginOne(TransferPtr transfer) {
  const absl::Status begun = transfer->Begin(routes);
  if (!begun.ok()) {
    transfer->FinishWithout(Result::kUnreachable, std::string(begun.message()));
    return;
  }
  const Target& target = transfer->target();
  if (target.literal) return GoOn(std::move(transfer), {*target.literal});
  const std::string host = target.host;
  LookUp(std::move(transfer), host);
}

void Client::Impl::LookUp(TransferPtr transfer, const std::string& host) {
  const uint64_t id = next_id++;
  const absl::Duration deadline = transfer->connect_deadline();
  resolving.emplace(id, std::move(transfer));
  resolver.Resolve(host, deadline, [this, id](const Addresses& addresses) {
    {
      absl::MutexLock lock(&mutex);
      answers.push_back({id, addresses});
    }
    loop.Wake();
  });
}

void Client::Impl::OnAnswer(const LookupAnswer& answer) {
  auto found = resolving.extract(answer.id);
  if (found.empty()) return;  // too late
  TransferPtr transfer = std::move(found.mapped());
  if (!answer.addresses.ok()) {
    transfer->FinishWithout(Result::kUnreachable, "the host name could not be resolved");
  } else if (answer.addresses->empty()) {
    transfer->FinishWithout(Result::kUnreachable, "the host name has no address");
  } else {
    GoOn(std::move(transfer), *answer.addresses);
  }
}

void Client::Impl::GoOn(TransferPtr transfer, std::vector<sockaddr_storage> addresses) {
  const bool of_proxy = context.proxy && transfer->has_target_addresses();
  if (!of_proxy && !transfer->Allows(addresses)) {
    transfer->FinishWithout(Result::kForbidden, kForbiddenError);
    return;
  }
  if (!context.proxy || of_proxy) return Dial(std::move(transfer), addresses);
  transfer->SetTargetAddresses(std::move(addresses));
  if (const auto literal = ParseAddress(context.proxy->host)) {
    Dial(std::move(transfer), {*literal});
  } else {
    LookUp(std::move(transfer), context.proxy->host);
  }
}

void Client::Impl::Dial(TransferPtr transfer, const std::vector<sockaddr_storage>& addresses) {
  transfer->Dial(addresses);
  Start(std::move(transfer));
}

void Client::Impl::Start(TransferPtr transfer) {
  CURL* const easy = transfer->easy();
  const size_t hash = transfer->connection_hash();
  running.emplace(easy, std::move(transfer));
  loop.Add(easy, hash);
}

void Client::Impl::EndLateLookups() {
  const absl::Duration now = Now();
  std::vector<TransferPtr> late;
  for (auto& [id, transfer] : resolving) {
    if (transfer->connect_deadline() <= now) late.push_back(std::move(transfer));
  }
  absl::erase_if(resolving, [](const auto& entry) { return entry.second == nullptr; });
  for (TransferPtr& transfer : late) {
    transfer->FinishWithout(Result::kTimedOut, "the host name was not resolved in time");
  }
}

void Client::Impl::OnDone(CURL* easy, CURLcode code) {
  auto found = running.extract(easy);
  TransferPtr transfer = std::move(found.mapped());
  if (transfer->DialAfresh(code) || transfer->DialNextTarget(code)) {
    return Start(std::move(transfer));
  }
  Response response = transfer->Conclude(code);
  // After a failure a new one begins from nothing.
  if (response.result == Result::kResponse && !transfer->dialled_afresh()) {
    routes.PutBack(transfer->ReleaseRoute());
  }
  transfer->Finish(std::move(response));
}

absl::Duration Client::Impl::TimeToNextDeadline() const {
  absl::Duration next = absl::InfiniteDuration();
  for (const auto& [id, transfer] : resolving) next = std::min(next, transfer->connect_deadline());
  return next - Now();
}

}  // namespace crier::http
