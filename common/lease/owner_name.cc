#include "common/lease/owner_name.h"

#include <unistd.h>

#include <random>

#include "absl/strings/str_cat.h"

namespace crier::lease {

std::string NewOwnerName() {
  char host[256] = "";
  if (gethostname(host, sizeof(host) - 1) != 0) host[0] = '\0';
  std::random_device random;
  return absl::StrCat(host, "-", absl::Hex(random(), absl::kZeroPad8),
                      absl::Hex(random(), absl::kZeroPad8));
}

}  // namespace crier::lease
