// What fuzzers are written with.
//
// A fuzzer is a file `<what>_fuzzer.cc` beside the code, with the function that libFuzzer calls:
//
//   extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
//     const absl::string_view text = crier::tests::FuzzText(data, size);
//     crier::tests::FuzzCheck(Clean(Clean(text)) == Clean(text), "cleaning twice is cleaning
//     once"); return 0;
//   }
//
// crier_fuzzer() in its CMakeLists.txt names it, and tests/fuzz/<name>/ holds the inputs that it
// begins with, each a file. `tools/fuzz <name>` runs it. In every other build it is a test of these
// inputs and of some thousand mutations of them (fuzz_corpus_test.cc). An input that has found a
// bug is added to them.
#ifndef CRIER_TESTS_SUPPORT_FUZZING_H_
#define CRIER_TESTS_SUPPORT_FUZZING_H_

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/string_view.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace crier::tests {

inline absl::string_view FuzzText(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Ends the process, saying which rule was broken, unless `holds`.
inline void FuzzCheck(bool holds, const char* rule) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", rule);
  std::abort();
}

}  // namespace crier::tests

#endif  // CRIER_TESTS_SUPPORT_FUZZING_H_
