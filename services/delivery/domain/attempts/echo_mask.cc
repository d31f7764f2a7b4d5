#include "services/delivery/domain/attempts/echo_mask.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "services/delivery/domain/webhooks/own_headers.h"

namespace crier::delivery {
namespace {

constexpr size_t kShortest = 6;

// The longest first, so that no part of one is left when another is within it.
std::vector<absl::string_view> Secrets(const Webhook& webhook) {
  std::vector<absl::string_view> secrets;
  if (webhook.secret.size() >= kShortest) secrets.push_back(webhook.secret);
  for (const auto& [name, value] : webhook.custom_headers) {
    if (value.size() >= kShortest) secrets.push_back(value);
  }
  std::sort(secrets.begin(), secrets.end(),
            [](absl::string_view a, absl::string_view b) { return a.size() > b.size(); });
  return secrets;
}

// Most texts hold none, and are not copied.
void Mask(absl::string_view secret, std::string& text) {
  if (absl::StrContains(text, secret)) text = absl::StrReplaceAll(text, {{secret, kMask}});
}

// Of a text that was cut: it may end within the secret.
void MaskBeginning(absl::string_view secret, std::string& text) {
  for (size_t size = secret.size() - 1; size >= kShortest; --size) {
    if (!absl::EndsWith(text, secret.substr(0, size))) continue;
    text.replace(text.size() - size, size, kMask);
    return;
  }
}

void MaskAll(const std::vector<absl::string_view>& secrets, size_t kept, std::string& text) {
  const bool cut = text.size() >= kept;
  for (const absl::string_view secret : secrets) {
    Mask(secret, text);
    if (cut) MaskBeginning(secret, text);
  }
}

}  // namespace

void MaskEchoes(const Webhook& webhook, AttemptResult& result) {
  if (result.status == 0) return;
  const size_t most = result.body.size();
  const std::vector<absl::string_view> secrets = Secrets(webhook);
  MaskAll(secrets, kKeptBodyBytes, result.body);
  for (Header& header : result.headers) MaskAll(secrets, kKeptValueBytes, header.value);
  if (result.body.size() > most) result.body.resize(most);
}

}  // namespace crier::delivery
