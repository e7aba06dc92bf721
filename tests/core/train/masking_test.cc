#include "core/train/masking.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "core/nn/batch.h"

namespace runnel {
namespace {

std::vector<int32_t> Hidden(uint64_t seed, int64_t window, int steps, int masked) {
  std::vector<int32_t> inputs(steps);
  std::iota(inputs.begin(), inputs.end(), 100);
  std::vector<int32_t> targets(steps, 7);
  MaskWindow(seed, window, steps, masked, std::nullopt, 1, inputs.data(), targets.data());
  std::vector<int32_t> hidden;
  for (int t = 0; t < steps; ++t) {
    if (inputs[t] == kMaskedId) {
      EXPECT_EQ(targets[t], 100 + t);
      hidden.push_back(t);
    } else {
      EXPECT_EQ(inputs[t], 100 + t);
      EXPECT_EQ(targets[t], kNoTarget);
    }
  }
  return hidden;
}

TEST(MaskedSymbols, Fraction_IsRoundedAndNeverNothing) {
  EXPECT_EQ(MaskedSymbols(100, 0.15f), 15);
  EXPECT_EQ(MaskedSymbols(50, 0.15f), 8);
  EXPECT_EQ(MaskedSymbols(10, 0.01f), 1);
  EXPECT_EQ(MaskedSymbols(1, 0.15f), 1);
  EXPECT_EQ(MaskedSymbols(3, 0.999f), 3);
}

TEST(MaskWindow, EveryWindow_HidesExactlyThatMany) {
  for (int64_t window = 0; window < 200; ++window) {
    EXPECT_EQ(Hidden(3, window, 20, 3).size(), 3u);
  }
  EXPECT_EQ(Hidden(3, 0, 20, 20).size(), 20u);
}

TEST(MaskWindow, Places_AreAllEquallyLikely) {
  std::vector<int> counts(10);
  constexpr int kWindows = 20000;
  for (int64_t window = 0; window < kWindows; ++window) {
    for (const int32_t t : Hidden(1, window, 10, 2)) ++counts[t];
  }
  // 4,000 each; the standard deviation is 57.
  for (const int count : counts) EXPECT_NEAR(count, kWindows * 2 / 10, 300);
}

TEST(MaskWindow, SeedAndWindow_ChooseThePlaces) {
  EXPECT_EQ(Hidden(1, 5, 50, 8), Hidden(1, 5, 50, 8));
  EXPECT_NE(Hidden(1, 5, 50, 8), Hidden(1, 6, 50, 8));
  EXPECT_NE(Hidden(1, 5, 50, 8), Hidden(2, 5, 50, 8));
}

TEST(MaskWindow, Stride_LeavesOtherLanesAlone) {
  std::vector<int32_t> inputs(30, 4);
  std::vector<int32_t> targets(30, 5);
  MaskWindow(1, 0, 10, 10, std::nullopt, 3, inputs.data() + 1, targets.data() + 1);
  for (int i = 0; i < 30; ++i) {
    EXPECT_EQ(inputs[i], i % 3 == 1 ? kMaskedId : 4);
    EXPECT_EQ(targets[i], i % 3 == 1 ? 4 : 5);
  }
}

TEST(MaskWindow, EndsOfDocuments_AreHiddenOnlyWhereCharactersAreTooFew) {
  constexpr int32_t kEnd = 9;
  for (int64_t window = 0; window < 100; ++window) {
    for (const int masked : {1, 4, 6, 8, 10}) {
      std::vector<int32_t> inputs = {kEnd, 1, 2, kEnd, 3, 4, kEnd, 5, kEnd, 6};
      const std::vector<int32_t> before = inputs;
      std::vector<int32_t> targets(10);
      MaskWindow(1, window, 10, masked, kEnd, 1, inputs.data(), targets.data());
      EXPECT_EQ(std::count(inputs.begin(), inputs.end(), kMaskedId), masked);
      EXPECT_EQ(std::count(inputs.begin(), inputs.end(), kEnd), 4 - std::max(masked - 6, 0));
      for (int t = 0; t < 10; ++t) {
        EXPECT_EQ(targets[t], inputs[t] == kMaskedId ? before[t] : kNoTarget);
      }
    }
  }
}

}  // namespace
}  // namespace runnel
