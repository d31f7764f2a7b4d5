#include "services/ingest/storage/label_store.h"

#include <cstdint>
#include <set>
#include <vector>

#include "common/status/macros.h"
#include "services/ingest/domain/entities/identity.h"
#include "services/ingest/domain/entities/limits.h"
#include "services/ingest/storage/label_store_sql.h"

namespace crier::ingest::storage {
namespace {

using pg::Params;
using pg::Rows;
using pg::Transaction;

// The same table twice, but for its names.
struct LabelTable {
  LabelKind kind;
  const pg::Statement& last_ids;
  const pg::Statement& save;
};

const LabelTable kTables[] = {
    {LabelKind::kSegment, kLastSegmentIds, kSaveSegments},
    {LabelKind::kTag, kLastTagIds, kSaveTags},
};

absl::Status LoadLastIds(Transaction& transaction, const LabelTable& table, const Lookup& lookup,
                         KnownLabels& known) {
  std::set<int64_t> naming;
  for (const LabelName& label : lookup.label_names) {
    if (label.kind == table.kind) naming.insert(label.community);
  }
  if (naming.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Rows last,
                   transaction.Execute(table.last_ids, Params()
                                                           .AddArray(std::vector<int64_t>(
                                                               naming.begin(), naming.end()))
                                                           .Add(kMaxAssignedLabelId)));
  for (const Rows::Row row : last) {
    known.last_ids[{row.Int64(0), table.kind}] = row.OptionalInt64(1).value_or(0);
  }
  return absl::OkStatus();
}

absl::Status Write(Transaction& transaction, const LabelTable& table,
                   const std::map<LabelId, std::string>& labels) {
  std::vector<int64_t> communities, ids;
  std::vector<std::string> names, folded_names;
  for (const auto& [label, name] : labels) {
    if (label.kind != table.kind) continue;
    communities.push_back(label.community);
    ids.push_back(label.id);
    names.push_back(name);
    folded_names.push_back(CaseFold(name));
  }
  if (ids.empty()) return absl::OkStatus();
  return transaction
      .Execute(table.save,
               Params().AddArray(communities).AddArray(ids).AddArray(names).AddArray(folded_names))
      .status();
}

}  // namespace

void AddLabels(const Lookup& lookup, LabelKind kind, Params& params) {
  std::vector<int64_t> communities, ids, name_communities;
  std::vector<std::string> names;
  for (const LabelId& label : lookup.labels) {
    if (label.kind != kind) continue;
    communities.push_back(label.community);
    ids.push_back(label.id);
  }
  for (const LabelName& label : lookup.label_names) {
    if (label.kind != kind) continue;
    name_communities.push_back(label.community);
    names.push_back(label.folded);
  }
  params.AddArray(communities).AddArray(ids).AddArray(name_communities).AddArray(names);
}

absl::Status LoadLastLabelIds(Transaction& transaction, const Lookup& lookup, KnownLabels& known) {
  for (const LabelTable& table : kTables) {
    RETURN_IF_ERROR(LoadLastIds(transaction, table, lookup, known));
  }
  return absl::OkStatus();
}

absl::Status WriteLabels(Transaction& transaction, const std::map<LabelId, std::string>& labels) {
  for (const LabelTable& table : kTables) RETURN_IF_ERROR(Write(transaction, table, labels));
  return absl::OkStatus();
}

}  // namespace crier::ingest::storage
