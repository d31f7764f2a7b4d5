#include "services/evaluator/transport/peer.h"

#include "absl/strings/str_cat.h"
#include "common/log/log.h"
#include "common/status/errors.h"

namespace crier::evaluator::transport {

absl::Status PeerStatus(const absl::Status& status, absl::string_view peer) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
    case absl::StatusCode::kOutOfRange:
      return status;
    case absl::StatusCode::kDeadlineExceeded:
      return NamedError(absl::StatusCode::kDeadlineExceeded, "PEER_TOO_SLOW",
                        absl::StrCat("the ", peer, " service did not answer in time; try again"));
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kCancelled:
      // gRPC's text, with address and cause, is for whoever operates this service, not for callers.
      log::Info("a peer is away", {{"peer", peer}, {"status", status}});
      return NamedError(absl::StatusCode::kUnavailable, "PEER_UNAVAILABLE",
                        absl::StrCat("the ", peer, " service is away; try again"));
    default:
      return absl::InternalError(absl::StrCat("the ", peer, " service answered ",
                                              absl::StatusCodeToString(status.code()), ": ",
                                              status.message()));
  }
}

absl::Status NotConnectedError() { return absl::UnavailableError("not connected yet"); }

}  // namespace crier::evaluator::transport
