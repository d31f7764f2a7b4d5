// The documented cases of the filter language, tests/testdata/aip160_cases.tsv, for tests.
#ifndef CRIER_COMMON_FILTER_DOCUMENTED_CASES_H_
#define CRIER_COMMON_FILTER_DOCUMENTED_CASES_H_

#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "rapidjson/document.h"

namespace crier::filter {

struct DocumentedCase {
  std::string number;
  std::string filter;
  std::string expect;  // ok, syntax, or schema: well-formed, but refused once the fields are known
  std::string tree_or_error;
};

inline std::vector<DocumentedCase> ReadDocumentedCases() {
  std::ifstream file(CRIER_TESTDATA "/aip160_cases.tsv");
  std::string line;
  std::getline(file, line);  // the heading
  std::vector<DocumentedCase> cases;
  while (std::getline(file, line)) {
    const std::vector<std::string> columns = absl::StrSplit(line, '\t');
    rapidjson::Document filter;
    filter.Parse(columns.at(1).c_str());
    cases.push_back({columns.at(0), std::string(filter.GetString(), filter.GetStringLength()),
                     columns.at(2), columns.at(3)});
  }
  return cases;
}

}  // namespace crier::filter

#endif  // CRIER_COMMON_FILTER_DOCUMENTED_CASES_H_
