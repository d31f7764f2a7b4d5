// State of a transaction that is under way. Internal to common/pg; C++17, as it needs <pqxx/…>.
#ifndef CRIER_COMMON_PG_TRANSACTION_IMPL_H_
#define CRIER_COMMON_PG_TRANSACTION_IMPL_H_

#include <pqxx/pqxx>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/pg/connection.h"
#include "common/pg/transaction.h"

namespace crier::pg {

struct Transaction::Impl {
  Connection& connection;
  pqxx::nontransaction& session;
  absl::Time deadline;
  // The first failure of a statement; everything afterwards answers with it.
  absl::Status failure;
  // Whether that failure asks for a repetition of the whole.
  bool conflict;

  // Runs one statement. `name` is for the metadata of a failure and may be empty.
  absl::StatusOr<pqxx::result> Run(const char* name, absl::FunctionRef<pqxx::result()> call);

  // Keeps `status` as the failure of the transaction.
  absl::Status Fail(absl::Status status);
};

}  // namespace crier::pg

#endif  // CRIER_COMMON_PG_TRANSACTION_IMPL_H_
