#include "services/ingest/storage/log_channel.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/pg/listener.h"

namespace crier::ingest::storage {

std::string LogChannel(absl::string_view schema) { return pg::ChannelOf("log", schema); }

std::string EncodeHeads(const std::map<int32_t, Head>& heads) {
  std::string payload;
  for (const auto& [log_partition, head] : heads) {
    absl::StrAppend(&payload, payload.empty() ? "" : ",", log_partition, ":", head.position);
  }
  return payload;
}

std::vector<LogHead> DecodeHeads(absl::string_view payload) {
  std::vector<LogHead> heads;
  for (absl::string_view part : absl::StrSplit(payload, ',')) {
    const std::pair<absl::string_view, absl::string_view> numbers = absl::StrSplit(part, ':');
    LogHead head;
    if (absl::SimpleAtoi(numbers.first, &head.log_partition) &&
        absl::SimpleAtoi(numbers.second, &head.position)) {
      heads.push_back(head);
    }
  }
  return heads;
}

}  // namespace crier::ingest::storage
