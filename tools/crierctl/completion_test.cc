#include "tools/crierctl/completion.h"

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/crierctl/cli.h"

namespace crier::crierctl {
namespace {

using ::testing::AllOf;
using ::testing::Eq;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<CompletionNode> Nodes() {
  std::ostringstream out;
  std::istringstream in;
  Session session{
      .in = in, .out = out, .err = out, .err_is_terminal = false, .settings = {}, .action = {}};
  return CompletionNodes(*MakeParser(session));
}

const CompletionNode& Find(const std::vector<CompletionNode>& nodes, const std::string& path) {
  for (const CompletionNode& node : nodes) {
    if (node.path == path) return node;
  }
  ADD_FAILURE() << path;
  return nodes.front();
}

TEST(CompletionNodes, KnowEveryCommandAndOption) {
  const auto nodes = Nodes();

  EXPECT_EQ(Find(nodes, "webhooks").commands.size(), 13);
  std::map<std::string, std::vector<std::string>> options;
  for (const auto& option : Find(nodes, "workflows create").options) {
    options[option.name] = option.choices;
  }
  EXPECT_THAT(options["--template"],
              testing::ElementsAre("new-member", "new-organization", "new-activity",
                                   "members-that-meet-criteria"));
  EXPECT_EQ(options.count("--webhook"), 1);
  EXPECT_EQ(options.count("--community"), 1);  // a global one
  EXPECT_THAT(options["--output"], testing::ElementsAre("table", "json"));
}

// What a real bash offers for the words, the last of which is being typed.
std::string CompleteInBash(const std::string& words) {
  const std::string path = testing::TempDir() + "/crierctl_completion.bash";
  std::ofstream(path) << BashCompletion(Nodes());
  const std::string command = absl::StrCat(
      "bash -c 'set -eu; source ", path, "; COMP_WORDS=(", words,
      "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _crierctl; echo \"${COMPREPLY[*]-}\"'");
  FILE* const pipe = popen(command.c_str(), "r");
  std::string output(4096, '\0');
  output.resize(fread(output.data(), 1, output.size(), pipe));
  EXPECT_EQ(pclose(pipe), 0) << command;
  return output;
}

TEST(BashCompletion, CompletesCommandsOptionsAndChoices) {
  EXPECT_THAT(CompleteInBash("crierctl w"), Eq("webhooks workflows\n"));
  EXPECT_THAT(CompleteInBash("crierctl webhooks \"\""),
              AllOf(HasSubstr("create"), HasSubstr("test"), Not(HasSubstr("preview"))));
  EXPECT_THAT(CompleteInBash("crierctl --community 7 webhooks create --u"), Eq("--url\n"));
  EXPECT_THAT(CompleteInBash("crierctl workflows create --template new-m"), Eq("new-member\n"));
  EXPECT_THAT(CompleteInBash("crierctl webhooks list --output \"\""), Eq("table json\n"));
}

// Neither shell is there to be asked on every machine.
TEST(ZshCompletion, ListsCommandsWithTheirHelp) {
  const std::string script = ZshCompletion(Nodes());

  EXPECT_THAT(script, HasSubstr("#compdef crierctl\n"));
  EXPECT_THAT(script, HasSubstr("'webhooks') candidates=('create:Create a webhook' "));
  EXPECT_THAT(script, HasSubstr("--output) candidates=('table' 'json') ;;"));
}

TEST(FishCompletion, ListsCommandsWithTheirHelp) {
  const std::string script = FishCompletion(Nodes());

  EXPECT_THAT(script, HasSubstr("complete -c crierctl -n '__crierctl_at \"webhooks\"' -f -a create "
                                "-d 'Create a webhook'\n"));
  EXPECT_THAT(script, HasSubstr(" -l output -r -f -a 'table json' -d "));
  EXPECT_THAT(script, HasSubstr(" -l envelope -d "));
  // Without the dashes, options before the command would be taken for options of `string`.
  EXPECT_THAT(script, HasSubstr("string join -- ' ' $path $word"));
}

}  // namespace
}  // namespace crier::crierctl
