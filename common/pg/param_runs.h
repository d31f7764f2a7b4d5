// Hands parameters to libpqxx. Internal to common/pg; C++17, as it needs <pqxx/…>.
#ifndef CRIER_COMMON_PG_PARAM_RUNS_H_
#define CRIER_COMMON_PG_PARAM_RUNS_H_

#include <array>
#include <optional>
#include <pqxx/pqxx>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/internal/raw_logging.h"

namespace crier::pg {

// A text parameter on its way into libpqxx, which would otherwise copy the value twice.
struct TextRef {
  const std::optional<std::string>* value;
};

}  // namespace crier::pg

namespace pqxx {

template <>
struct string_traits<crier::pg::TextRef> {
  static constexpr const char* name() noexcept { return "parameter"; }
  static constexpr bool has_null() noexcept { return true; }
  static bool is_null(crier::pg::TextRef text) { return !text.value->has_value(); }
  static std::string to_string(crier::pg::TextRef text) { return **text.value; }
};

}  // namespace pqxx

namespace crier::pg {

// libpqxx 6 tells text from binary by the type in C++, and takes a number of parameters that is
// known at run time only when all are of one type. So parameters go as runs, of text and of binary
// ones in turn, any of which may be empty.
class ParamRuns {
 public:
  // `value` must outlive this.
  void AddText(const std::optional<std::string>& value) {
    if (!runs_[current_].binary.empty()) BeginRun();
    runs_[current_].text.push_back({&value});
  }

  void AddBinary(const std::string& value) {
    runs_[current_].binary.emplace_back(value.data(), value.size());
  }

  // Calls `call(first run, second run, …)`.
  template <typename Call>
  pqxx::result PassTo(Call call) const {
    return PassTo(call, std::make_index_sequence<2 * kRuns>());
  }

 private:
  // So many times may text follow binary in one statement.
  static constexpr size_t kRuns = 6;

  struct Run {
    std::vector<TextRef> text;
    std::vector<pqxx::binarystring> binary;
  };

  void BeginRun() {
    if (++current_ == kRuns) ABSL_RAW_LOG(FATAL, "put the bytea[] parameters side by side");
  }

  template <size_t kIndex>
  auto Get() const {
    const Run& run = runs_[kIndex / 2];
    if constexpr (kIndex % 2 == 0) {
      return pqxx::prepare::make_dynamic_params(run.text);
    } else {
      return pqxx::prepare::make_dynamic_params(run.binary);
    }
  }

  template <typename Call, size_t... kIndex>
  pqxx::result PassTo(Call call, std::index_sequence<kIndex...>) const {
    return call(Get<kIndex>()...);
  }

  std::array<Run, kRuns> runs_;
  size_t current_ = 0;
};

}  // namespace crier::pg

#endif  // CRIER_COMMON_PG_PARAM_RUNS_H_
