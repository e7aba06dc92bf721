#include "core/pattern/pattern_classes.h"

#include <vector>

#include "absl/strings/strip.h"

namespace runnel {
namespace {

struct NamedClass {
  absl::string_view name;
  std::vector<CodePointRange> ranges;
};

const std::vector<NamedClass>& PosixClasses() {
  static const auto& classes = *new std::vector<NamedClass>{
      {"alnum", {{'0', '9'}, {'A', 'Z'}, {'a', 'z'}}},
      {"alpha", {{'A', 'Z'}, {'a', 'z'}}},
      {"ascii", {{0x00, 0x7F}}},
      {"blank", {{'\t', '\t'}, {' ', ' '}}},
      {"cntrl", {{0x00, 0x1F}, {0x7F, 0x7F}}},
      {"digit", {{'0', '9'}}},
      {"graph", {{'!', '~'}}},
      {"lower", {{'a', 'z'}}},
      {"print", {{' ', '~'}}},
      {"punct", {{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}}},
      {"space", {{'\t', '\r'}, {' ', ' '}}},
      {"upper", {{'A', 'Z'}}},
      {"word", {{'0', '9'}, {'A', 'Z'}, {'a', 'z'}, {'_', '_'}}},
      {"xdigit", {{'0', '9'}, {'A', 'F'}, {'a', 'f'}}},
  };
  return classes;
}

}  // namespace

std::optional<CodePointSet> PerlClass(char32_t letter) {
  switch (letter) {
    case U'd':
      return CodePointSet::Of({{'0', '9'}});
    case U's':
      return CodePointSet::Of({{'\t', '\n'}, {'\f', '\r'}, {' ', ' '}});
    case U'w':
      return PosixClass("word");
    case U'D':
    case U'S':
    case U'W':
      return PerlClass(letter - U'A' + U'a')->Complement();
    default:
      return std::nullopt;
  }
}

std::optional<CodePointSet> PosixClass(absl::string_view name) {
  const bool is_negated = absl::ConsumePrefix(&name, "^");
  for (const NamedClass& named : PosixClasses()) {
    if (named.name != name) continue;
    const CodePointSet set = CodePointSet::Of(named.ranges);
    return is_negated ? set.Complement() : set;
  }
  return std::nullopt;
}

}  // namespace runnel
