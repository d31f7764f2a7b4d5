#include "common/filter/schema.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/filter/value.h"

namespace crier::filter {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// Beyond this many wrong letters a name is another name, not a slip.
constexpr size_t kMaxTypos = 3;

void Collect(const Schema& schema, const Descriptor& message, const std::string& prefix,
             std::vector<const Descriptor*>& ancestors, std::vector<std::string>& paths) {
  ancestors.push_back(&message);
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    const std::string path = absl::StrCat(prefix, field.name());
    if (schema.hidden.count(path) > 0) continue;
    paths.push_back(path);
    const Descriptor* const inner = field.message_type();
    if (inner != nullptr && !field.is_map() && !IsValueType(field) &&
        std::find(ancestors.begin(), ancestors.end(), inner) == ancestors.end()) {
      Collect(schema, *inner, absl::StrCat(path, "."), ancestors, paths);
    }
  }
  ancestors.pop_back();
}

// Insertions, deletions and substitutions that turn one text into the other.
size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

bool IgnoresCase(const Schema& schema, absl::string_view path) {
  return std::any_of(schema.case_insensitive.begin(), schema.case_insensitive.end(),
                     [path](const std::string& entry) {
                       return absl::EndsWith(entry, ".") ? absl::StartsWith(path, entry)
                                                         : path == entry;
                     });
}

std::vector<std::string> AllPaths(const Schema& schema) {
  std::vector<std::string> paths;
  std::vector<const Descriptor*> ancestors;
  Collect(schema, *schema.message, "", ancestors, paths);
  return paths;
}

std::string Suggest(const Schema& schema, absl::string_view typed) {
  const std::string wanted = absl::AsciiStrToLower(typed);
  std::string nearest;
  size_t least = std::min(kMaxTypos, wanted.size() / 2) + 1;
  for (const std::string& path : AllPaths(schema)) {
    // A name without the message around it (`domain`) is as near as one slip.
    const size_t distance =
        absl::EndsWith(path, absl::StrCat(".", wanted)) ? 1 : EditDistance(wanted, path);
    if (distance < least) {
      least = distance;
      nearest = path;
    }
  }
  return nearest;
}

}  // namespace crier::filter
