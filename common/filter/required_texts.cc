#include "common/filter/required_texts.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

#include "absl/strings/ascii.h"

namespace crier::filter {
namespace {

using Texts = std::optional<std::set<std::string>>;

Texts OfComparison(const Condition& condition, absl::string_view field) {
  if (condition.path.fields.size() != 1 || condition.path.last().is_repeated() ||
      condition.path.last().name() != field) {
    return std::nullopt;
  }
  const auto* const pattern = std::get_if<TextPattern>(&condition.value);
  const bool equality = condition.op == Operator::kEqual || condition.op == Operator::kHas;
  if (pattern == nullptr || !equality || pattern->open_start || pattern->open_end) {
    return std::nullopt;
  }
  return std::set<std::string>{absl::AsciiStrToLower(pattern->text)};
}

Texts Intersect(Texts a, Texts b) {
  if (!a) return b;
  if (!b) return a;
  std::set<std::string> both;
  std::set_intersection(a->begin(), a->end(), b->begin(), b->end(),
                        std::inserter(both, both.end()));
  return both;
}

Texts Unite(Texts a, const Texts& b) {
  if (!a || !b) return std::nullopt;
  a->insert(b->begin(), b->end());
  return a;
}

Texts Of(const Condition& condition, absl::string_view field) {
  switch (condition.kind) {
    case Condition::Kind::kCompare:
      return OfComparison(condition, field);
    case Condition::Kind::kAnd: {
      Texts texts;
      for (const Condition& child : condition.children) {
        texts = Intersect(std::move(texts), Of(child, field));
      }
      return texts;
    }
    case Condition::Kind::kOr: {
      Texts texts = std::set<std::string>();
      for (const Condition& child : condition.children) {
        texts = Unite(std::move(texts), Of(child, field));
      }
      return texts;
    }
    case Condition::Kind::kAll:
    case Condition::Kind::kNot:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::set<std::string>> RequiredTexts(const Filter& filter, absl::string_view field) {
  return Of(filter.condition(), field);
}

}  // namespace crier::filter
