#include "core/math/softmax_kernels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "tests/core/math/targets.h"

namespace runnel {
namespace {

template <typename Real>
std::vector<double> Weights(const std::vector<Real>& values, Real max, double scale) {
  std::vector<double> weights(values.size());
  SoftmaxWeights(values.data(), static_cast<int64_t>(values.size()), max, scale, weights.data());
  return weights;
}

std::vector<float> RandomValues(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, 20);
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

TEST(SoftmaxWeights, OnEveryTarget_AreTheExponentials) {
  for (const int64_t target : MachineTargets()) {
    const ScopedTarget scoped(target);
    for (const size_t count : {1, 2, 7, 8, 9, 65, 256}) {
      const std::vector<float> values = RandomValues(count, count);
      const float max = MaxOf(values.data(), static_cast<int64_t>(count));
      EXPECT_EQ(max, *std::max_element(values.begin(), values.end()));
      for (const double scale : {0.1, 1.0, 2.5}) {
        const std::vector<double> weights = Weights(values, max, scale);
        for (size_t i = 0; i < count; ++i) {
          const double expected = std::exp((static_cast<double>(values[i]) - max) * scale);
          ASSERT_NEAR(weights[i] / expected, 1, 1e-15) << values[i] << " x " << scale;
        }
      }
    }
  }
}

TEST(SoftmaxWeights, OnTargetsWithFusedMultiplyAdd_AreTheSameBits) {
  const std::vector<float> values = RandomValues(1003, 1);
  const std::vector<double> doubles(values.begin(), values.end());
  const float max = MaxOf(values.data(), 1003);
  std::vector<std::vector<double>> results;
  for (const int64_t target : FusedTargets()) {
    const ScopedTarget scoped(target);
    results.push_back(Weights(values, max, 0.7));
    EXPECT_EQ(Weights<double>(doubles, max, 0.7), results.front());
    EXPECT_EQ(results.back(), results.front());
  }
}

TEST(SoftmaxWeights, AtTheEnds_AreExactOrZero) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const float nan = std::nanf("");
  EXPECT_THAT(Weights<float>({5, 5, -kInfinity, -3e38f, nan, 5 - 701}, 5, 1),
              testing::ElementsAre(1, 1, 0, 0, 0, 0));
  EXPECT_GT(Weights<float>({-699}, 0, 1)[0], 0);
  EXPECT_THAT(Weights<float>({3, 2}, 3, 1e44), testing::ElementsAre(1, 0));
  EXPECT_THAT(Weights<float>({3, -3e38f}, 3, 0), testing::ElementsAre(1, 1));
}

TEST(MaxOf, IsTheLargestWhereverItStands) {
  for (const int64_t target : MachineTargets()) {
    const ScopedTarget scoped(target);
    for (size_t count = 1; count < 40; ++count) {
      for (size_t at = 0; at < count; ++at) {
        std::vector<float> values(count, -7);
        values[at] = -6;
        ASSERT_EQ(MaxOf(values.data(), static_cast<int64_t>(count)), -6);
        const std::vector<double> doubles(values.begin(), values.end());
        ASSERT_EQ(MaxOf(doubles.data(), static_cast<int64_t>(count)), -6);
      }
    }
  }
}

}  // namespace
}  // namespace runnel
