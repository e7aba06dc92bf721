// A set of Unicode scalar values, as sorted ranges.
#ifndef RUNNEL_CORE_PATTERN_CODE_POINT_SET_H_
#define RUNNEL_CORE_PATTERN_CODE_POINT_SET_H_

#include <vector>

namespace runnel {

struct CodePointRange {
  char32_t first;
  char32_t last;  // inclusive

  friend bool operator==(const CodePointRange&, const CodePointRange&) = default;
  friend bool operator<(const CodePointRange& a, const CodePointRange& b) {
    return a.first != b.first ? a.first < b.first : a.last < b.last;
  }
};

class CodePointSet {
 public:
  CodePointSet() = default;
  static CodePointSet All();
  static CodePointSet Of(std::vector<CodePointRange> ranges);

  // In ascending order, with at least one code point between two of them.
  const std::vector<CodePointRange>& ranges() const { return ranges_; }
  bool Contains(char32_t c) const;
  // Every scalar value that is not in this set.
  CodePointSet Complement() const;
  // This set without `other`. The time grows with the ranges of the result, but only with the
  // logarithm of those of `other`.
  CodePointSet Without(const CodePointSet& other) const;

  friend bool operator==(const CodePointSet&, const CodePointSet&) = default;
  friend bool operator<(const CodePointSet& a, const CodePointSet& b) {
    return a.ranges_ < b.ranges_;
  }

 private:
  std::vector<CodePointRange> ranges_;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_PATTERN_CODE_POINT_SET_H_
