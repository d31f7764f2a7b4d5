// Responses of strangers: whatever they send, what is kept has its bounds and steers nothing.
#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/http/response_reader.h"
#include "tests/support/fuzzing.h"

namespace crier::http {
namespace {

using tests::FuzzCheck;

void CheckHeaders(const Headers& headers) {
  FuzzCheck(headers.size() <= 100, "at most 100 headers are kept");
  for (const auto& [name, value] : headers) {
    FuzzCheck(std::none_of(name.begin(), name.end(), absl::ascii_isupper),
              "names are in lower case");
    FuzzCheck(value.size() <= 8192, "a value is cut");
    FuzzCheck(std::none_of(value.begin(), value.end(),
                           [](unsigned char c) { return c < 0x20 || c == 0x7f; }),
              "a value has no control characters");
  }
}

// The text as the lines of a head, as libcurl hands them over, and as a body.
void Read(absl::string_view text) {
  ResponseReader reader;
  bool goes_on = reader.AddHeaderLine("HTTP/1.1 200 OK\r\n");
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (goes_on) goes_on = reader.AddHeaderLine(absl::StrCat(line, "\n"));
  }
  if (goes_on) goes_on = reader.AddHeaderLine("\r\n");
  for (int i = 0; goes_on && i < 3; ++i) goes_on = reader.AddBody(text);
  FuzzCheck(goes_on || reader.headers_too_large() || reader.body_cut_off(),
            "there is a reason to stop");
  CheckHeaders(reader.TakeHeaders());
  FuzzCheck(reader.TakeBody().size() <= 20'000, "a body is cut");
}

}  // namespace
}  // namespace crier::http

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  crier::http::Read(crier::tests::FuzzText(data, size));
  return 0;
}
