#include "tools/crierctl/pretty_json.h"

#include "rapidjson/memorystream.h"
#include "rapidjson/reader.h"

namespace crier::crierctl {
namespace {

bool IsJson(absl::string_view text) {
  rapidjson::MemoryStream stream(text.data(), text.size());
  rapidjson::Reader reader;
  rapidjson::BaseReaderHandler<> ignore;
  // Iterative: the depth of a stranger's JSON must not become the depth of our stack.
  return !reader
              .Parse<rapidjson::kParseValidateEncodingFlag | rapidjson::kParseIterativeFlag |
                     rapidjson::kParseNumbersAsStringsFlag>(stream, ignore)
              .IsError();
}

// Where the string that begins at `begin` ends: behind its closing quote.
size_t EndOfString(absl::string_view json, size_t begin) {
  size_t i = begin + 1;
  while (json[i] != '"') i += json[i] == '\\' ? 2 : 1;
  return i + 1;
}

}  // namespace

std::optional<std::string> PrettyJson(absl::string_view json) {
  // RapidJSON's PrettyWriter would spell numbers anew (or, in this version, quote them), so it only
  // checks; the text is then laid out as it stands.
  if (!IsJson(json)) return std::nullopt;
  std::string pretty;
  size_t depth = 0;
  bool opened = false;  // a brace or bracket, with nothing inside so far
  const auto break_line = [&] { pretty.append(1, '\n').append(2 * depth, ' '); };
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') continue;
    const bool closes = c == '}' || c == ']';
    if (closes) --depth;
    if (opened != closes) break_line();
    opened = c == '{' || c == '[';
    if (opened) ++depth;
    if (c == '"') {
      const size_t end = EndOfString(json, i);
      pretty.append(json.data() + i, end - i);
      i = end - 1;
    } else {
      pretty += c;
    }
    if (c == ',') break_line();
    if (c == ':') pretty += ' ';
  }
  return pretty;
}

}  // namespace crier::crierctl
