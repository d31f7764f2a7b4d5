// libcurl's multi interface on epoll.
#ifndef CRIER_COMMON_HTTP_CURL_LOOP_H_
#define CRIER_COMMON_HTTP_CURL_LOOP_H_

#include <curl/curl.h>

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

  CURLM* multi() const { return multi_; }

  // Waits for work, for Wake(), or until `limit` has passed, and does the work that is there.
  void RunOnce(absl::Duration limit);

  // Calls `done` for every transfer that has ended, after taking it off the multi handle.
  void TakeDone(absl::FunctionRef<void(CURL*, CURLcode)> done);

  // Ends the RunOnce() that is waiting, or the next. Thread-safe.
  void Wake();

  // What to give epoll_wait so that `wait` has passed when it returns: whole milliseconds, rounded
  // up, from 0 to a minute.
  static int EpollTimeout(absl::Duration wait);

 private:
  static int OnSocket(CURL* easy, curl_socket_t socket, int what, void* self, void* unused);
  static int OnTimer(CURLM* multi, long timeout_ms, void* self);

  void RunTimer();

  const int epoll_;
  const int wakeup_;
  CURLM* const multi_;
  absl::Duration timer_ = absl::InfiniteDuration();  // in Monotonic() time
};

}  // namespace crier::http

#endif  // CRIER_COMMON_HTTP_CURL_LOOP_H_
