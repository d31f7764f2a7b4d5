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

// A new person, as full a record as the documented sample (1 KB of payload), with the number in the
// title. The same number makes the same record.
void FillContact(size_t number, const Communities& communities,
                 ingest::v1::UpsertContactRequest& request);

// The number in a contact payload; nothing when there is none.
std::optional<size_t> NumberIn(absl::string_view payload);

}  // namespace crier::bench

#endif  // CRIER_TOOLS_BENCH_D_CRIER_BENCH_RECORDS_H_
