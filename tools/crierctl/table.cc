#include "tools/crierctl/table.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tools/crierctl/text.h"

namespace crier::crierctl {
namespace {

constexpr size_t kGap = 2;

// Columns without titles: the shared part of tables and fields.
std::string RenderRows(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], DisplayWidth(row[i]));
  }
  std::string text;
  for (const auto& row : rows) {
    size_t pending = 0;  // spaces owed before the next cell that is not empty
    for (size_t i = 0; i < row.size(); ++i) {
      if (!row[i].empty()) {
        text.append(pending, ' ');
        text += row[i];
        pending = 0;
      }
      pending += widths[i] - DisplayWidth(row[i]) + kGap;
    }
    text += '\n';
  }
  return text;
}

}  // namespace

Table::Table(std::vector<std::string> titles) { rows_.push_back(std::move(titles)); }

void Table::AddRow(std::vector<std::string> cells) {
  for (std::string& cell : cells) cell = Printable(cell);
  rows_.push_back(std::move(cells));
}

std::string Table::Render() const { return RenderRows(rows_); }

std::string RenderFields(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, value] : fields) {
    if (!value.empty()) rows.push_back({absl::StrCat(name, ":"), Printable(value)});
  }
  return RenderRows(rows);
}

}  // namespace crier::crierctl
