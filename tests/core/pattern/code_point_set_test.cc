#include "core/pattern/code_point_set.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <utility>

namespace runnel {
namespace {

CodePointSet RandomSet(std::mt19937* random) {
  std::vector<CodePointRange> ranges;
  for (uint32_t i = (*random)() % 6; i-- > 0;) {
    const char32_t first = (*random)() % 30;
    const char32_t last = first + (*random)() % 5;
    ranges.push_back({first, last});
  }
  return CodePointSet::Of(std::move(ranges));
}

TEST(CodePointSet, Without_IsWhatTheFirstAloneContains) {
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    const CodePointSet set = RandomSet(&random);
    const CodePointSet other = RandomSet(&random);
    const CodePointSet without = set.Without(other);
    for (char32_t c = 0; c < 40; ++c) {
      ASSERT_EQ(without.Contains(c), set.Contains(c) && !other.Contains(c));
    }
    // Ranges as Of makes them, so that equal sets compare equal.
    ASSERT_EQ(without, CodePointSet::Of(without.ranges()));
  }
}

}  // namespace
}  // namespace runnel
