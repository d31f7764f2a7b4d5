// What the commands share: the settings of this run and where to write.
#ifndef CRIER_TOOLS_CRIERCTL_SESSION_H_
#define CRIER_TOOLS_CRIERCTL_SESSION_H_

#include <functional>
#include <istream>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/rpc/tls.h"

namespace crier::crierctl {

// The global options.
struct Settings {
  std::string server = "localhost:7400";
  // Where the services run apart; empty means `server`.
  std::string ingest_server;
  std::string workflow_server;
  std::string delivery_server;
  // TLS when it names authorities.
  rpc::TlsOptions tls;
  std::string community;
  std::string output = "table";  // or `json`
  absl::Duration timeout = absl::Seconds(10);

  bool json() const { return output == "json"; }
};

// One run of the program. Not thread-safe; the streams outlive it.
struct Session {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool err_is_terminal = false;
  Settings settings;
  // What the command line asks for; set while it is parsed.
  std::function<absl::Status()> action;
};

}  // namespace crier::crierctl

#endif  // CRIER_TOOLS_CRIERCTL_SESSION_H_
