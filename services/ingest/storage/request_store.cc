#include "services/ingest/storage/request_store.h"

#include <cstdint>
#include <string>
#include <vector>

#include "common/status/macros.h"
#include "services/ingest/storage/request_store_sql.h"

namespace crier::ingest::storage {

using pg::Params;
using pg::Rows;
using pg::Transaction;

absl::Status LoadRequests(Transaction& transaction, const std::set<RequestKey>& keys,
                          Known& known) {
  if (keys.empty()) return absl::OkStatus();
  std::vector<int64_t> communities;
  std::vector<std::string> ids;
  for (const RequestKey& key : keys) {
    communities.push_back(key.community);
    ids.push_back(key.id);
  }
  ASSIGN_OR_RETURN(
      const Rows rows,
      transaction.Execute(kLoadRequests, Params().AddArray(communities).AddBytesArray(ids)));
  for (const Rows::Row row : rows) {
    StoredRequest& stored = known.requests[{row.Int64(0), row.Bytes(1)}];
    stored.fingerprint = row.Bytes(2);
    stored.result.name = row.Text(3);
    stored.result.outcome = static_cast<Ingested::Outcome>(row.Int32(4));
    stored.accept_time = row.Time(5);
  }
  return absl::OkStatus();
}

absl::Status WriteRequests(Transaction& transaction,
                           const std::map<RequestKey, StoredRequest>& requests) {
  if (requests.empty()) return absl::OkStatus();
  std::vector<int64_t> communities;
  std::vector<std::string> ids, fingerprints, names;
  std::vector<int32_t> outcomes;
  std::vector<absl::Time> accept_times;
  for (const auto& [key, stored] : requests) {
    communities.push_back(key.community);
    ids.push_back(key.id);
    fingerprints.push_back(stored.fingerprint);
    names.push_back(stored.result.name);
    outcomes.push_back(static_cast<int32_t>(stored.result.outcome));
    accept_times.push_back(stored.accept_time);
  }
  return transaction
      .Execute(kSaveRequests, Params()
                                  .AddArray(communities)
                                  .AddBytesArray(ids)
                                  .AddBytesArray(fingerprints)
                                  .AddArray(names)
                                  .AddArray(outcomes)
                                  .AddArray(accept_times))
      .status();
}

pg::TimePartitionedTable RequestTable(absl::Duration retention) {
  return {"requests", pg::TimePartitionedTable::Key::kTimestamp, retention};
}

}  // namespace crier::ingest::storage
