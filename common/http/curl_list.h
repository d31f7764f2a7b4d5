// A list of texts, as libcurl takes them.
#ifndef CRIER_COMMON_HTTP_CURL_LIST_H_
#define CRIER_COMMON_HTTP_CURL_LIST_H_

#include <curl/curl.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace crier::http {

// In memory of its own, where curl_slist_append would take two pieces for every line. Not
// thread-safe.
class CurlList {
 public:
  CurlList() = default;
  CurlList(const CurlList&) = delete;
  CurlList& operator=(const CurlList&) = delete;

  // Adds a line, made of `parts`.
  template <typename... Parts>
  void Add(const Parts&... parts) {
    starts_.push_back(text_.size());
    absl::StrAppend(&text_, parts...);
    text_.push_back('\0');
  }

  void Clear() {
    text_.clear();
    starts_.clear();
  }

  // Good until the list is changed; null without lines.
  curl_slist* Get() {
    nodes_.resize(starts_.size());
    for (size_t i = 0; i < nodes_.size(); ++i) {
      nodes_[i].data = &text_[starts_[i]];
      nodes_[i].next = i + 1 < nodes_.size() ? &nodes_[i + 1] : nullptr;
    }
    return nodes_.empty() ? nullptr : nodes_.data();
  }

 private:
  std::string text_;
  std::vector<size_t> starts_;  // of each line in text_
  std::vector<curl_slist> nodes_;
};

}  // namespace crier::http

#endif  // CRIER_COMMON_HTTP_CURL_LIST_H_
