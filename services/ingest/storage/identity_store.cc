#include "services/ingest/storage/identity_store.h"

#include <cstdint>
#include <utility>

#include "common/pg/row_array.h"
#include "common/status/macros.h"
#include "services/ingest/storage/entity_store_sql.h"

namespace crier::ingest::storage {
namespace {

using pg::Params;
using pg::RowArray;
using pg::Transaction;

void AddTo(RowArray& rows, const Identity& identity, int64_t contact_id, bool apart) {
  rows.BeginRow(5);
  rows.Add(identity.community);
  rows.Add(static_cast<int16_t>(identity.kind));
  rows.AddText(identity.value);
  rows.Add(contact_id);
  rows.Add(apart);
}

}  // namespace

absl::StatusOr<Params> IdentityParams(Transaction& transaction,
                                      const std::vector<absl::Span<const Identity>>& identities) {
  ASSIGN_OR_RETURN(const pg::RowType type, transaction.FindRowType(kIdentityRow));
  RowArray rows(type);
  for (const absl::Span<const Identity> some : identities) {
    for (const Identity& identity : some) AddTo(rows, identity, 0, false);
  }
  return Params().AddRows(std::move(rows));
}

absl::StatusOr<RowArray> WriteIdentities(Transaction& transaction, const Changes& changes) {
  if (!changes.removed_identities.empty()) {
    ASSIGN_OR_RETURN(const Params removed,
                     IdentityParams(transaction, {changes.removed_identities}));
    RETURN_IF_ERROR(transaction.Execute(kRemoveIdentities, removed).status());
  }
  ASSIGN_OR_RETURN(const pg::RowType type, transaction.FindRowType(kIdentityRow));
  if (!changes.apart.empty()) {
    RowArray rows(type);
    for (const auto& [identity, contact_id] : changes.apart) {
      AddTo(rows, identity, contact_id, true);
    }
    RETURN_IF_ERROR(transaction.Execute(kSetApart, Params().AddRows(std::move(rows))).status());
  }
  RowArray rows(type);
  for (const auto& [identity, contact_id] : changes.identities) {
    AddTo(rows, identity, contact_id, changes.apart.count(identity) > 0);
  }
  return rows;
}

}  // namespace crier::ingest::storage
