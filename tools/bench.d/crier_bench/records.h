// What the load is made of.
#ifndef CRIER_TOOLS_BENCH_D_CRIER_BENCH_RECORDS_H_
#define CRIER_TOOLS_BENCH_D_CRIER_BENCH_RECORDS_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "crier/ingest/v1/ingest_service.pb.h"

namespace crier::bench {

// Communities take turns: record `number` goes to `first` + number % `count`.
struct Communities {
  int64_t first = 1000;
  int count = 100;
};

// How many keys a person is found by: the first of an e-mail address, a LinkedIn, a GitHub and a
// Twitter handle, an external id and a Discord handle. The documented sample has four.
inline constexpr int kSampleIdentities = 4;
inline constexpr int kMaxIdentities = 6;

// A new person, as full a record as the documented sample (1 KB of payload) but for the identities,
// with the number in the title. The same number makes the same record.
void FillContact(size_t number, const Communities& communities, int identities,
                 ingest::v1::UpsertContactRequest& request);

// The number in a contact payload; nothing when there is none.
std::optional<size_t> NumberIn(absl::string_view payload);

}  // namespace crier::bench

#endif  // CRIER_TOOLS_BENCH_D_CRIER_BENCH_RECORDS_H_
