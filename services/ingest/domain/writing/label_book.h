// Segments and tags of communities, which records may name without knowing their ids.
#ifndef CRIER_SERVICES_INGEST_DOMAIN_WRITING_LABEL_BOOK_H_
#define CRIER_SERVICES_INGEST_DOMAIN_WRITING_LABEL_BOOK_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "crier/entity/v1/contact.pb.h"
#include "google/protobuf/repeated_field.h"

namespace crier::ingest {

enum class LabelKind { kSegment, kTag };

struct LabelId {
  int64_t community = 0;
  LabelKind kind = LabelKind::kTag;
  int64_t id = 0;

  friend bool operator<(const LabelId& a, const LabelId& b) {
    return std::tie(a.community, a.kind, a.id) < std::tie(b.community, b.kind, b.id);
  }
};

// A name as it is looked up: ASCII letters in lower case.
struct LabelName {
  int64_t community = 0;
  LabelKind kind = LabelKind::kTag;
  std::string folded;

  friend bool operator<(const LabelName& a, const LabelName& b) {
    return std::tie(a.community, a.kind, a.folded) < std::tie(b.community, b.kind, b.folded);
  }
};

struct Label {
  LabelId id;
  std::string name;
};

// What is known of the labels that records name, while the heads are locked.
struct KnownLabels {
  // All that have an id or a folded name of those asked for.
  std::map<LabelId, std::string> names;
  // The greatest id to kMaxAssignedLabelId of any label of the community, for every community and
  // kind with a name asked for; 0 when there are none.
  std::map<std::pair<int64_t, LabelKind>, int64_t> last_ids;
};

// Gives names their ids. What a list of labels brings is first resolved, which changes nothing, and
// then kept. Not thread-safe.
class LabelBook {
 public:
  explicit LabelBook(KnownLabels known);

  // Gives every label of the list an id and the name by which it is known from then on: one with an
  // id keeps both, one without has those of the label with this name (the least id, should there be
  // several), or the next id. Drops repetitions. Appends to `changes` the labels that are new or
  // have a new name. LABEL_ID_RESERVED when a new one has an id of those that are only assigned.
  absl::Status Resolve(int64_t community,
                       google::protobuf::RepeatedPtrField<entity::v1::Segment>& labels,
                       std::vector<Label>& changes) const;
  absl::Status Resolve(int64_t community,
                       google::protobuf::RepeatedPtrField<entity::v1::Tag>& labels,
                       std::vector<Label>& changes) const;

  // Makes changes known to what is resolved later.
  void Keep(const std::vector<Label>& changes);

  // All that was kept.
  std::map<LabelId, std::string> TakeChanges() { return std::move(changes_); }

 private:
  template <typename Named>
  absl::Status ResolveList(int64_t community, LabelKind kind,
                           google::protobuf::RepeatedPtrField<Named>& labels,
                           std::vector<Label>& changes) const;
  void SetName(const LabelId& id, const std::string& name);

  std::map<LabelId, std::string> names_;
  std::map<LabelName, std::set<int64_t>> ids_;
  std::map<std::pair<int64_t, LabelKind>, int64_t> last_ids_;
  std::map<LabelId, std::string> changes_;
};

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_DOMAIN_WRITING_LABEL_BOOK_H_
