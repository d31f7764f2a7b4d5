// Sends attempts over HTTP, to permitted targets only.
#ifndef CRIER_SERVICES_DELIVERY_SENDING_HTTP_SENDER_H_
#define CRIER_SERVICES_DELIVERY_SENDING_HTTP_SENDER_H_

#include <cstdint>
#include <functional>

#include "common/http/client.h"
#include "services/delivery/domain/attempts/sender.h"
#include "services/delivery/domain/webhooks/url_policy.h"

namespace crier::delivery {

// Asks the policy before every request, and for every address that is dialled. A customer cannot
// tell a refused target from one where nobody answers; the operator's log can.
//
// Thread-safe. The destructor ends what is under way: its callbacks get kUnreachable.
class HttpSender : public Sender {
 public:
  // `policy` must outlive the sender. `options.allow_address` is the sender's to set.
  HttpSender(const UrlPolicy& policy, http::ClientOptions options);

  void Send(AttemptRequest request, int64_t connection_group,
            std::function<void(AttemptResult)> done) override;

 private:
  const UrlPolicy& policy_;
  http::Client client_;
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_SENDING_HTTP_SENDER_H_
