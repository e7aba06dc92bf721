// A set of Unicode scalar values, as sorted ranges.
#ifndef RUNNEL_CORE_GENERATE_CODE_POINT_SET_H_
#define RUNNEL_CORE_GENERATE_CODE_POINT_SET_H_

#include <compare>
#include <vector>

namespace runnel {

struct CodePointRange {
  char32_t first;
  char32_t last;  // inclusive
  friend auto operator<=>(const CodePointRange&, const CodePointRange&) = default;
};

class CodePointSet {
 public:
  CodePointSet() = default;
  static CodePointSet All();
  static CodePointSet Of(std::vector<CodePointRange> ranges);

  // Ascending, apart by at least one code point.
  const std::vector<CodePointRange>& ranges() const { return ranges_; }
  bool Contains(char32_t c) const;
  CodePointSet Union(const CodePointSet& other) const;
  // Every scalar value that is not in this set.
  CodePointSet Complement() const;
  // This set without `other`.
  CodePointSet Without(const CodePointSet& other) const;

  friend auto operator<=>(const CodePointSet&, const CodePointSet&) = default;

 private:
  std::vector<CodePointRange> ranges_;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_GENERATE_CODE_POINT_SET_H_
