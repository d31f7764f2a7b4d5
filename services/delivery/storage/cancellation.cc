#include "services/delivery/storage/cancellation.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>

#include "common/status/macros.h"
#include "services/delivery/storage/delivery_sql.h"
#include "services/delivery/storage/webhook_state.h"

namespace crier::delivery::storage {

absl::StatusOr<int> CancelQueued(pg::Transaction& transaction, int64_t community,
                                 const std::vector<int64_t>& webhooks,
                                 const std::vector<std::string>& deliveries) {
  std::vector<WebhookId> of_community;
  for (const int64_t webhook : webhooks) of_community.push_back({community, webhook});
  RETURN_IF_ERROR(LockStates(transaction, of_community).status());
  const std::vector<int64_t> communities(webhooks.size(), community);
  ASSIGN_OR_RETURN(const pg::Rows cancelled,
                   transaction.Execute(
                       kCancelQueued,
                       pg::Params().AddArray(communities).AddArray(webhooks).AddArray(deliveries)));
  std::map<int64_t, std::string> last;  // uuids sort as their text does
  for (const pg::Rows::Row row : cancelled) {
    std::string& id = last[row.Int64(0)];
    id = std::max(id, row.Text(1));
  }
  if (last.empty()) return 0;
  std::vector<int64_t> ids;
  std::vector<std::string> greatest;
  for (const auto& [webhook, delivery] : last) {
    ids.push_back(webhook);
    greatest.push_back(delivery);
  }
  RETURN_IF_ERROR(
      transaction
          .Execute(kNoteCancelled, pg::Params()
                                       .AddArray(std::vector<int64_t>(ids.size(), community))
                                       .AddArray(ids)
                                       .AddArray(greatest))
          .status());
  return cancelled.size();
}

}  // namespace crier::delivery::storage
