// A fuzzer as an ordinary test: without libFuzzer, over its committed inputs. What breaks a rule
// ends the process, which then prints the input.
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/support/fuzzing.h"

namespace crier::tests {
namespace {

constexpr int kMutations = 5000;

// In the order of their names, so that a seed means the same everywhere.
std::vector<std::string> Corpus() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(CRIER_FUZZ_CORPUS)) {
    paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> inputs;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return inputs;
}

// What is being run, escaped beforehand: a handler of signals may do no more than write it.
std::string& Running() {
  static auto* const running = new std::string;
  return *running;
}

extern "C" void PrintRunning(int signal) {
  const std::string& input = Running();
  static_cast<void>(write(STDERR_FILENO, input.data(), input.size()) + 1);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void RunInput(const std::string& input) {
  Running() = absl::StrCat("input: \"", absl::CHexEscape(input), "\"\n");
  std::signal(SIGABRT, &PrintRunning);
  std::signal(SIGSEGV, &PrintRunning);
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
}

// One small change: a byte more, less or other, or the end of another input.
std::string Mutate(std::string input, const std::string& other, std::mt19937& random) {
  const size_t place = random() % (input.size() + 1);
  const char byte = static_cast<char>(random());
  switch (random() % 4) {
    case 0:
      input.insert(place, 1, byte);
      break;
    case 1:
      input.erase(place, 1 + random() % 4);
      break;
    case 2:
      if (place < input.size()) input[place] = byte;
      break;
    default:
      input = input.substr(0, place) + other.substr(random() % (other.size() + 1));
  }
  return input;
}

TEST(FuzzCorpusTest, HoldsInputs) { EXPECT_FALSE(Corpus().empty()) << CRIER_FUZZ_CORPUS; }

TEST(FuzzCorpusTest, EveryInputKeepsTheRules) {
  for (const std::string& input : Corpus()) RunInput(input);
}

TEST(FuzzCorpusTest, MutationsKeepTheRules) {
  const std::vector<std::string> corpus = Corpus();
  ASSERT_FALSE(corpus.empty());
  std::mt19937 random(static_cast<unsigned>(testing::UnitTest::GetInstance()->random_seed()));
  for (int i = 0; i < kMutations; ++i) {
    std::string input = corpus[random() % corpus.size()];
    for (int changes = 1 + static_cast<int>(random() % 4); changes > 0; --changes) {
      input = Mutate(std::move(input), corpus[random() % corpus.size()], random);
    }
    RunInput(input);
  }
}

}  // namespace
}  // namespace crier::tests
