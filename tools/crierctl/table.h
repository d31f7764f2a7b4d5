// Aligned columns for people.
#ifndef CRIER_TOOLS_CRIERCTL_TABLE_H_
#define CRIER_TOOLS_CRIERCTL_TABLE_H_

#include <string>
#include <utility>
#include <vector>

namespace crier::crierctl {

// Rows under a line of titles. Cells are made printable; columns are as wide as their widest cell,
// two spaces apart. Not thread-safe.
class Table {
 public:
  explicit Table(std::vector<std::string> titles);

  // Missing cells at the end are empty; there must not be more cells than titles.
  void AddRow(std::vector<std::string> cells);

  // Every line ends with a line break; none has trailing spaces.
  std::string Render() const;

 private:
  std::vector<std::vector<std::string>> rows_;  // the titles first
};

// One field a line, `name:  value`, with the values aligned. Fields with an empty value are left
// out.
std::string RenderFields(const std::vector<std::pair<std::string, std::string>>& fields);

}  // namespace crier::crierctl

#endif  // CRIER_TOOLS_CRIERCTL_TABLE_H_
