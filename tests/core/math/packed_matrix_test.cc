#include "core/math/packed_matrix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "tests/core/math/targets.h"

namespace runnel {
namespace {

template <typename Real>
class PackedMatrixTest : public testing::Test {
 protected:
  std::vector<Real> Normal(int64_t size) {
    std::normal_distribution<double> distribution;
    std::vector<Real> values(size);
    for (Real& value : values) value = static_cast<Real>(distribution(random_));
    return values;
  }

  static std::vector<Real> Multiply(const PackedMatrix<Real>& matrix, int64_t columns,
                                    const Real* x, std::vector<Real> y) {
    ProductScratch scratch;
    matrix.MultiplyAdd(columns, x, y.data(), matrix.rows(), &scratch);
    return y;
  }

  struct Shape {
    int64_t rows, cols, columns;
  };
  // Sizes around the block of 64 outputs, and odd depths.
  std::vector<Shape> Shapes() {
    std::vector<Shape> shapes;
    for (const int64_t rows : {1, 7, 63, 64, 65, 128, 130}) {
      shapes.push_back({rows, static_cast<int64_t>(1 + random_() % 200),
                        static_cast<int64_t>(1 + random_() % 6)});
    }
    // Depths beyond a cache block, and numbers of columns for every tile size.
    shapes.push_back({192, 300, 5});
    shapes.push_back({65, 1, 3});
    for (const int64_t columns : {1, 2, 7, 8, 11, 13, 24}) shapes.push_back({129, 33, columns});
    return shapes;
  }

  std::mt19937 random_{11};
};

using Reals = testing::Types<float, double>;
TYPED_TEST_SUITE(PackedMatrixTest, Reals);

TYPED_TEST(PackedMatrixTest, MultiplyAdd_AgreesWithTheLoopOnEveryTarget) {
  for (const auto& [rows, cols, columns] : this->Shapes()) {
    const auto weights = this->Normal(rows * cols);
    const auto x = this->Normal(columns * cols);
    const auto y = this->Normal(columns * rows);
    const PackedMatrix<TypeParam> matrix(rows, cols, weights.data());
    EXPECT_EQ(matrix.rows(), rows);
    EXPECT_EQ(matrix.cols(), cols);
    for (const int64_t target : MachineTargets()) {
      const ScopedTarget scoped(target);
      const auto product = this->Multiply(matrix, columns, x.data(), y);
      for (int64_t c = 0; c < columns; ++c) {
        for (int64_t r = 0; r < rows; ++r) {
          double sum = static_cast<double>(y[c * rows + r]);
          double size = std::abs(sum);
          for (int64_t i = 0; i < cols; ++i) {
            const double term =
                static_cast<double>(weights[r * cols + i]) * static_cast<double>(x[c * cols + i]);
            sum += term;
            size += std::abs(term);
          }
          // Each term adds one rounding, or two without fused multiply-add, of sums below `size`.
          ASSERT_NEAR(product[c * rows + r], sum,
                      std::numeric_limits<TypeParam>::epsilon() * (2 + std::sqrt(cols)) * size)
              << hwy::TargetName(target) << ", " << rows << " x " << cols;
        }
      }
    }
  }
}

TYPED_TEST(PackedMatrixTest, Column_HasTheSameBitsAloneAndInCompany) {
  for (const auto& [rows, cols, ignored] : this->Shapes()) {
    constexpr int64_t kColumns = 9;
    const auto weights = this->Normal(rows * cols);
    const auto x = this->Normal(kColumns * cols);
    const auto y = this->Normal(kColumns * rows);
    const PackedMatrix<TypeParam> matrix(rows, cols, weights.data());
    const auto together = this->Multiply(matrix, kColumns, x.data(), y);
    for (int64_t c = 0; c < kColumns; ++c) {
      const auto alone = this->Multiply(matrix, 1, x.data() + c * cols,
                                        {y.begin() + c * rows, y.begin() + (c + 1) * rows});
      const std::vector<TypeParam> there(together.begin() + c * rows,
                                         together.begin() + (c + 1) * rows);
      ASSERT_EQ(alone, there) << rows << " x " << cols << ", column " << c;
    }
  }
}

TYPED_TEST(PackedMatrixTest, FusedTargets_GiveTheBitsOfOneFusedChain) {
  for (const auto& [rows, cols, columns] : this->Shapes()) {
    const auto weights = this->Normal(rows * cols);
    const auto x = this->Normal(columns * cols);
    const auto y = this->Normal(columns * rows);
    const PackedMatrix<TypeParam> matrix(rows, cols, weights.data());
    std::vector<TypeParam> expected = y;
    for (int64_t c = 0; c < columns; ++c) {
      for (int64_t r = 0; r < rows; ++r) {
        for (int64_t i = 0; i < cols; ++i) {
          expected[c * rows + r] =
              std::fma(weights[r * cols + i], x[c * cols + i], expected[c * rows + r]);
        }
      }
    }
    for (const int64_t target : FusedTargets()) {
      const ScopedTarget scoped(target);
      EXPECT_EQ(this->Multiply(matrix, columns, x.data(), y), expected)
          << hwy::TargetName(target) << ", " << rows << " x " << cols;
    }
  }
}

using Bf16MatrixTest = PackedMatrixTest<float>;

// The nearest bf16, ties to even.
float RoundedToBf16(float value) {
  int exponent = 0;
  const double fraction = std::frexp(static_cast<double>(value), &exponent);
  return static_cast<float>(std::ldexp(std::nearbyint(std::ldexp(fraction, 8)), exponent - 8));
}

TEST_F(Bf16MatrixTest, FusedTargets_GiveTheBitsOfTheF32ProductOfRoundedWeights) {
  ProductScratch scratch;
  for (const auto& [rows, cols, columns] : Shapes()) {
    const auto weights = Normal(rows * cols);
    std::vector<float> rounded = weights;
    for (float& weight : rounded) weight = RoundedToBf16(weight);
    const auto x = Normal(columns * cols);
    const auto y = Normal(columns * rows);
    const PackedMatrix<float> matrix(rows, cols, weights.data(), DecodePrecision::kBf16);
    const PackedMatrix<float> expected(rows, cols, rounded.data());
    for (const int64_t target : FusedTargets()) {
      const ScopedTarget scoped(target);
      EXPECT_EQ(Multiply(matrix, columns, x.data(), y), Multiply(expected, columns, x.data(), y))
          << hwy::TargetName(target) << ", " << rows << " x " << cols;
    }
  }
}

TEST_F(Bf16MatrixTest, NotANumber_StaysOne) {
  const std::vector<float> weights = {1, std::numeric_limits<float>::quiet_NaN()};
  const PackedMatrix<float> matrix(2, 1, weights.data(), DecodePrecision::kBf16);
  const float x = 1;
  const auto y = Multiply(matrix, 1, &x, {0, 0});
  EXPECT_EQ(y[0], 1);
  EXPECT_TRUE(std::isnan(y[1]));
}

}  // namespace
}  // namespace runnel
