#include "core/pattern/pattern_syntax.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/pattern/pattern_classes.h"
#include "core/pattern/pattern_reader.h"
#include "core/text/utf8.h"

namespace runnel {
namespace {

using NodePtr = std::unique_ptr<PatternNode>;
using Kind = PatternNode::Kind;

NodePtr NewNode(Kind kind) {
  auto node = std::make_unique<PatternNode>();
  node->kind = kind;
  return node;
}

NodePtr SetNode(CodePointSet set) {
  NodePtr node = NewNode(Kind::kSet);
  node->set = std::move(set);
  return node;
}

NodePtr CharNode(char32_t c) { return SetNode(CodePointSet::Of({{c, c}})); }

// Joins `parts` in one node; a single part is returned as it is.
NodePtr Join(Kind kind, std::vector<NodePtr> parts) {
  if (parts.empty()) return NewNode(Kind::kEmpty);
  if (parts.size() == 1) return std::move(parts.front());
  NodePtr node = NewNode(kind);
  for (const NodePtr& part : parts) node->repeats = std::max(node->repeats, part->repeats);
  node->children = std::move(parts);
  return node;
}

// A recursive-descent parser. After an error, every method returns null or nothing.
class Parser : private PatternReader {
 public:
  explicit Parser(std::vector<char32_t> text) : PatternReader(std::move(text)) {}

  absl::StatusOr<NodePtr> Parse() {
    NodePtr node = ParseAlternation(0);
    if (ok() && !AtEnd()) Fail("has a ) that closes no group");
    if (!ok()) return status();
    return node;
  }

 private:
  struct Count {
    int min;
    int max;  // -1: without end
  };

  NodePtr ParseAlternation(int depth) {
    if (depth > kPatternDepthMax) {
      return Fail(absl::StrCat("nests groups deeper than ", kPatternDepthMax));
    }
    const bool outer_dot_all = dot_all_;  // flags end with the group they are set in
    std::vector<NodePtr> branches;
    do {
      branches.push_back(ParseConcat(depth));
    } while (ok() && Take(U'|'));
    dot_all_ = outer_dot_all;
    return ok() ? Join(Kind::kAlternate, std::move(branches)) : nullptr;
  }

  NodePtr ParseConcat(int depth) {
    std::vector<NodePtr> parts;
    bool repeated = false;  // a repetition came last
    while (ok() && !AtEnd() && !LooksAt(U'|') && !LooksAt(U')')) {
      if (const std::optional<Count> count = ParseCount()) {
        if (parts.empty()) return Fail("repeats nothing");
        if (repeated) return Fail("repeats a repetition; put it into a group");
        parts.back() = Repeat(std::move(parts.back()), *count);
        repeated = true;
        continue;
      }
      if (!ok()) break;
      repeated = false;
      ParseAtom(depth, &parts);
    }
    return ok() ? Join(Kind::kConcat, std::move(parts)) : nullptr;
  }

  // Reads a repetition operator, if there is one here.
  std::optional<Count> ParseCount() {
    std::optional<Count> count;
    if (Take(U'*')) {
      count = {0, -1};
    } else if (Take(U'+')) {
      count = {1, -1};
    } else if (Take(U'?')) {
      count = {0, 1};
    } else if (LooksAt(U'{')) {
      count = ParseBraces();
    }
    if (count) Take(U'?');  // prefers fewer: the same texts match
    return count;
  }

  // Reads {n}, {n,} or {n,m}; anything else is a literal brace.
  std::optional<Count> ParseBraces() {
    const size_t start = position();
    Skip(1);
    const std::optional<int> min = ParseNumber();
    std::optional<Count> count;
    if (min && Take(U'}')) {
      count = {*min, *min};
    } else if (min && Take(U',')) {
      if (Take(U'}')) {
        count = {*min, -1};
      } else if (const std::optional<int> max = ParseNumber(); max && Take(U'}')) {
        count = {*min, *max};
      }
    }
    if (!count) {
      Rewind(start);
    } else if (count->min > kPatternRepeatMax || count->max > kPatternRepeatMax) {
      Fail(absl::StrCat("repeats more than ", kPatternRepeatMax, " times"));
    } else if (count->max >= 0 && count->max < count->min) {
      Fail("has a repetition whose bounds are in the wrong order");
    }
    return count;
  }

  std::optional<int> ParseNumber() {
    if (!IsDigit(Peek())) return std::nullopt;
    if (LooksAt(U'0') && IsDigit(Peek(1))) return std::nullopt;
    int value = 0;
    for (; IsDigit(Peek()); Skip(1)) {
      value = std::min(10 * value + static_cast<int>(Peek() - U'0'), kPatternRepeatMax + 1);
    }
    return value;
  }

  NodePtr Repeat(NodePtr child, Count count) {
    const int times = count.max >= 0 ? count.max : count.min;
    const int repeats = child->repeats * std::max(times, 1);
    if (repeats > kPatternRepeatMax) {
      return Fail(absl::StrCat("repeats more than ", kPatternRepeatMax, " times, in all"));
    }
    NodePtr node = NewNode(Kind::kRepeat);
    node->min = count.min;
    node->max = count.max;
    node->repeats = repeats;
    node->children.push_back(std::move(child));
    return node;
  }

