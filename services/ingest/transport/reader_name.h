// How readers of the log are named.
#ifndef CRIER_SERVICES_INGEST_TRANSPORT_READER_NAME_H_
#define CRIER_SERVICES_INGEST_TRANSPORT_READER_NAME_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace crier::ingest::transport {

inline constexpr char kReaders[] = "readers/";

inline std::string ReaderName(absl::string_view id) { return absl::StrCat(kReaders, id); }

}  // namespace crier::ingest::transport

#endif  // CRIER_SERVICES_INGEST_TRANSPORT_READER_NAME_H_
