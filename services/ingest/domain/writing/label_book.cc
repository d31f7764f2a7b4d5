#include "services/ingest/domain/writing/label_book.h"

#include <algorithm>

#include "services/ingest/domain/entities/identity.h"
#include "services/ingest/domain/entities/limits.h"
#include "services/ingest/domain/errors.h"

namespace crier::ingest {

using entity::v1::Segment;
using entity::v1::Tag;
using google::protobuf::RepeatedPtrField;

namespace {

// Of greater ids, which callers have brought, the next ones are independent.
void NumberFrom(int64_t id, int64_t& last_id) {
  if (id <= kMaxAssignedLabelId) last_id = std::max(last_id, id);
}

bool OnlyAssigned(int64_t id) { return id > kMaxLabelIdToNumberFrom && id <= kMaxAssignedLabelId; }

}  // namespace

LabelBook::LabelBook(KnownLabels known) : last_ids_(std::move(known.last_ids)) {
  for (const auto& [id, name] : known.names) SetName(id, name);
}

absl::Status LabelBook::Resolve(int64_t community, RepeatedPtrField<Segment>& labels,
                                std::vector<Label>& changes) const {
  return ResolveList(community, LabelKind::kSegment, labels, changes);
}

absl::Status LabelBook::Resolve(int64_t community, RepeatedPtrField<Tag>& labels,
                                std::vector<Label>& changes) const {
  return ResolveList(community, LabelKind::kTag, labels, changes);
}

template <typename Named>
absl::Status LabelBook::ResolveList(int64_t community, LabelKind kind,
                                    RepeatedPtrField<Named>& labels,
                                    std::vector<Label>& changes) const {
  if (labels.empty()) return absl::OkStatus();
  const auto last = last_ids_.find({community, kind});
  int64_t last_id = last == last_ids_.end() ? 0 : last->second;
  std::map<std::string, std::pair<int64_t, std::string>> brought;  // by folded name
  // Those with ids first, so that a name that the same list gives an id has that one.
  for (const Named& label : labels) {
    if (label.id() == 0) continue;
    const auto known = names_.find({community, kind, label.id()});
    if (known == names_.end() && OnlyAssigned(label.id())) return LabelIdReservedError(label.id());
    NumberFrom(label.id(), last_id);
    brought.insert({CaseFold(label.name()), {label.id(), label.name()}});
    if (known == names_.end() || known->second != label.name()) {
      changes.push_back({{community, kind, label.id()}, label.name()});
    }
  }
  for (Named& label : labels) {
    if (label.id() != 0) continue;
    const std::string folded = CaseFold(label.name());
    const auto known = ids_.find({community, kind, folded});
    const auto here = brought.find(folded);
    if (here != brought.end()) {
      label.set_id(here->second.first);
      label.set_name(here->second.second);
    } else if (known != ids_.end()) {
      label.set_id(*known->second.begin());
      label.set_name(names_.at({community, kind, label.id()}));
    } else {
      label.set_id(++last_id);
      brought.insert({folded, {label.id(), label.name()}});
      changes.push_back({{community, kind, label.id()}, label.name()});
    }
  }
  // Seldom more than a handful.
  std::set<int64_t> seen;
  labels.erase(std::remove_if(labels.begin(), labels.end(),
                              [&](const Named& label) { return !seen.insert(label.id()).second; }),
               labels.end());
  return absl::OkStatus();
}

void LabelBook::Keep(const std::vector<Label>& changes) {
  for (const Label& label : changes) {
    SetName(label.id, label.name);
    changes_[label.id] = label.name;
  }
}

void LabelBook::SetName(const LabelId& id, const std::string& name) {
  std::string& known = names_[id];
  const auto former = ids_.find({id.community, id.kind, CaseFold(known)});
  if (former != ids_.end()) {
    former->second.erase(id.id);
    if (former->second.empty()) ids_.erase(former);
  }
  known = name;
  ids_[{id.community, id.kind, CaseFold(name)}].insert(id.id);
  NumberFrom(id.id, last_ids_[{id.community, id.kind}]);
}

}  // namespace crier::ingest
