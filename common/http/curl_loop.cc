#include "common/http/curl_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>

#include "common/base/clock.h"
#include "common/log/log.h"

namespace crier::http {
namespace {

absl::Duration Now() { return SystemClock().Monotonic(); }

// Without descriptors for its loop a process cannot work.
int OrDie(int descriptor) {
  if (descriptor >= 0) return descriptor;
  log::Error("cannot make an event loop: out of file descriptors?", {{"errno", errno}});
  std::abort();
}

CURLM* MakeMulti() {
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  CURLM* const multi = initialised == CURLE_OK ? curl_multi_init() : nullptr;
  if (multi == nullptr) std::abort();
  return multi;
}

uint32_t EpollEvents(int what) {
  uint32_t result = 0;
  if (what & CURL_POLL_IN) result |= EPOLLIN;
  if (what & CURL_POLL_OUT) result |= EPOLLOUT;
  return result;
}

int CurlEvents(uint32_t events) {
  int result = 0;
  if (events & EPOLLIN) result |= CURL_CSELECT_IN;
  if (events & EPOLLOUT) result |= CURL_CSELECT_OUT;
  if (events & (EPOLLERR | EPOLLHUP)) result |= CURL_CSELECT_ERR;
  return result;
}

}  // namespace

CurlLoop::CurlLoop(int max_connections)
    : epoll_(OrDie(epoll_create1(EPOLL_CLOEXEC))),
      wakeup_(OrDie(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))),
      multi_(MakeMulti()) {
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.fd = wakeup_;
  OrDie(epoll_ctl(epoll_, EPOLL_CTL_ADD, wakeup_, &event));
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &OnSocket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &OnTimer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(max_connections));
}

CurlLoop::~CurlLoop() {
  curl_multi_cleanup(multi_);
  close(wakeup_);
  close(epoll_);
}

void CurlLoop::Add(CURL* easy) {
  curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, &OnNewSocket);
  curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, this);
  curl_multi_add_handle(multi_, easy);
}

void CurlLoop::Remove(CURL* easy) { curl_multi_remove_handle(multi_, easy); }

int CurlLoop::RunOnce(absl::Duration limit) {
  std::array<epoll_event, 64> events;
  const int count = epoll_wait(epoll_, events.data(), events.size(),
                               EpollTimeout(std::min(limit, timer_ - Now())));
  int sockets = 0;
  for (int i = 0; i < count; ++i) {
    if (events[i].data.fd == wakeup_) {
      uint64_t wakes = 0;
      static_cast<void>(read(wakeup_, &wakes, sizeof(wakes)));
      continue;
    }
    ++sockets;
    OnReady(events[i].data.fd, events[i].events);
  }
  RunTimer();
  return sockets;
}

void CurlLoop::OnReady(int socket, uint32_t events) {
  Watch& watch = WatchOf(socket);
  // What nobody waits for would be told again and again.
  if (watch.watched != watch.wanted && (events & ~watch.wanted) != 0) Update(socket, watch);
  if (watch.wanted == 0) return;
  int running = 0;
  curl_multi_socket_action(multi_, socket, CurlEvents(events), &running);
}

void CurlLoop::TakeDone(absl::FunctionRef<void(CURL*, CURLcode)> done) {
  int left = 0;
  while (const CURLMsg* const message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* const easy = message->easy_handle;
    const CURLcode code = message->data.result;  // removing the handle invalidates the message
    curl_multi_remove_handle(multi_, easy);
    done(easy, code);
  }
}

void CurlLoop::Wake() {
  const uint64_t one = 1;
  static_cast<void>(!write(wakeup_, &one, sizeof(one)));  // fails only when it is awake already
}

int CurlLoop::EpollTimeout(absl::Duration wait) {
  // Cut before it becomes a number: an infinite wait has no successor among the int64_t.
  const absl::Duration bounded = std::clamp(wait, absl::ZeroDuration(), absl::Minutes(1));
  return static_cast<int>(absl::ToInt64Milliseconds(absl::Ceil(bounded, absl::Milliseconds(1))));
}

void CurlLoop::RunTimer() {
  if (timer_ > Now()) return;
  timer_ = absl::InfiniteDuration();
  int running = 0;
  curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
}

CurlLoop::Watch& CurlLoop::WatchOf(int socket) {
  const auto place = static_cast<size_t>(socket);
  if (place >= watches_.size()) watches_.resize(place + 1);
  return watches_[place];
}

bool CurlLoop::Update(int socket, Watch& watch) {
  const int operation = watch.watched == 0  ? EPOLL_CTL_ADD
                        : watch.wanted == 0 ? EPOLL_CTL_DEL
                                            : EPOLL_CTL_MOD;
  epoll_event event = {};
  event.data.fd = socket;
  event.events = watch.wanted;
  watch.watched = watch.wanted;
  return epoll_ctl(epoll_, operation, socket, &event) == 0;
}

// The number may be that of a socket that was closed, of which epoll knows no more.
int CurlLoop::OnNewSocket(void* self, curl_socket_t socket, curlsocktype) {
  static_cast<CurlLoop*>(self)->WatchOf(socket) = {};
  return CURL_SOCKOPT_OK;
}

int CurlLoop::OnSocket(CURL*, curl_socket_t socket, int what, void* self, void*) {
  auto* const loop = static_cast<CurlLoop*>(self);
  Watch& watch = loop->WatchOf(socket);
  watch.wanted = what == CURL_POLL_REMOVE ? 0 : EpollEvents(what);
  const bool watched = (watch.wanted & ~watch.watched) == 0;
  return watched || loop->Update(socket, watch) ? 0 : -1;
}

int CurlLoop::OnTimer(CURLM*, long timeout_ms, void* self) {
  static_cast<CurlLoop*>(self)->timer_ =
      timeout_ms < 0 ? absl::InfiniteDuration() : Now() + absl::Milliseconds(timeout_ms);
  return 0;
}

}  // namespace crier::http
