// Products of 16-bit numbers, beyond what gemm_test.cc asks of every precision.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "core/math/gemm.h"
#include "core/math/gemm_kernels.h"
#include "tests/core/math/arithmetics.h"
#include "tests/core/math/targets.h"

namespace runnel {
namespace {

constexpr GemmOptions k16Bit = {.precision = TrainingPrecision::k16Bit};

// C [rows of `a` x columns of `b`] over k, in 16 bits; `b` is stored transposed.
std::vector<float> Product16(const std::vector<float>& a, const std::vector<float>& b, int64_t k) {
  const auto m = static_cast<int64_t>(a.size()) / k;
  const auto n = static_cast<int64_t>(b.size()) / k;
  std::vector<float> c(m * n);
  GemmScratch scratch;
  const MatrixView<const float> stored_b(b.data(), n, k);
  Gemm<float>({a.data(), m, k}, stored_b.Transposed(), {c.data(), m, n}, k16Bit, &scratch);
  return c;
}

// Neither adding to a number's bits nor a scale may carry a NaN or an infinity into something else.
TEST(Gemm16BitsTest, NotFiniteInput_ShowsInTheResult) {
  const float inf = std::numeric_limits<float>::infinity();
  const float nan = std::bit_cast<float>(0x7FFFFFFFu);
  ForEach16BitKernels([&](const GemmKernels& kernels) {
    const bool has_scales = kernels.arithmetic == GemmArithmetic::kInt16;
    for (const float value : {inf, -inf, nan, -nan}) {
      SCOPED_TRACE(value);
      const auto shows = testing::Truly(
          [&](float c) { return std::isnan(value) || has_scales ? std::isnan(c) : c == value; });
      // One of 40 lines of 21 numbers, which are adjacent or far apart.
      const std::vector<float> one(21, 1.0f);
      std::vector<float> lines(40 * 21, 1.0f), columns(21 * 40, 1.0f);
      lines[33 * 21 + 4] = value;
      columns[4 * 40 + 33] = value;
      std::vector<float> products[4] = {Product16(lines, one, 21), Product16(one, lines, 21)};
      for (int i : {2, 3}) products[i].resize(40);
      GemmScratch scratch;
      const MatrixView<const float> matrix(columns.data(), 21, 40);
      Gemm<float>(matrix.Transposed(), {one.data(), 21, 1}, {products[2].data(), 40, 1}, k16Bit,
                  &scratch);
      Gemm<float>({one.data(), 1, 21}, matrix, {products[3].data(), 1, 40}, k16Bit, &scratch);
      for (const std::vector<float>& c : products) {
        for (int i = 0; i < 40; ++i) {
          if (i == 33) {
            EXPECT_THAT(c[i], shows);
          } else {
            EXPECT_NEAR(c[i], 21, 1e-4) << i;
          }
        }
      }
    }
  });
}

class Gemm16BitsBits : public testing::Test {
 protected:
  static constexpr int64_t kK = 1100;

  Gemm16BitsBits() {
    std::mt19937 random(7);
    std::normal_distribution<float> normal;
    for (float& value : a_) value = normal(random);
    for (float& value : b_) value = normal(random);
  }

  std::vector<float> a_ = std::vector<float>(13 * kK);
  std::vector<float> b_ = std::vector<float>(67 * kK);
};

TEST_F(Gemm16BitsBits, SumsOfIntegers_AreTheSameForEveryInstruction) {
  std::vector<float> first;
  ForEach16BitKernels([&](const GemmKernels& kernels) {
    if (kernels.arithmetic != GemmArithmetic::kInt16) return;
    const std::vector<float> c = Product16(a_, b_, kK);
    if (first.empty()) first = c;
    EXPECT_EQ(c, first);
  });
  EXPECT_FALSE(first.empty());
}

TEST_F(Gemm16BitsBits, SumsOfBf16_AreTheModels) {
  ForEach16BitKernels([&](const GemmKernels& kernels) {
    if (kernels.arithmetic != GemmArithmetic::kBf16) return;
    const std::vector<float> c = Product16(a_, b_, kK);
    const Scoped16BitKernels scoped(Bf16ModelKernels());
    EXPECT_EQ(c, Product16(a_, b_, kK));
  });
}

TEST(Gemm16BitsTest, AnyMagnitude_IsScaledAndNeverOverflows) {
  ForEach16BitKernels([](const GemmKernels&) {
    // The largest values everywhere, in parts of k that are full.
    for (const float size : {1e-25f, 1.0f, -1.0f, 1e25f}) {
      const std::vector<float> a(7 * 2051, size);
      const std::vector<float> b(19 * 2051, 3.0f);
      for (const float c : Product16(a, b, 2051)) EXPECT_NEAR(c / (size * 3 * 2051), 1, 0.01);
    }
    // Numbers that are too small to have an inverse count as zeros.
    EXPECT_THAT(Product16(std::vector<float>(21, 0.0f), std::vector<float>(42, 5.0f), 21),
                testing::Each(0.0f));
    EXPECT_THAT(Product16(std::vector<float>(21, 1e-38f), std::vector<float>(42, 5.0f), 21),
                testing::Each(testing::FloatNear(0, 1e-35f)));
  });
}

TEST(GemmKernels, Only16BitProductsUseTheKernelsOfATest) {
  const GemmKernels* best = &GetGemmKernels(TrainingPrecision::k16Bit);
  {
    const Scoped16BitKernels scoped(Bf16ModelKernels());
    EXPECT_EQ(&GetGemmKernels(TrainingPrecision::k16Bit), &Bf16ModelKernels());
    EXPECT_EQ(GetGemmKernels(TrainingPrecision::kF32).arithmetic, GemmArithmetic::kF32);
  }
  EXPECT_EQ(&GetGemmKernels(TrainingPrecision::k16Bit), best);
}

}  // namespace
}  // namespace runnel
