#include "tools/crierctl/table.h"

#include "gtest/gtest.h"

namespace crier::crierctl {
namespace {

TEST(Table, AlignsColumnsByDisplayWidth) {
  Table table({"ID", "NAME", "STATE"});
  table.AddRow({"3", "東京", "on"});
  table.AddRow({"12", "Zoë's hook", "off"});

  EXPECT_EQ(table.Render(),
            "ID  NAME        STATE\n"
            "3   東京        on\n"
            "12  Zoë's hook  off\n");
}

TEST(Table, LeavesNoTrailingSpaces) {
  Table table({"A", "B", "C"});
  table.AddRow({"1", "", "3"});
  table.AddRow({"1", ""});
  table.AddRow({"1"});

  EXPECT_EQ(table.Render(), "A  B  C\n1     3\n1\n1\n");
}

TEST(Table, MakesCellsPrintable) {
  Table table({"NAME"});
  table.AddRow({"a\x1b[31m\nb"});

  EXPECT_EQ(table.Render(), "NAME\na\uFFFD[31m\uFFFDb\n");
}

TEST(RenderFields, AlignsValuesAndSkipsEmptyOnes) {
  EXPECT_EQ(RenderFields({{"name", "x"}, {"secret", ""}, {"created", "now"}}),
            "name:     x\ncreated:  now\n");
}

}  // namespace
}  // namespace crier::crierctl
