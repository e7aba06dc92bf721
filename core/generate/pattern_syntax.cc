#include "core/generate/pattern_syntax.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/generate/pattern_classes.h"
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

// One node of `parts`: itself, if there is just one.
NodePtr Join(Kind kind, std::vector<NodePtr> parts) {
  if (parts.empty()) return NewNode(Kind::kEmpty);
  if (parts.size() == 1) return std::move(parts.front());
  NodePtr node = NewNode(kind);
  for (const NodePtr& part : parts) node->repeats = std::max(node->repeats, part->repeats);
  node->children = std::move(parts);
  return node;
}

bool IsDigit(char32_t c) { return c >= U'0' && c <= U'9'; }
bool IsOctal(char32_t c) { return c >= U'0' && c <= U'7'; }
bool IsWord(char32_t c) { return PerlClass(U'w')->Contains(c); }

int HexValue(char32_t c) {
  if (IsDigit(c)) return static_cast<int>(c - U'0');
  if (c >= U'a' && c <= U'f') return static_cast<int>(c - U'a') + 10;
  if (c >= U'A' && c <= U'F') return static_cast<int>(c - U'A') + 10;
  return -1;
}

// Recursive descent. The first error wins: every method gives null, or nothing, after one.
class Parser {
 public:
  explicit Parser(std::vector<char32_t> text) : text_(std::move(text)) {}

  absl::StatusOr<NodePtr> Parse() {
    NodePtr node = ParseAlternation(0);
    if (status_.ok() && !AtEnd()) Fail("has a ) that closes no group");
    if (!status_.ok()) return status_;
    return node;
  }

 private:
  struct Count {
    int min;
    int max;  // -1: without end
  };

  bool AtEnd() const { return next_ == text_.size(); }
  bool LooksAt(char32_t c, size_t ahead = 0) const {
    return next_ + ahead < text_.size() && text_[next_ + ahead] == c;
  }
  bool Take(char32_t c) {
    if (!LooksAt(c)) return false;
    ++next_;
    return true;
  }
  std::nullptr_t Fail(absl::string_view what) {
    if (status_.ok()) {
      status_ = absl::InvalidArgumentError(absl::StrCat(what, ", at character ", next_ + 1));
    }
    return nullptr;
  }

  NodePtr ParseAlternation(int depth) {
    if (depth > kPatternDepthMax) {
      return Fail(absl::StrCat("nests groups deeper than ", kPatternDepthMax));
    }
    const bool outer_dot_all = dot_all_;  // flags end with the group they are set in
    std::vector<NodePtr> branches;
    do {
      branches.push_back(ParseConcat(depth));
    } while (status_.ok() && Take(U'|'));
    dot_all_ = outer_dot_all;
    return status_.ok() ? Join(Kind::kAlternate, std::move(branches)) : nullptr;
  }

  NodePtr ParseConcat(int depth) {
    std::vector<NodePtr> parts;
    bool repeated = false;  // a repetition came last
    while (status_.ok() && !AtEnd() && !LooksAt(U'|') && !LooksAt(U')')) {
      if (const std::optional<Count> count = ParseCount()) {
        if (parts.empty()) return Fail("repeats nothing");
        if (repeated) return Fail("repeats a repetition; put it into a group");
        parts.back() = Repeat(std::move(parts.back()), *count);
        repeated = true;
        continue;
      }
      if (!status_.ok()) break;
      repeated = false;
      ParseAtom(depth, &parts);
    }
    return status_.ok() ? Join(Kind::kConcat, std::move(parts)) : nullptr;
  }

  // A repetition operator, if one stands here.
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

