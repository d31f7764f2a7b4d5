// libcurl's multi interface on epoll.
#ifndef CRIER_COMMON_HTTP_CURL_LOOP_H_
#define CRIER_COMMON_HTTP_CURL_LOOP_H_

#include <curl/curl.h>

#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"

namespace crier::http {

// Owns a multi handle and lets it work when one of its sockets or its timer is ready, which costs
// the same for one transfer as for thousands. Used by one thread, save Wake().
class CurlLoop {
 public:
  // Keeps at most `max_connections` open, those at rest included.
  explicit CurlLoop(int max_connections);
  ~CurlLoop();

  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;

  // Begins the transfer of a handle that has all other options: this one sets what it needs to know
  // of the handle's socket.
  void Add(CURL* easy);
  // Ends a transfer early.
  void Remove(CURL* easy);

  // Waits for work, for Wake(), or until `limit` has passed, and does the work that is there.
  // Returns how many sockets had something to tell.
  int RunOnce(absl::Duration limit);

  // Calls `done` for every transfer that has ended, after taking it off the multi handle.
  void TakeDone(absl::FunctionRef<void(CURL*, CURLcode)> done);

  // Ends the RunOnce() that is waiting, or the next. Thread-safe.
  void Wake();

  // What to give epoll_wait so that `wait` has passed when it returns: whole milliseconds, rounded
  // up, from 0 to a minute.
  static int EpollTimeout(absl::Duration wait);

 private:
  // What epoll watches a socket for, and what libcurl waits for. The former is changed only where
  // it must be: transfers come and go on a connection that stays, and each would cost two calls of
  // the system. So epoll may tell of a socket at rest, once.
  struct Watch {
    uint32_t watched = 0;
    uint32_t wanted = 0;
  };

  static int OnNewSocket(void* self, curl_socket_t socket, curlsocktype purpose);
  static int OnSocket(CURL* easy, curl_socket_t socket, int what, void* self, void* unused);
  static int OnTimer(CURLM* multi, long timeout_ms, void* self);

  Watch& WatchOf(int socket);
  // False when epoll cannot watch the socket.
  bool Update(int socket, Watch& watch);
  void OnReady(int socket, uint32_t events);
  void RunTimer();

  const int epoll_;
  const int wakeup_;
  CURLM* const multi_;
  std::vector<Watch> watches_;                       // by socket
  absl::Duration timer_ = absl::InfiniteDuration();  // in Monotonic() time
};

}  // namespace crier::http

#endif  // CRIER_COMMON_HTTP_CURL_LOOP_H_
