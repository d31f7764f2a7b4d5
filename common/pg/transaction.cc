#include "common/pg/transaction.h"

#include <memory>
#include <utility>

#include "absl/time/clock.h"
#include "common/pg/param_runs.h"
#include "common/pg/rows_impl.h"
#include "common/pg/sql_error.h"
#include "common/pg/transaction_impl.h"
#include "common/status/macros.h"

namespace crier::pg {

absl::Status Transaction::Impl::Fail(absl::Status status) {
  failure = std::move(status);
  return failure;
}

absl::StatusOr<pqxx::result> Transaction::Impl::Run(const char* name,
                                                    absl::FunctionRef<pqxx::result()> call) {
  if (!failure.ok()) return failure;
  if (absl::Now() >= deadline) return Fail(DeadlineError("no time was left for a statement"));
  pqxx::result result;
  const std::optional<SqlFailure> problem = connection.Try(name, call, &result);
  if (!problem) return result;
  conflict = IsConflict(*problem);
  // The watchdog cuts the connection when the server does not stop by itself.
  if (problem->sqlstate.empty() && absl::Now() >= deadline) {
    return Fail(DeadlineError("the database did not answer in time"));
  }
  return Fail(ToStatus(*problem));
}

// `call` gets the parameters as ParamRuns passes them.
template <typename Call>
absl::StatusOr<Rows> Transaction::ExecuteWith(const char* name, const Params& params, Call call) {
  ParamRuns runs;
  for (const Params::Value& value : params.values_) {
    if (value.binary) {
      runs.AddBinary(*value.data);
      continue;
    }
    // Text ends at a NUL on its way through libpq: what follows would be lost without a word.
    const bool has_nul = value.data && value.data->find('\0') != std::string::npos;
    if (has_nul) return impl_->Fail(ToStatus({"22021", "", name}));
    runs.AddText(value.data);
  }
  ASSIGN_OR_RETURN(pqxx::result result, impl_->Run(name, [&] { return runs.PassTo(call); }));
  Rows rows;
  rows.impl_ = std::make_shared<Rows::Impl>(Rows::Impl{std::move(result)});
  return rows;
}

absl::StatusOr<Rows> Transaction::Execute(const Statement& statement, const Params& params) {
  return ExecuteWith(statement.name, params, [&](const auto&... runs) {
    impl_->connection.Prepare(statement);
    return impl_->session.exec_prepared(statement.name, runs...);
  });
}

absl::StatusOr<RowType> Transaction::FindRowType(const char* name) {
  static constexpr Statement kFind{"find_row_type", "SELECT to_regtype($1)::oid::bigint"};
  uint32_t& oid = impl_->connection.RowTypeOid(name);
  if (oid == 0) {
    ASSIGN_OR_RETURN(const Rows rows, Execute(kFind, Params().Add(name)));
    const std::optional<int64_t> found = rows[0].OptionalInt64(0);
    if (!found) return impl_->Fail(ToStatus({"42P01", "", name}));
    oid = static_cast<uint32_t>(*found);
  }
  return RowType{oid};
}

absl::Status Transaction::ExecuteScript(absl::string_view sql) {
  return impl_->Run("", [&] { return impl_->session.exec(std::string(sql)); }).status();
}

absl::StatusOr<Rows> Transaction::ExecuteDynamic(absl::string_view sql, const Params& params) {
  return ExecuteWith("", params, [&](const auto&... runs) {
    return impl_->session.exec_params(std::string(sql), runs...);
  });
}

}  // namespace crier::pg
