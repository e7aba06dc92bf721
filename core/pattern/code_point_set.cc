#include "core/pattern/code_point_set.h"

#include <algorithm>
#include <utility>

#include "core/text/utf8.h"

namespace runnel {

CodePointSet CodePointSet::All() { return CodePointSet().Complement(); }

CodePointSet CodePointSet::Of(std::vector<CodePointRange> ranges) {
  std::sort(ranges.begin(), ranges.end());
  CodePointSet set;
  for (const CodePointRange& range : ranges) {
    if (!set.ranges_.empty() && range.first <= set.ranges_.back().last + 1) {
      set.ranges_.back().last = std::max(set.ranges_.back().last, range.last);
    } else {
      set.ranges_.push_back(range);
    }
  }
  return set;
}

bool CodePointSet::Contains(char32_t c) const {
  const auto after =
      std::upper_bound(ranges_.begin(), ranges_.end(), c,
                       [](char32_t value, const CodePointRange& r) { return value < r.first; });
  return after != ranges_.begin() && c <= std::prev(after)->last;
}

CodePointSet CodePointSet::Complement() const {
  std::vector<CodePointRange> taken = ranges_;
  taken.push_back({kSurrogateFirst, kSurrogateLast});
  const CodePointSet without = Of(std::move(taken));
  CodePointSet set;
  char32_t next = 0;
  for (const CodePointRange& range : without.ranges_) {
    if (range.first > next) set.ranges_.push_back({next, range.first - 1});
    next = range.last + 1;
  }
  if (next <= kCodePointMax) set.ranges_.push_back({next, kCodePointMax});
  return set;
}

CodePointSet CodePointSet::Without(const CodePointSet& other) const {
  CodePointSet set;
  for (CodePointRange left : ranges_) {
    auto taken = std::lower_bound(
        other.ranges_.begin(), other.ranges_.end(), left.first,
        [](const CodePointRange& range, char32_t value) { return range.last < value; });
    for (; taken != other.ranges_.end() && taken->first <= left.last; ++taken) {
      if (taken->first > left.first) set.ranges_.push_back({left.first, taken->first - 1});
      left.first = taken->last + 1;
    }
    if (left.first <= left.last) set.ranges_.push_back(left);
  }
  return set;
}

}  // namespace runnel
