// The expressions of SamplingOptions.pattern: a subset of RE2's syntax, with RE2's meaning
// (https://github.com/google/re2/wiki/Syntax). A match is of the whole text.
//
//   x             a character that is none of \.+*?()|[]{}^$
//   .             any character but the line break; any at all after (?s)
//   [xyz] [^a-z]  one of these characters, none of them; may contain ranges, escapes, \d, [:alpha:]
//   \d \s \w      [0-9], [\t\n\f\r ], [0-9A-Za-z_]; \D \S \W are their complements
//   [[:alpha:]]   ASCII classes: alnum alpha ascii blank cntrl digit graph lower print punct space
//                 upper word xdigit; [[:^alpha:]] is the complement
//   xy x|y        one after the other, one or the other
//   x* x+ x? x{n} x{n,} x{n,m}   repetition; a ? may follow it; counts are at most 1000, and so is
//                 the product of nested ones
//   (x) (?:x) (?P<name>x)        groups; (?s) (?s:x) (?-s) and U as flags
//   ^ \A $ \z     the text's beginning and end
//   \. \n \r \t \a \f \v \x7F \x{10FFFF} \123 \Q...\E   escapes
//
// Everything else that RE2 has is refused by name: \b \B, \p \P, \C, the flags i and m.
#ifndef RUNNEL_CORE_PATTERN_PATTERN_SYNTAX_H_
#define RUNNEL_CORE_PATTERN_PATTERN_SYNTAX_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/pattern/code_point_set.h"

namespace runnel {

inline constexpr int kPatternBytesMax = 4096;
inline constexpr int kPatternRepeatMax = 1000;
inline constexpr int kPatternDepthMax = 200;

struct PatternNode {
  enum class Kind { kEmpty, kSet, kConcat, kAlternate, kRepeat, kBegin, kEnd };

  Kind kind = Kind::kEmpty;
  CodePointSet set;                                    // kSet: one character of it
  std::vector<std::unique_ptr<PatternNode>> children;  // kConcat, kAlternate; kRepeat: one
  int min = 0;                                         // kRepeat
  int max = -1;                                        // kRepeat; -1: without end
  int repeats = 1;  // the largest product of nested counts inside
};

// An expression and its syntax tree. Immutable, shareable between threads.
struct ParsedPattern {
  std::string expression;
  std::shared_ptr<const PatternNode> root;  // null only for a ParsedPattern that was not parsed

  bool empty() const { return expression.empty(); }
};

// INVALID_ARGUMENT saying what is wrong, and where.
absl::StatusOr<ParsedPattern> ParsePattern(absl::string_view expression);

}  // namespace runnel

#endif  // RUNNEL_CORE_PATTERN_PATTERN_SYNTAX_H_
