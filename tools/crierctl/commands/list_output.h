// What commands that list print.
#ifndef CRIER_TOOLS_CRIERCTL_COMMANDS_LIST_OUTPUT_H_
#define CRIER_TOOLS_CRIERCTL_COMMANDS_LIST_OUTPUT_H_

#include <string>
#include <utility>
#include <vector>

#include "tools/crierctl/message_output.h"
#include "tools/crierctl/session.h"
#include "tools/crierctl/table.h"

namespace crier::crierctl {

using Row = std::vector<std::string>;

// The response of List(), or a table of its `items` with a row of each. Says so when there are
// more.
template <typename Response, typename Items, typename RowOf>
void ShowList(Session& session, const Response& response, const Items& items, Row titles,
              RowOf row_of) {
  if (session.settings.json()) {
    session.out << MessageJson(response);
    return;
  }
  Table table(std::move(titles));
  for (const auto& item : items) table.AddRow(row_of(item));
  session.out << table.Render();
  if (!response.next_page_token().empty()) {
    session.err << "There are more; --limit shows more of them.\n";
  }
}

}  // namespace crier::crierctl

#endif  // CRIER_TOOLS_CRIERCTL_COMMANDS_LIST_OUTPUT_H_
