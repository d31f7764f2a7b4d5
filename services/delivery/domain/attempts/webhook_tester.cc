#include "services/delivery/domain/attempts/webhook_tester.h"

#include <algorithm>
#include <utility>

#include "common/status/errors.h"
#include "common/status/macros.h"
#include "services/delivery/domain/attempts/attempt_request.h"
#include "services/delivery/domain/attempts/echo_mask.h"
#include "services/delivery/domain/errors.h"
#include "services/delivery/domain/payloads/payload.h"
#include "services/delivery/domain/payloads/samples.h"

namespace crier::delivery {
namespace {

// Kept back from the caller's time, so that a time-out of the receiver can still be told.
constexpr absl::Duration kTimeToAnswer = absl::Milliseconds(250);

}  // namespace

WebhookTester::WebhookTester(Sender& sender, const Clock& clock, std::string app_base_url)
    : sender_(sender), clock_(clock), app_base_url_(std::move(app_base_url)), ids_(clock) {}

absl::StatusOr<std::string> WebhookTester::Render(const Webhook& webhook,
                                                  const Sample& sample) const {
  if (const auto* const notice = std::get_if<Notice>(&sample)) return RenderNotice(*notice);
  return RenderPayload(std::get<entity::v1::Event>(sample), SampleWorkflow(), webhook,
                       app_base_url_);
}

absl::Status WebhookTester::Test(const Webhook& webhook, const Sample& sample, absl::Time deadline,
                                 std::function<void(Exchange)> done) {
  if (!webhook.secrets_error.empty()) return SecretsUnreadableError();
  const absl::Time now = clock_.Now();
  ASSIGN_OR_RETURN(std::string body, Render(webhook, sample));
  AttemptRequest request = BuildAttemptRequest(webhook, ids_.Next(), std::move(body), now);
  request.timeout = std::min(request.timeout, deadline - kTimeToAnswer - now);
  request.connect_timeout = std::min(request.connect_timeout, request.timeout);
  if (request.timeout <= absl::ZeroDuration()) {
    return NamedError(absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED",
                      "the call's deadline leaves no time for the receiver");
  }
  if (under_way_->fetch_add(1) >= kMaxTests) {
    under_way_->fetch_sub(1);
    return OverloadedError("too many tests are under way; retry after the given delay",
                           absl::Seconds(1));
  }

  Exchange exchange;
  exchange.start_time = now;
  exchange.url = request.url;
  exchange.request_headers = MaskedHeaders(request.headers);
  exchange.request_body = request.body;
  sender_.Send(std::move(request), webhook.id.community,
               [under_way = under_way_, webhook, exchange = std::move(exchange),
                done = std::move(done)](AttemptResult result) mutable {
                 under_way->fetch_sub(1);
                 MaskEchoes(webhook, result);
                 exchange.result = std::move(result);
                 done(std::move(exchange));
               });
  return absl::OkStatus();
}

}  // namespace crier::delivery
