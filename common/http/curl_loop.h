// libcurl's multi interface on epoll.
#ifndef CRIER_COMMON_HTTP_CURL_LOOP_H_
#define CRIER_COMMON_HTTP_CURL_LOOP_H_

#include <curl/curl.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/functional/function_ref.h"
#include "absl/time/time.h"

namespace crier::http {

// Owns multi handles and lets them work when one of their sockets or timers is ready, which costs
// the same for one transfer as for thousands. There are several because libcurl looks, at the end
// of every transfer, at each connection and each resolved name of its multi handle. Used by one
// thread, save Wake().
class CurlLoop {
 public:
  // Keeps about `max_connections` open at most, those at rest included.
  explicit CurlLoop(int max_connections);
  ~CurlLoop();

  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;

  // Begins the transfer of a handle that has all other options: this one sets what the loop needs
  // to know of it. Transfers of the same `hash` may share a connection; others need not expect to.
  void Add(CURL* easy, size_t hash);
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
    CURLM* multi = nullptr;  // whose socket it is
    bool http1 = false;      // at rest: nothing is to come until something is asked for
  };

  struct Part {
    CurlLoop* loop = nullptr;
    CURLM* multi = nullptr;
    absl::Duration timer = absl::InfiniteDuration();  // in Monotonic() time
  };

  static int OnNewSocket(void* self, curl_socket_t socket, curlsocktype purpose);
  static int OnSocket(CURL* easy, curl_socket_t socket, int what, void* part, void* unused);
  static int OnTimer(CURLM* multi, long timeout_ms, void* part);

  Watch& WatchOf(int socket);
  // False when epoll cannot watch the socket.
  bool Update(int socket, Watch& watch);
  void OnReady(int socket, uint32_t events);
  void RunTimers();
  void NoteConnecting(CURL* easy, bool connecting);
  // Makes libcurl look at the connections that transfers wait for. Of a name with several addresses
  // version 7.88 gives up one that is silent, and hears of the next, only when it happens to look;
  // to go on after a pause makes it.
  void LookAtConnecting();
  absl::Duration NextTimer() const;

  const int epoll_;
  const int wakeup_;
  std::array<Part, 8> parts_;
  std::vector<Watch> watches_;                           // by socket
  absl::flat_hash_set<CURL*> connecting_;                // transfers that wait for a connection
  absl::Duration next_look_ = absl::InfiniteDuration();  // at these; in Monotonic() time
};

}  // namespace crier::http

#endif  // CRIER_COMMON_HTTP_CURL_LOOP_H_
