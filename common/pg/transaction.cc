#include "common/pg/transaction.h"

#include <iterator>
#include <utility>

#include "absl/time/clock.h"
#include "common/pg/rows_impl.h"
#include "common/pg/sql_error.h"
#include "common/pg/transaction_impl.h"
#include "common/status/errors.h"

namespace crier::pg {

// A parameter on its way into libpqxx, which would otherwise copy each value twice.
struct ParamRef {
  const std::optional<std::string>* value;
};

}  // namespace crier::pg

namespace pqxx {

template <>
struct string_traits<crier::pg::ParamRef> {
  static constexpr const char* name() noexcept { return "parameter"; }
  static constexpr bool has_null() noexcept { return true; }
  static bool is_null(crier::pg::ParamRef param) { return !param.value->has_value(); }
  static std::string to_string(crier::pg::ParamRef param) { return **param.value; }
};

}  // namespace pqxx

namespace crier::pg {
namespace {

std::vector<ParamRef> ToRefs(const std::vector<std::optional<std::string>>& values) {
  std::vector<ParamRef> refs;
  refs.reserve(values.size());
  for (const auto& value : values) refs.push_back({&value});
  return refs;
}

// Text ends at a NUL on its way through libpq: what follows would be lost without a word.
absl::Status CheckNoNul(const std::vector<std::optional<std::string>>& values) {
  for (const auto& value : values) {
    if (value && value->find('\0') != std::string::npos) return ToStatus({"22021", "", ""});
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Transaction::Impl::Fail(absl::Status status) {
  failure = std::move(status);
  return failure;
}

absl::StatusOr<pqxx::result> Transaction::Impl::Run(const char* name,
                                                    absl::FunctionRef<pqxx::result()> call) {
  if (!failure.ok()) return failure;
  if (absl::Now() >= deadline) return Fail(DeadlineError("no time was left for a statement"));
  pqxx::result result;
  std::optional<SqlFailure> problem = connection.Try(name, call, &result);
  if (!problem) return result;
  conflict = IsConflict(*problem);
  // The watchdog cuts the connection when the server does not stop by itself.
  if (problem->sqlstate.empty() && absl::Now() >= deadline) {
    return Fail(DeadlineError("the database did not answer in time"));
  }
  return Fail(ToStatus(*problem));
}

absl::StatusOr<Rows> Transaction::Execute(const Statement& statement, const Params& params) {
  absl::Status usable = CheckNoNul(params.values_);
  if (!usable.ok()) return impl_->Fail(std::move(usable));
  const std::vector<ParamRef> refs = ToRefs(params.values_);
  absl::StatusOr<pqxx::result> result = impl_->Run(statement.name, [&] {
    impl_->connection.Prepare(statement);
    return impl_->session.exec_prepared(statement.name, pqxx::prepare::make_dynamic_params(refs));
  });
  if (!result.ok()) return std::move(result).status();
  Rows rows;
  rows.impl_ = std::make_shared<Rows::Impl>(Rows::Impl{*std::move(result)});
  return rows;
}

absl::Status Transaction::ExecuteScript(absl::string_view sql) {
  return impl_->Run("", [&] { return impl_->session.exec(std::string(sql)); }).status();
}

absl::StatusOr<Rows> Transaction::ExecuteDynamic(absl::string_view sql, const Params& params) {
  absl::Status usable = CheckNoNul(params.values_);
  if (!usable.ok()) return impl_->Fail(std::move(usable));
  const std::vector<ParamRef> refs = ToRefs(params.values_);
  absl::StatusOr<pqxx::result> result = impl_->Run("", [&] {
    return impl_->session.exec_params(std::string(sql), pqxx::prepare::make_dynamic_params(refs));
  });
  if (!result.ok()) return std::move(result).status();
  Rows rows;
  rows.impl_ = std::make_shared<Rows::Impl>(Rows::Impl{*std::move(result)});
  return rows;
}

}  // namespace crier::pg
