#include "common/http/curl_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
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

constexpr absl::Duration kLookAtConnectingEvery = absl::Milliseconds(100);

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

// What comes unasked would be taken for the response to the next request: libcurl 7.88 looks
// whether a connection is closed, not whether something is there.
void EndAtRest(int socket) {
  shutdown(socket, SHUT_RDWR);  // what comes from now on resets the connection
  std::array<char, 4096> unasked;
  while (recv(socket, unasked.data(), unasked.size(), MSG_DONTWAIT) > 0) {
  }
}

bool SpokeHttp1(CURL* easy) {
  long version = CURL_HTTP_VERSION_NONE;
  curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
  return version == CURL_HTTP_VERSION_1_0 || version == CURL_HTTP_VERSION_1_1;
}

}  // namespace

CurlLoop::CurlLoop(int max_connections)
    : epoll_(OrDie(epoll_create1(EPOLL_CLOEXEC))),
      wakeup_(OrDie(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))) {
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.fd = wakeup_;
  OrDie(epoll_ctl(epoll_, EPOLL_CTL_ADD, wakeup_, &event));
  const long share = std::max(1, max_connections / static_cast<int>(parts_.size()));
  for (Part& part : parts_) {
    part.loop = this;
    part.multi = MakeMulti();
    curl_multi_setopt(part.multi, CURLMOPT_SOCKETFUNCTION, &OnSocket);
    curl_multi_setopt(part.multi, CURLMOPT_SOCKETDATA, &part);
    curl_multi_setopt(part.multi, CURLMOPT_TIMERFUNCTION, &OnTimer);
    curl_multi_setopt(part.multi, CURLMOPT_TIMERDATA, &part);
    curl_multi_setopt(part.multi, CURLMOPT_MAXCONNECTS, share);
  }
}

CurlLoop::~CurlLoop() {
  for (const Part& part : parts_) curl_multi_cleanup(part.multi);
  close(wakeup_);
  close(epoll_);
}

void CurlLoop::Add(CURL* easy, size_t hash) {
  CURLM* const multi = parts_[hash % parts_.size()].multi;
  curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, &OnNewSocket);
  curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, this);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, multi);
  curl_multi_add_handle(multi, easy);
}

void CurlLoop::Remove(CURL* easy) {
  CURLM* multi = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &multi);
  if (multi != nullptr) curl_multi_remove_handle(multi, easy);
  connecting_.erase(easy);
}

int CurlLoop::RunOnce(absl::Duration limit) {
  std::array<epoll_event, 64> events;
  const int count = epoll_wait(epoll_, events.data(), events.size(),
                               EpollTimeout(std::min(limit, NextTimer() - Now())));
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
  RunTimers();
  LookAtConnecting();
  return sockets;
}

void CurlLoop::OnReady(int socket, uint32_t events) {
  Watch& watch = WatchOf(socket);
  // What nobody waits for would be told again and again.
  if (watch.watched != watch.wanted && (events & ~watch.wanted) != 0) Update(socket, watch);
  if (watch.wanted == 0) {
    if (watch.http1 && (events & EPOLLIN)) EndAtRest(socket);
    return;
  }
  int running = 0;
  curl_multi_socket_action(watch.multi, socket, CurlEvents(events), &running);
}

void CurlLoop::TakeDone(absl::FunctionRef<void(CURL*, CURLcode)> done) {
  for (const Part& part : parts_) {
    int left = 0;
    while (const CURLMsg* const message = curl_multi_info_read(part.multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      CURL* const easy = message->easy_handle;
      const CURLcode code = message->data.result;  // removing the handle invalidates the message
      curl_multi_remove_handle(part.multi, easy);
      connecting_.erase(easy);
      done(easy, code);
    }
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

absl::Duration CurlLoop::NextTimer() const {
  absl::Duration next = absl::InfiniteDuration();
  for (const Part& part : parts_) next = std::min(next, part.timer);
  return connecting_.empty() ? next : std::min(next, next_look_);
}

void CurlLoop::RunTimers() {
  const absl::Duration now = Now();
  for (Part& part : parts_) {
    if (part.timer > now) continue;
    part.timer = absl::InfiniteDuration();
    int running = 0;
    curl_multi_socket_action(part.multi, CURL_SOCKET_TIMEOUT, 0, &running);
  }
}

void CurlLoop::NoteConnecting(CURL* easy, bool connecting) {
  if (!connecting) {
    connecting_.erase(easy);
    return;
  }
  if (connecting_.empty()) next_look_ = Now() + kLookAtConnectingEvery;
  connecting_.insert(easy);
}

void CurlLoop::LookAtConnecting() {
  if (connecting_.empty() || Now() < next_look_) return;
  // This comes back to OnSocket(), which changes the set.
  for (CURL* const easy : std::vector<CURL*>(connecting_.begin(), connecting_.end())) {
    curl_easy_pause(easy, CURLPAUSE_RECV);
    curl_easy_pause(easy, CURLPAUSE_CONT);
  }
  next_look_ = Now() + kLookAtConnectingEvery;
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

int CurlLoop::OnSocket(CURL* easy, curl_socket_t socket, int what, void* part, void*) {
  CurlLoop& loop = *static_cast<Part*>(part)->loop;
  Watch& watch = loop.WatchOf(socket);
  watch.multi = static_cast<Part*>(part)->multi;
  watch.wanted = what == CURL_POLL_REMOVE ? 0 : EpollEvents(what);
  if (what == CURL_POLL_REMOVE) {
    watch.http1 = SpokeHttp1(easy);
  } else {
    loop.NoteConnecting(easy, what == CURL_POLL_OUT);
  }
  const bool watched = (watch.wanted & ~watch.watched) == 0;
  return watched || loop.Update(socket, watch) ? 0 : -1;
}

int CurlLoop::OnTimer(CURLM*, long timeout_ms, void* part) {
  static_cast<Part*>(part)->timer =
      timeout_ms < 0 ? absl::InfiniteDuration() : Now() + absl::Milliseconds(timeout_ms);
  return 0;
}

}  // namespace crier::http
