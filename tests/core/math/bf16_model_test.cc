#include "tests/core/math/bf16_model.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>
#include <random>

#include "tests/core/math/targets.h"

namespace runnel {
namespace {

constexpr uint32_t kOne = 0x3F80;  // As bf16.

float Float(uint32_t bits) { return std::bit_cast<float>(bits); }
uint32_t Bits(float value) { return std::bit_cast<uint32_t>(value); }

TEST(Bf16DotModel, AddsTheUpperProductFirstAndRoundsAfterEach) {
  // 2^24 + 1 is a tie, which rounds to the even 2^24; 2^24 + 2 is exact. So 1 and 2 give 2^24 + 2
  // if 1 is added first, 2^24 + 4 if 2 is, and 2^24 + 4 if the sum of both is.
  constexpr uint32_t kTwo = 0x4000;
  EXPECT_EQ(Bf16DotModel(0x1p24f, kOne << 16 | kTwo, kOne << 16 | kOne), 0x1p24f + 2);
  EXPECT_EQ(Bf16DotModel(0x1p24f, kTwo << 16 | kOne, kOne << 16 | kOne), 0x1p24f + 4);
}

TEST(Bf16DotModel, DoesNotRoundProducts) {
  // (1 + 2^-7)^2 = 1 + 2^-6 + 2^-14, of which 2^-14 is left. bf16 would not hold it.
  EXPECT_EQ(Bf16DotModel(-(1 + 0x1p-6f), 0x3F81, 0x3F81), 0x1p-14f);
}

TEST(Bf16DotModel, DenormalsAreZeroOnInputAndOnOutput) {
  const uint32_t smallest = 0x0080;  // 2^-126, the smallest normal number
  const uint32_t denormal = 0x007F;
  EXPECT_EQ(Bf16DotModel(1.0f, denormal, 0x7F00), 1.0f);
  EXPECT_EQ(Bits(Bf16DotModel(Float(0x007FFFFF), 0, kOne)), 0u);
  EXPECT_EQ(Bits(Bf16DotModel(0.0f, smallest, 0x3F00)), 0u);
  EXPECT_EQ(Bf16DotModel(0.0f, smallest, kOne), 0x1p-126f);
  // Just below 2^-126: 2^-126 (1 - 2^-8) is flushed, although 24 bits hold it.
  EXPECT_EQ(Bits(Bf16DotModel(0.0f, smallest, 0x3F7F)), 0u);
}

TEST(Bf16DotModel, ResultsThatRoundUpToTheSmallestNormalNumberAreKept) {
  // s - p with s = 2^-126 (1 + 2^-7), p = 2^-133 + 2^-152: 2^-126 (1 - 2^-26), which 24 bits round
  // to 2^-126. With p = 2^-133 + 2^-150 it is 2^-126 (1 - 2^-24), which they hold.
  const float sum = std::ldexp(1 + 0x1p-7f, -126);
  EXPECT_EQ(FlushedMultiplyAdd(sum, -0x1p-100f * (1 + 0x1p-19f), 0x1p-33f), 0x1p-126f);
  EXPECT_EQ(Bits(FlushedMultiplyAdd(sum, -0x1p-100f * (1 + 0x1p-17f), 0x1p-33f)), 0u);
}

TEST(Bf16DotModel, InfinityAndNaNPropagate) {
  const float inf = std::numeric_limits<float>::infinity();
  constexpr uint32_t kInfinity = 0x7F80, kNan = 0x7FC0, kHuge = 0x7F7F;
  EXPECT_EQ(Bf16DotModel(1.0f, kInfinity, kOne), inf);
  EXPECT_EQ(Bf16DotModel(0.0f, kHuge, kHuge), inf);
  EXPECT_TRUE(std::isnan(Bf16DotModel(-inf, kInfinity, kOne)));
  EXPECT_TRUE(std::isnan(Bf16DotModel(0.0f, kInfinity, 0)));
  EXPECT_TRUE(std::isnan(Bf16DotModel(0.0f, kNan << 16, kOne << 16)));
}

class Bf16DotInstruction : public testing::Test {
 protected:
  void SetUp() override {
    float sum = 0;
    if (!Bf16DotByInstruction(&sum, 0, 0)) GTEST_SKIP() << "This processor lacks AVX-512-BF16.";
  }
  // Both must give the same bits, or both NaN.
  static void Compare(uint32_t sum, uint32_t a, uint32_t b) {
    float actual = Float(sum);
    ASSERT_TRUE(Bf16DotByInstruction(&actual, a, b));
    const float expected = Bf16DotModel(Float(sum), a, b);
    if (std::isnan(expected) && std::isnan(actual)) return;
    ASSERT_EQ(Bits(actual), Bits(expected)) << std::hex << sum << ", " << a << ", " << b;
  }
};

TEST_F(Bf16DotInstruction, HasTheModelsBitsOnEveryCombinationOfSpecialValues) {
  constexpr uint32_t kValues[] = {0x0000, 0x0001, 0x007F, 0x0080, 0x0100, 0x3F00, 0x3F80,
                                  0x3F81, 0x4B00, 0x7F7F, 0x7F80, 0x7FC0, 0x7F81};
  constexpr size_t kCount = std::size(kValues);
  const auto value = [&](uint64_t* rest) {
    const uint32_t chosen = kValues[*rest % kCount];
    *rest /= kCount;
    return chosen;
  };
  // All 13^5 magnitudes; signs by the bits of a hash.
  for (uint64_t i = 0; i < kCount * kCount * kCount * kCount * kCount; ++i) {
    uint64_t rest = i;
    const uint64_t signs = i * 0x9E3779B97F4A7C15u;
    const uint32_t a = value(&rest) << 16 | value(&rest);
    const uint32_t b = value(&rest) << 16 | value(&rest);
    const uint32_t sum = value(&rest) << 16;
    const auto sign = [&](int bit) { return static_cast<uint32_t>(signs >> bit & 1) << 31; };
    Compare(sum ^ sign(63), a ^ sign(62) ^ sign(61) >> 16, b ^ sign(60) ^ sign(59) >> 16);
    if (HasFatalFailure()) return;
  }
}

TEST_F(Bf16DotInstruction, HasTheModelsBitsOnRandomValues) {
  std::mt19937 random(11);
  // Each row draws the exponents of the operands and of the sum from its own ranges: any size;
  // similar sizes, where rounding matters most; near the smallest normal number; near the largest.
  struct Range {
    uint32_t first, count, sum_first, sum_count;
  };
  for (const Range& range :
       {Range{0, 256, 0, 256}, {120, 14, 120, 14}, {58, 10, 0, 8}, {186, 8, 248, 7}}) {
    const auto with_exponent = [&](uint32_t first, uint32_t count) {
      const uint32_t rest = static_cast<uint32_t>(random()) & 0x807FFFFFu;
      return rest | static_cast<uint32_t>(first + random() % count) << 23;
    };
    const auto pair = [&] {
      const uint32_t upper = with_exponent(range.first, range.count) & 0xFFFF0000u;
      return upper | with_exponent(range.first, range.count) >> 16;
    };
    for (int i = 0; i < 200'000; ++i) {
      Compare(with_exponent(range.sum_first, range.sum_count), pair(), pair());
      if (HasFatalFailure()) return;
    }
  }
}

}  // namespace
}  // namespace runnel
