#include "core/math/random.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace runnel {
namespace {

// The known answers of Random123's kat_vectors for philox4x32 with 10 rounds. Counter words c0 c1
// are our position, c2 c3 our stream, and key words k0 k1 our seed, each with the low word first.
TEST(Random, KnownAnswers_AreRandom123s) {
  const RandomBits zeros = Random(0, 0, 0);
  EXPECT_EQ(zeros.low, 0xe169c58d'6627e8d5u);
  EXPECT_EQ(zeros.high, 0x9b00dbd8'bc57ac4cu);

  const RandomBits ones = Random(~uint64_t{0}, ~uint64_t{0}, ~uint64_t{0});
  EXPECT_EQ(ones.low, 0x41c83b0e'408f276du);
  EXPECT_EQ(ones.high, 0x6d5451fd'a20bc7c6u);

  const RandomBits pi = Random(/*seed=*/0x299f31d0'a4093822u, /*stream=*/0x03707344'13198a2eu,
                               /*position=*/0x85a308d3'243f6a88u);
  EXPECT_EQ(pi.low, 0x94fdcceb'd16cfe09u);
  EXPECT_EQ(pi.high, 0x24126ea1'5001e420u);
}

TEST(RandomUniform, IsTheTop53BitsOfTheLowWord) {
  EXPECT_EQ(RandomUniform(0, 0, 0),
            static_cast<double>(0xe169c58d'6627e8d5u >> 11) / static_cast<double>(1ull << 53));
  EXPECT_LT(static_cast<double>(~uint64_t{0} >> 11) * 0x1p-53, 1.0);
}

TEST(RandomUniform, LiesInTheUnitIntervalWithAUniformsMoments) {
  constexpr int kDraws = 200000;
  double sum = 0;
  double squares = 0;
  std::vector<int> bins(16);
  for (int i = 0; i < kDraws; ++i) {
    const double u = RandomUniform(42, 3, i);
    ASSERT_GE(u, 0.0);
    ASSERT_LT(u, 1.0);
    sum += u;
    squares += u * u;
    ++bins[static_cast<int>(u * 16)];
  }
  // The tolerances are five standard errors: 0.2887 / sqrt(n), 0.2981 / sqrt(n), sqrt(n p (1 - p)).
  EXPECT_NEAR(sum / kDraws, 0.5, 5 * 0.2887 / std::sqrt(kDraws));
  EXPECT_NEAR(squares / kDraws, 1.0 / 3, 5 * 0.2981 / std::sqrt(kDraws));
  for (const int count : bins) EXPECT_NEAR(count, kDraws / 16.0, 5 * std::sqrt(kDraws * 15.0) / 16);
}

TEST(RandomNormal, HasTheMomentsOfAStandardNormal) {
  constexpr int kDraws = 200000;
  double moments[5] = {};
  int beyond2 = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = RandomNormal(7, kInitialWeightsStream, i);
    ASSERT_TRUE(std::isfinite(x));
    double power = 1;
    for (double& moment : moments) {
      moment += power / kDraws;
      power *= x;
    }
    beyond2 += std::abs(x) > 2;
  }
  // The tolerances are five standard errors: sqrt(Var(x^k) / n) with Var 1, 2, 15, 96.
  const double unit = 5 / std::sqrt(kDraws);
  EXPECT_NEAR(moments[1], 0, unit);
  EXPECT_NEAR(moments[2], 1, unit * std::sqrt(2));
  EXPECT_NEAR(moments[3], 0, unit * std::sqrt(15));
  EXPECT_NEAR(moments[4], 3, unit * std::sqrt(96));
  EXPECT_NEAR(beyond2 / static_cast<double>(kDraws), 0.0455, 5 * std::sqrt(0.0455 / kDraws));
}

TEST(Random, SeedStreamAndPosition_EachGiveOtherBitsEverywhere) {
  std::vector<uint64_t> bits;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    for (uint64_t stream = 0; stream < 20; ++stream) {
      for (uint64_t position = 0; position < 20; ++position) {
        bits.push_back(Random(seed, stream, position).low);
        bits.push_back(Random(seed, stream, position).high);
      }
    }
  }
  std::sort(bits.begin(), bits.end());
  EXPECT_EQ(std::adjacent_find(bits.begin(), bits.end()), bits.end());
}

}  // namespace
}  // namespace runnel
