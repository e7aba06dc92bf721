#include "core/reading/log_probability.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace runnel {
namespace {

TEST(LogSumExp, Logits_GiveTheLogOfTheirExponentialsSum) {
  const std::vector<float> logits = {0.5f, -1.0f, 2.0f};
  EXPECT_NEAR(LogSumExp(logits), std::log(std::exp(0.5) + std::exp(-1.0) + std::exp(2.0)), 1e-12);
}

TEST(LogSumExp, HugeLogits_NeitherOverflowNorVanish) {
  const std::vector<float> large = {3e38f, 3e38f};
  EXPECT_EQ(LogSumExp(large), static_cast<double>(3e38f) + std::log(2.0));
  const std::vector<float> small = {-3e38f, -3e38f};
  EXPECT_EQ(LogSumExp(small), static_cast<double>(-3e38f) + std::log(2.0));
}

TEST(LogSumExp, IdsThatAreNotAllowed_DoNotCount) {
  const std::vector<float> logits = {100.0f, 1.0f, 2.0f};
  const std::vector<uint8_t> allowed = {0, 1, 1};
  EXPECT_NEAR(LogSumExp(logits, allowed), std::log(std::exp(1.0) + std::exp(2.0)), 1e-12);
}

}  // namespace
}  // namespace runnel
