// The result behind Rows. Internal to common/pg; C++17, as it needs <pqxx/…>.
#ifndef CRIER_COMMON_PG_ROWS_IMPL_H_
#define CRIER_COMMON_PG_ROWS_IMPL_H_

#include <pqxx/pqxx>

#include "common/pg/transaction.h"

namespace crier::pg {

struct Rows::Impl {
  pqxx::result result;
};

}  // namespace crier::pg

#endif  // CRIER_COMMON_PG_ROWS_IMPL_H_
