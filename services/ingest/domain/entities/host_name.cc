#include "services/ingest/domain/entities/host_name.h"

#include <idn2.h>

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "services/ingest/domain/entities/limits.h"

namespace crier::ingest {
namespace {

bool IsLabel(absl::string_view label) {
  return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
         std::all_of(label.begin(), label.end(),
                     [](char c) { return absl::ascii_isalnum(c) || c == '-'; });
}

// An address of numbers looks like a name but for its last label.
bool IsHostName(absl::string_view text) {
  const std::vector<absl::string_view> labels = absl::StrSplit(text, '.');
  return labels.size() >= 2 && text.size() <= kMaxDomainBytes &&
         std::all_of(labels.begin(), labels.end(), IsLabel) &&
         !std::all_of(labels.back().begin(), labels.back().end(), absl::ascii_isdigit);
}

// As the DNS has it; nothing when it could have no such name. Whether it is a host name is still to
// be asked: one character may stand for others, such as a slash.
std::optional<std::string> ToAscii(absl::string_view host) {
  const bool is_ascii = std::all_of(host.begin(), host.end(), absl::ascii_isascii);
  if (is_ascii) return std::string(host);
  // In UTF-8, a name of the greatest length takes fewer bytes than this.
  if (host.size() > 4 * kMaxDomainBytes) return std::nullopt;
  const std::string terminated(host);
  if (terminated.find('\0') != std::string::npos) return std::nullopt;
  char* ascii = nullptr;
  const int failure =
      idn2_to_ascii_8z(terminated.c_str(), &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  if (failure != IDN2_OK) return std::nullopt;
  // A dot at the end may have been another character until now.
  std::string result(absl::StripSuffix(ascii, "."));
  idn2_free(ascii);
  return result;
}

}  // namespace

std::optional<std::string> AsciiHostName(absl::string_view host) {
  std::optional<std::string> ascii = ToAscii(host);
  if (!ascii || !IsHostName(*ascii)) return std::nullopt;
  return ascii;
}

}  // namespace crier::ingest
