// A receiver for tests, down at the bytes: it can break every rule of HTTP.
#ifndef CRIER_COMMON_HTTP_TEST_SERVER_H_
#define CRIER_COMMON_HTTP_TEST_SERVER_H_

#include <openssl/ssl.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace crier::http {

// A connection that a client made. Used by the one thread that handles it.
class TestConnection {
 public:
  // `tls` is null for plain text; takes both over.
  TestConnection(int socket, SSL* tls);
  ~TestConnection();

  // Which connection of the server this is, from 0.
  int number = 0;

  // The next request with its body, byte for byte; empty when the client has closed.
  std::string ReadRequest();

  // The next bytes, so many; fewer when the client has closed.
  std::string ReadBytes(size_t count);

  // False when the client has closed.
  bool Write(absl::string_view bytes);

  // The connection will be reset, not closed, when its handler returns.
  void Reset();

  // Waits until the client closes; false when `timeout` passes before.
  bool WaitForClose(absl::Duration timeout);

 private:
  // Appends what arrives to `buffer_`; false when the client has closed.
  bool ReadSome();

  const int socket_;
  SSL* const tls_;
  std::string buffer_;
};

// Listens on 127.0.0.1 and handles each connection on a thread of its own. Thread-safe.
class TestServer {
 public:
  using Handler = std::function<void(TestConnection&)>;

  // With `certificate_pem` (certificate and key), the server speaks TLS, and no later version of it
  // than `max_tls_version` (TLS1_1_VERSION, …; 0 for the latest). With `client_roots_pem` it asks
  // for a client certificate, and accepts those that come from there.
  explicit TestServer(Handler handler, const std::string& certificate_pem = "",
                      int max_tls_version = 0, const std::string& client_roots_pem = "");

  // Ends the connections and waits for their handlers.
  ~TestServer();

  int port() const { return port_; }

  // How many connections there have been.
  int connections() const { return connections_; }

  // From now on connections speak HTTP/2 if the client offers it: the handler has to.
  void TakeHttp2() { takes_http2_ = true; }

  // Whether a client has offered HTTP/2, which the server does not take of itself.
  bool http2_offered() const { return http2_offered_; }

 private:
  void Accept();
  void Serve(int socket, int number);

  static int OnProtocolsOffered(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                                const unsigned char* offered, unsigned int size, void* self);

  const Handler handler_;
  SSL_CTX* tls_context_ = nullptr;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> connections_ = 0;
  std::atomic<bool> http2_offered_ = false;
  std::atomic<bool> takes_http2_ = false;
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<int> open_sockets_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> handlers_;  // belongs to acceptor_ until that has ended
  std::thread acceptor_;
};

// A complete answer with this body.
std::string OkResponse(absl::string_view body);

// A handler that answers every request of a connection with the same bytes.
TestServer::Handler AnswerWith(const std::string& response);

// A new self-signed certificate for the name and its key, as PEM; valid from `not_before` until
// `not_after`.
struct TestCertificate {
  std::string certificate;
  std::string certificate_and_key;
};
TestCertificate MakeCertificate(const std::string& host_name, absl::Duration not_before,
                                absl::Duration not_after);

}  // namespace crier::http

#endif  // CRIER_COMMON_HTTP_TEST_SERVER_H_