  // Reads an atom and adds its nodes to `parts`: one, none or several.
  void ParseAtom(int depth, std::vector<NodePtr>* parts) {
    const char32_t c = Peek();
    if (c == U'\\') return ParseEscapedAtom(parts);
    NodePtr node;
    if (c == U'(') {
      node = ParseGroup(depth);
      if (node == nullptr) return;  // flags, or an error
    } else if (c == U'[') {
      node = SetNode(ReadClass());
    } else {
      Skip(1);
      if (c == U'.') {
        const CodePointSet line_break = CodePointSet::Of({{'\n', '\n'}});
        node = SetNode(dot_all_ ? CodePointSet::All() : line_break.Complement());
      } else if (c == U'^' || c == U'$') {
        node = NewNode(c == U'^' ? Kind::kBegin : Kind::kEnd);
      } else {
        node = CharNode(c);
      }
    }
    parts->push_back(std::move(node));
  }

  NodePtr ParseGroup(int depth) {
    Skip(1);  // (
    std::optional<bool> dot_all;
    if (Take(U'?')) {
      if (Take(U'P')) {
        ParseGroupName();
      } else {
        dot_all = dot_all_;
        if (!ParseFlags(&*dot_all)) {
          dot_all_ = *dot_all;  // (?s): to the end of the group around it
          return nullptr;
        }
      }
    }
    const bool outer_dot_all = dot_all_;
    if (dot_all) dot_all_ = *dot_all;
    NodePtr node = ParseAlternation(depth + 1);
    dot_all_ = outer_dot_all;
    if (ok() && !Take(U')')) return Fail("has a group without its )");
    return node;
  }

  // Reads the flags between "(?" and a colon or a closing bracket. True for the colon: a group
  // follows.
  bool ParseFlags(bool* dot_all) {
    bool value = true;
    while (!AtEnd()) {
      const char32_t c = Peek();
      if (c == U's') {
        *dot_all = value;
      } else if (c == U'-' && value) {
        value = false;
      } else if (c == U':' || c == U')') {
        Skip(1);
        return c == U':';
      } else if (c != U'U') {
        // U chooses between several matches. A match here is always the whole text, so U changes
        // nothing.
        break;
      }
      Skip(1);
    }
    FailAfterQuestionMark();
    return false;
  }

  // Reports the construct after "(?" that is not available, by its name.
  void FailAfterQuestionMark() {
    if (AtEnd()) {
      Fail("has a group without its )");
    } else if (LooksAt(U'=') || LooksAt(U'!')) {
      Fail("has a lookahead, which is not available");
    } else if (LooksAt(U'<') && (LooksAt(U'=', 1) || LooksAt(U'!', 1))) {
      Fail("has a lookbehind, which is not available");
    } else if (LooksAt(U'<') || LooksAt(U'\'')) {
      Fail("has a named group that is not written as (?P<name>...)");
    } else if (LooksAt(U'>') || LooksAt(U'|') || LooksAt(U'(') || LooksAt(U'#')) {
      std::string group = "(?";
      AppendUtf8(Peek(), &group);
      Fail(absl::StrCat("has ", group, ", which is not available"));
    } else {
      std::string flag;
      AppendUtf8(Peek(), &flag);
      Fail(absl::StrCat("has the flag ", flag, ", which is not available; s, U and (?: are"));
    }
  }

  void ParseGroupName() {
    bool valid = Take(U'<') && !LooksAt(U'>');
    while (valid && !AtEnd() && !LooksAt(U'>')) valid = IsWord(Next());
    if (!valid || !Take(U'>')) Fail("has a malformed group name");
  }

  void ParseEscapedAtom(std::vector<NodePtr>* parts) {
    const char32_t c = Peek(1);
    if (c == U'Q') {
      Skip(2);
      while (!AtEnd() && !(LooksAt(U'\\') && LooksAt(U'E', 1))) {
        parts->push_back(CharNode(Next()));
      }
      if (!AtEnd()) Skip(2);
    } else if (c == U'A' || c == U'z') {
      Skip(2);
      parts->push_back(NewNode(c == U'A' ? Kind::kBegin : Kind::kEnd));
    } else if (std::optional<CodePointSet> set = PerlClass(c)) {
      Skip(2);
      parts->push_back(SetNode(*std::move(set)));
    } else if (const std::optional<char32_t> escaped = ReadEscape()) {
      parts->push_back(CharNode(*escaped));
    }
  }

  // Returns null, for methods that return a node.
  std::nullptr_t Fail(absl::string_view what) {
    PatternReader::Fail(what);
    return nullptr;
  }

  bool dot_all_ = false;
};

}  // namespace

absl::StatusOr<ParsedPattern> ParsePattern(absl::string_view expression) {
  if (expression.size() > kPatternBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat("has ", expression.size(), " bytes; at most ",
                                                   kPatternBytesMax, " are allowed"));
  }
  auto text = DecodeUtf8(expression);
  if (!text.ok()) return text.status();
  absl::StatusOr<NodePtr> root = Parser(*std::move(text)).Parse();
  if (!root.ok()) return root.status();
  return ParsedPattern{.expression = std::string(expression), .root = *std::move(root)};
}

}  // namespace runnel
