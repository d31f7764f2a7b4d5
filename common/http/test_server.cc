#include "common/http/test_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <stdexcept>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace crier::http {
namespace {

void Check(bool condition, const char* what) {
  if (!condition) throw std::runtime_error(what);
}

// OpenSSL writes without MSG_NOSIGNAL. For this thread alone: the client has to do without.
void BlockSigpipe() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

size_t ContentLength(absl::string_view head) {
  const std::string lower = absl::AsciiStrToLower(head);
  constexpr absl::string_view kName = "content-length:";
  const size_t at = lower.find(std::string(kName));
  size_t length = 0;
  if (at != std::string::npos) {
    const size_t begin = at + kName.size();
    Check(absl::SimpleAtoi(lower.substr(begin, lower.find('\r', begin) - begin), &length),
          "content-length");
  }
  return length;
}

SSL_CTX* MakeTlsContext(const std::string& pem) {
  SSL_CTX* const context = SSL_CTX_new(TLS_server_method());
  BIO* const bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  X509* const certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  EVP_PKEY* const key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
  Check(SSL_CTX_use_certificate(context, certificate) == 1, "certificate");
  Check(SSL_CTX_use_PrivateKey(context, key) == 1, "key");
  X509_free(certificate);
  EVP_PKEY_free(key);
  BIO_free(bio);
  return context;
}

void AskForClientCertificate(SSL_CTX* context, const std::string& roots_pem) {
  BIO* const bio = BIO_new_mem_buf(roots_pem.data(), static_cast<int>(roots_pem.size()));
  X509* const root = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  Check(X509_STORE_add_cert(SSL_CTX_get_cert_store(context), root) == 1, "client root");
  X509_free(root);
  BIO_free(bio);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
}

template <typename Write>
std::string ToPem(const Write& write) {
  BIO* const bio = BIO_new(BIO_s_mem());
  write(bio);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string pem(data, static_cast<size_t>(size));
  BIO_free(bio);
  return pem;
}

}  // namespace

TestConnection::TestConnection(int socket, SSL* tls) : socket_(socket), tls_(tls) {}

TestConnection::~TestConnection() { SSL_free(tls_); }

bool TestConnection::ReadSome() {
  std::array<char, 16384> bytes;
  const auto count = tls_ != nullptr ? SSL_read(tls_, bytes.data(), bytes.size())
                                     : recv(socket_, bytes.data(), bytes.size(), 0);
  if (count <= 0) return false;
  buffer_.append(bytes.data(), static_cast<size_t>(count));
  return true;
}

std::string TestConnection::ReadRequest() {
  constexpr char kEnd[] = "\r\n\r\n";
  size_t end = 0;
  while ((end = buffer_.find(kEnd)) == std::string::npos) {
    if (!ReadSome()) return "";
  }
  const size_t size = end + 4 + ContentLength(buffer_.substr(0, end + 2));
  while (buffer_.size() < size) {
    if (!ReadSome()) return "";
  }
  std::string request = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return request;
}

std::string TestConnection::ReadBytes(size_t count) {
  while (buffer_.size() < count && ReadSome()) {
  }
  std::string bytes = buffer_.substr(0, count);
  buffer_.erase(0, bytes.size());
  return bytes;
}

bool TestConnection::Write(absl::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = tls_ != nullptr
                           ? SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size()))
                           : send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

