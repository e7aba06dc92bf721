#include "core/pattern/pattern_reader.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/pattern/pattern_classes.h"
#include "core/text/utf8.h"

namespace runnel {
namespace {

bool IsOctal(char32_t c) { return c >= U'0' && c <= U'7'; }

int HexValue(char32_t c) {
  if (PatternReader::IsDigit(c)) return static_cast<int>(c - U'0');
  if (c >= U'a' && c <= U'f') return static_cast<int>(c - U'a') + 10;
  if (c >= U'A' && c <= U'F') return static_cast<int>(c - U'A') + 10;
  return -1;
}

}  // namespace

bool PatternReader::IsWord(char32_t c) { return PerlClass(U'w')->Contains(c); }

void PatternReader::Fail(absl::string_view what) {
  if (!status_.ok()) return;
  status_ = absl::InvalidArgumentError(absl::StrCat(what, ", at character ", next_ + 1));
}

bool PatternReader::Take(char32_t c) {
  if (!LooksAt(c)) return false;
  ++next_;
  return true;
}

std::optional<char32_t> PatternReader::ReadEscape() {
  Skip(1);  // the backslash
  if (AtEnd()) {
    Fail("ends with a single backslash");
    return std::nullopt;
  }
  const char32_t c = Next();
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
      return ReadHex();
    default:
      break;
  }
  // A single digit other than 0 would be a reference to a group.
  if (c == U'0' || (IsOctal(c) && IsOctal(Peek()))) {
    char32_t value = c - U'0';
    for (int i = 0; i < 2 && IsOctal(Peek()); ++i) {
      value = 8 * value + (Next() - U'0');
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

// After \x: two hexadecimal digits, or any number of them in braces, which name a scalar value.
std::optional<char32_t> PatternReader::ReadHex() {
  const size_t escape = next_ - 2;
  char32_t value = 0;
  int digits = 0;
  const bool in_braces = Take(U'{');
  for (; HexValue(Peek()) >= 0 && (in_braces || digits < 2); ++digits) {
    value = std::min<char32_t>(16 * value + HexValue(Next()), kCodePointMax + 1);
  }
  const bool complete = in_braces ? digits > 0 && Take(U'}') : digits == 2;
  if (complete && IsScalarValue(value)) return value;
  const absl::string_view what = !complete ? "has a malformed \\x escape"
                                 : value > kCodePointMax
                                     ? "has an \\x escape above 10FFFF, the last character"
                                     : "has an \\x escape of a surrogate, which is no character";
  Rewind(escape);
  Fail(what);
  return std::nullopt;
}

CodePointSet PatternReader::ReadClass() {
  Skip(1);  // [
  const bool is_negated = Take(U'^');
  std::vector<CodePointRange> ranges;
  bool is_first = true;
  while (ok() && !AtEnd() && (is_first || !LooksAt(U']'))) {
    is_first = false;
    ReadClassItem(&ranges);
  }
  if (!Take(U']')) Fail("has a character class without its ]");
  // The complement also leaves out surrogates, which a range may include.
  const CodePointSet complement = CodePointSet::Of(std::move(ranges)).Complement();
  return is_negated ? complement : complement.Complement();
}

void PatternReader::ReadClassItem(std::vector<CodePointRange>* ranges) {
  const auto add = [ranges](const CodePointSet& set) {
    ranges->insert(ranges->end(), set.ranges().begin(), set.ranges().end());
  };
  if (LooksAt(U'[') && LooksAt(U':', 1)) {
    if (const std::optional<std::string> name = ReadPosixName()) {
      if (const std::optional<CodePointSet> set = PosixClass(*name)) return add(*set);
      Fail(absl::StrCat("has the character class [:", *name, ":], which does not exist"));
      return;
    }
  }
  if (LooksAt(U'\\')) {
    if (const std::optional<CodePointSet> set = PerlClass(Peek(1))) {
      Skip(2);
      return add(*set);
    }
  }
  const std::optional<char32_t> first = ReadClassChar();
  std::optional<char32_t> last = first;
  if (LooksAt(U'-') && !AtEnd(1) && !LooksAt(U']', 1)) {
    Skip(1);
    last = ReadClassChar();
  }
  if (!first || !last) return;
  if (*last < *first) {
    Fail("has a range whose bounds are in the wrong order");
    return;
  }
  ranges->push_back({*first, *last});
}

std::optional<char32_t> PatternReader::ReadClassChar() {
  if (AtEnd()) {
    Fail("has a character class without its ]");
    return std::nullopt;
  }
  return LooksAt(U'\\') ? ReadEscape() : std::optional<char32_t>(Next());
}

std::optional<std::string> PatternReader::ReadPosixName() {
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

}  // namespace runnel