  // {n}, {n,} or {n,m}; anything else is a literal brace.
  std::optional<Count> ParseBraces() {
    const size_t start = next_++;
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
      next_ = start;
    } else if (count->min > kPatternRepeatMax || count->max > kPatternRepeatMax) {
      Fail(absl::StrCat("repeats more than ", kPatternRepeatMax, " times"));
    } else if (count->max >= 0 && count->max < count->min) {
      Fail("has a repetition whose bounds are in the wrong order");
    }
    return count;
  }

  std::optional<int> ParseNumber() {
    if (AtEnd() || !IsDigit(text_[next_])) return std::nullopt;
    if (LooksAt(U'0') && next_ + 1 < text_.size() && IsDigit(text_[next_ + 1])) return std::nullopt;
    int value = 0;
    for (; !AtEnd() && IsDigit(text_[next_]); ++next_) {
      value = std::min(10 * value + static_cast<int>(text_[next_] - U'0'), kPatternRepeatMax + 1);
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

  // Adds what stands here to `parts`: one node, none or several.
  void ParseAtom(int depth, std::vector<NodePtr>* parts) {
    const char32_t c = text_[next_];
    if (c == U'\\') return ParseEscapedAtom(parts);
    NodePtr node;
    if (c == U'(') {
      node = ParseGroup(depth);
      if (node == nullptr) return;  // flags, or an error
    } else if (c == U'[') {
      node = SetNode(ParseClass());
    } else {
      ++next_;
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
    ++next_;  // (
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
    if (status_.ok() && !Take(U')')) return Fail("has a group without its )");
    return node;
  }

  // What stands between (? and a : or ). True for the colon: a group follows.
  bool ParseFlags(bool* dot_all) {
    bool value = true;
    while (!AtEnd()) {
      const char32_t c = text_[next_];
      if (c == U's') {
        *dot_all = value;
      } else if (c == U'-' && value) {
        value = false;
      } else if (c == U':' || c == U')') {
        ++next_;
        return c == U':';
      } else if (c != U'U') {  // U: which match is preferred; there is one only
        break;
      }
      ++next_;
    }
    Fail("has a flag that is not available; s, U and (?: are");
    return false;
  }

  void ParseGroupName() {
    bool valid = Take(U'<') && !LooksAt(U'>');
    while (valid && !AtEnd() && !LooksAt(U'>')) valid = IsWord(text_[next_++]);
    if (!valid || !Take(U'>')) Fail("has a malformed group name");
  }

  void ParseEscapedAtom(std::vector<NodePtr>* parts) {
    const char32_t c = next_ + 1 < text_.size() ? text_[next_ + 1] : U'\0';
    if (c == U'Q') {
      next_ += 2;
      while (!AtEnd() && !(LooksAt(U'\\') && LooksAt(U'E', 1))) {
        parts->push_back(CharNode(text_[next_++]));
      }
      if (!AtEnd()) next_ += 2;
    } else if (c == U'A' || c == U'z') {
      next_ += 2;
      parts->push_back(NewNode(c == U'A' ? Kind::kBegin : Kind::kEnd));
    } else if (std::optional<CodePointSet> set = PerlClass(c)) {
      next_ += 2;
      parts->push_back(SetNode(*std::move(set)));
    } else if (const std::optional<char32_t> escaped = ParseEscape()) {
      parts->push_back(CharNode(*escaped));
    }
  }

  // \ and what stands behind it, where it is one character.
  std::optional<char32_t> ParseEscape() {
    ++next_;  // the backslash
    if (AtEnd()) {
      Fail("ends with a single backslash");
      return std::nullopt;
    }
    const char32_t c = text_[next_++];
    switch (c) {
      case U'a':
        return U'\a';
      case U'f':
        return U'\f';
      case U'n':
        return U'\n';
      case U'r':
        return U'\r';
      case U't':
        return U'\t';
      case U'v':
        return U'\v';
      case U'x':
        return ParseHex();
      default:
        break;
    }
    // One digit alone, other than 0, would be a reference to a group.
    if (c == U'0' || (IsOctal(c) && !AtEnd() && IsOctal(text_[next_]))) {
      char32_t value = c - U'0';
      for (int i = 0; i < 2 && !AtEnd() && IsOctal(text_[next_]); ++i) {
        value = 8 * value + (text_[next_++] - U'0');
      }
      return value;
    }
    if (c < 0x80 && (c == U'_' || !IsWord(c))) return c;
    next_ -= 2;
    std::string escape = "\\";
    AppendUtf8(c, &escape);
    Fail(absl::StrCat("has the escape ", escape, ", which is not available"));
    return std::nullopt;
  }

  // Behind \x: two hexadecimal digits, or any number in braces.
  std::optional<char32_t> ParseHex() {
    char32_t value = 0;
    int digits = 0;
    const bool in_braces = Take(U'{');
    while (!AtEnd() && HexValue(text_[next_]) >= 0 && (in_braces || digits < 2)) {
      value = 16 * value + HexValue(text_[next_++]);
      ++digits;
      if (value > kCodePointMax) break;
    }
    const bool complete = in_braces ? digits > 0 && Take(U'}') : digits == 2;
    if (complete && value <= kCodePointMax) return value;
    Fail("has a malformed \\x escape");
    return std::nullopt;
  }

  CodePointSet ParseClass() {
    ++next_;  // [
    const bool is_negated = Take(U'^');
    std::vector<CodePointRange> ranges;
    bool is_first = true;
    while (status_.ok() && !AtEnd() && (is_first || !LooksAt(U']'))) {
      is_first = false;
      ParseClassItem(&ranges);
    }
    if (!Take(U']')) Fail("has a character class without its ]");
    // Also without surrogates, which are no characters.
    const CodePointSet complement = CodePointSet::Of(std::move(ranges)).Complement();
    return is_negated ? complement : complement.Complement();
  }

  void ParseClassItem(std::vector<CodePointRange>* ranges) {
    const auto add = [ranges](const CodePointSet& set) {
      ranges->insert(ranges->end(), set.ranges().begin(), set.ranges().end());
    };
    if (LooksAt(U'[') && LooksAt(U':', 1)) {
      if (const std::optional<std::string> name = PosixName()) {
        if (const std::optional<CodePointSet> set = PosixClass(*name)) return add(*set);
        Fail(absl::StrCat("has the character class [:", *name, ":], which there is not"));
        return;
      }
    }
    if (LooksAt(U'\\') && next_ + 1 < text_.size()) {
      if (const std::optional<CodePointSet> set = PerlClass(text_[next_ + 1])) {
        next_ += 2;
        return add(*set);
      }
    }
    const std::optional<char32_t> first = ParseClassChar();
    std::optional<char32_t> last = first;
    if (LooksAt(U'-') && next_ + 1 < text_.size() && !LooksAt(U']', 1)) {
      ++next_;
      last = ParseClassChar();
    }
    if (!first || !last) return;
    if (*last < *first) {
      Fail("has a range whose bounds are in the wrong order");
      return;
    }
    ranges->push_back({*first, *last});
  }

  std::optional<char32_t> ParseClassChar() {
    if (AtEnd()) {
      Fail("has a character class without its ]");
      return std::nullopt;
    }
    return LooksAt(U'\\') ? ParseEscape() : std::optional<char32_t>(text_[next_++]);
  }

  // The name in "[:name:]", consumed; none if there is no ":]".
  std::optional<std::string> PosixName() {
    std::string name;
    for (size_t i = next_ + 2; i + 1 < text_.size(); ++i) {
      if (text_[i] == U':' && text_[i + 1] == U']') {
        next_ = i + 2;
        return name;
      }
      AppendUtf8(text_[i], &name);
    }
    return std::nullopt;
  }

  const std::vector<char32_t> text_;
  size_t next_ = 0;
  bool dot_all_ = false;
  absl::Status status_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<PatternNode>> ParsePattern(absl::string_view expression) {
  if (expression.size() > kPatternBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat("has ", expression.size(), " bytes; at most ",
                                                   kPatternBytesMax, " are allowed"));
  }
  auto text = DecodeUtf8(expression);
  if (!text.ok()) return text.status();
  return Parser(*std::move(text)).Parse();
}

}  // namespace runnel