void TestConnection::Reset() {
  const linger at_once = {1, 0};
  setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

bool TestConnection::WaitForClose(absl::Duration timeout) {
  pollfd event = {socket_, POLLIN | POLLRDHUP, 0};
  // Nothing but the end is expected.
  return poll(&event, 1, static_cast<int>(absl::ToInt64Milliseconds(timeout))) != 0;
}

TestServer::TestServer(Handler handler, const std::string& certificate_pem, int max_tls_version,
                       const std::string& client_roots_pem)
    : handler_(std::move(handler)),
      tls_context_(certificate_pem.empty() ? nullptr : MakeTlsContext(certificate_pem)),
      listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (tls_context_ != nullptr) {
    SSL_CTX_set_alpn_select_cb(tls_context_, &OnProtocolsOffered, this);
    SSL_CTX_set_cipher_list(tls_context_, "ALL:@SECLEVEL=0");  // or nothing old works at all
    SSL_CTX_set_min_proto_version(tls_context_, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(tls_context_, max_tls_version);
    if (!client_roots_pem.empty()) AskForClientCertificate(tls_context_, client_roots_pem);
  }
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  Check(bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0, "bind");
  Check(listen(listener_, 128) == 0, "listen");
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

TestServer::~TestServer() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    for (const int socket : open_sockets_) shutdown(socket, SHUT_RDWR);
  }
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  for (std::thread& handler : handlers_) handler.join();
  close(listener_);
  SSL_CTX_free(tls_context_);
}

int TestServer::OnProtocolsOffered(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                                   const unsigned char* offered, unsigned int size, void* self) {
  const std::string list(reinterpret_cast<const char*>(offered), size);
  if (list.find("\x02h2") != std::string::npos) {
    auto* const server = static_cast<TestServer*>(self);
    server->http2_offered_ = true;
    static const unsigned char kHttp2[] = {'h', '2'};
    if (server->takes_http2_) {
      *chosen = kHttp2;
      *chosen_size = sizeof(kHttp2);
      return SSL_TLSEXT_ERR_OK;
    }
  }
  static const unsigned char kHttp11[] = {'h', 't', 't', 'p', '/', '1', '.', '1'};
  *chosen = kHttp11;
  *chosen_size = sizeof(kHttp11);
  return SSL_TLSEXT_ERR_OK;
}

void TestServer::Accept() {
  int socket = 0;
  while ((socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0) {
    const int number = connections_++;
    {
      absl::MutexLock lock(&mutex_);
      if (stopping_) shutdown(socket, SHUT_RDWR);
      open_sockets_.push_back(socket);
    }
    handlers_.emplace_back([this, socket, number] { Serve(socket, number); });
  }
}

void TestServer::Serve(int socket, int number) {
  BlockSigpipe();
  SSL* tls = nullptr;
  bool usable = true;
  if (tls_context_ != nullptr) {
    tls = SSL_new(tls_context_);
    SSL_set_fd(tls, socket);
    usable = SSL_accept(tls) == 1;
  }
  {
    TestConnection connection(socket, tls);
    connection.number = number;
    if (usable) handler_(connection);
  }
  ERR_clear_error();
  absl::MutexLock lock(&mutex_);
  open_sockets_.erase(std::find(open_sockets_.begin(), open_sockets_.end(), socket));
  close(socket);
}

std::string OkResponse(absl::string_view body) {
  return absl::StrCat("HTTP/1.1 200 OK\r\nContent-Length: ", body.size(), "\r\n\r\n", body);
}

TestServer::Handler AnswerWith(const std::string& response) {
  return [response](TestConnection& connection) {
    while (!connection.ReadRequest().empty() && connection.Write(response)) {
    }
  };
}

TestCertificate MakeCertificate(const std::string& host_name, absl::Duration not_before,
                                absl::Duration not_after) {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  X509* const certificate = X509_new();
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), absl::ToInt64Seconds(not_before));
  X509_gmtime_adj(X509_getm_notAfter(certificate), absl::ToInt64Seconds(not_after));
  X509_set_pubkey(certificate, key);
  X509_NAME* const name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(host_name.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  const std::string alternative_name = "DNS:" + host_name;
  X509_EXTENSION* const extension =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, alternative_name.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
  X509_sign(certificate, key, EVP_sha256());

  TestCertificate result;
  result.certificate = ToPem([&](BIO* bio) { PEM_write_bio_X509(bio, certificate); });
  result.certificate_and_key =
      result.certificate + ToPem([&](BIO* bio) {
        PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
      });
  X509_free(certificate);
  EVP_PKEY_free(key);
  return result;
}

}  // namespace crier::http
