#include "core/math/int8_matrix.h"

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

using testing::Each;
using testing::IsNan;

struct Quantized {
  std::vector<int> values;
  float scale = 0;
};

// Quantises so that `largest` becomes `steps`, in the arithmetic of T.
template <typename T>
Quantized Quantize(const float* x, int64_t k, T largest, T steps) {
  Quantized result;
  result.values.resize(k);
  if (largest < T{1e-30}) return result;
  result.scale = static_cast<float>(largest / steps);
  for (int64_t i = 0; i < k; ++i) {
    result.values[i] = static_cast<int>(std::lrint(static_cast<T>(x[i]) * (steps / largest)));
  }
  return result;
}

// The largest magnitude becomes 127.
Quantized QuantizeColumn(const float* x, int64_t k) {
  float max = 0;
  for (int64_t i = 0; i < k; ++i) max = std::max(max, std::abs(x[i]));
  return Quantize<float>(x, k, max, 127);
}

// The largest sum of one sign among four becomes 126.
Quantized QuantizeRow(const float* w, int64_t k) {
  double max = 0;
  for (int64_t first = 0; first < k; first += 8) {
    double sums[2][2] = {};  // [which four][sign]
    for (int64_t i = first; i < std::min(first + 8, k); ++i) {
      sums[(i - first) / 2 % 2][w[i] > 0 ? 1 : 0] += static_cast<double>(std::abs(w[i]));
    }
    for (const auto& four : sums) max = std::max({max, four[0], four[1]});
  }
  return Quantize<double>(w, k, max, 126);
}

std::vector<float> Oracle(int64_t rows, int64_t cols, const std::vector<float>& weights,
                          int64_t columns, const std::vector<float>& x, std::vector<float> y) {
  for (int64_t c = 0; c < columns; ++c) {
    const Quantized column = QuantizeColumn(&x[c * cols], cols);
    for (int64_t r = 0; r < rows; ++r) {
      const Quantized row = QuantizeRow(&weights[r * cols], cols);
      int64_t sum = 0;
      for (int64_t i = 0; i < cols; ++i) sum += row.values[i] * column.values[i];
      float& element = y[c * rows + r];
      element = std::fma(static_cast<float>(sum), row.scale * column.scale, element);
    }
  }
  return y;
}

std::vector<float> Multiply(const Int8Matrix& matrix, int64_t columns, const std::vector<float>& x,
                            std::vector<float> y) {
  QuantizedColumns scratch;
  matrix.MultiplyAdd(columns, x.data(), y.data(), matrix.rows(), &scratch);
  return y;
}

// Calls `test` with each instruction that these products can use on this machine, in addition to
// those that they would use.
template <typename Test>
void ForEachByteDot(const Test& test) {
  for (const int64_t target : MachineTargets()) {
    const ScopedTarget scoped(target);
    for (const bool allow_vnni : {true, false}) {
      AllowVnniForTest(allow_vnni);
      SCOPED_TRACE(testing::Message() << hwy::TargetName(target) << ", VNNI " << allow_vnni);
      test();
    }
  }
  AllowVnniForTest(true);
}

std::vector<float> Normal(int64_t size, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> distribution;
  std::vector<float> values(size);
  for (float& value : values) value = distribution(random);
  return values;
}

struct Shape {
  int64_t rows, cols, columns;
};
constexpr Shape kShapes[] = {{1, 1, 1},    {7, 5, 3},     {63, 64, 2},    {64, 3, 6},
                             {65, 66, 1},  {128, 128, 1}, {130, 129, 4},  {200, 100, 7},
                             {256, 77, 8}, {65, 50, 13},  {192, 1030, 5}, {320, 31, 24}};

TEST(Int8MatrixTest, FusedTargets_GiveTheBitsOfTheIntegerLoop) {
  for (const auto& [rows, cols, columns] : kShapes) {
    const auto weights = Normal(rows * cols, 1);
    const auto x = Normal(columns * cols, 2);
    const auto y = Normal(columns * rows, 3);
    const Int8Matrix matrix(rows, cols, weights.data());
    const auto expected = Oracle(rows, cols, weights, columns, x, y);
    for (const int64_t target : FusedTargets()) {
      const ScopedTarget scoped(target);
      EXPECT_EQ(Multiply(matrix, columns, x, y), expected)
          << hwy::TargetName(target) << ", " << rows << " x " << cols << ", " << columns;
    }
  }
}

TEST(Int8MatrixTest, OtherTargets_DifferOnlyInTheLastRounding) {
  for (const Shape& shape : kShapes) {
    const int64_t rows = shape.rows, cols = shape.cols, columns = shape.columns;
    const auto weights = Normal(rows * cols, 1);
    const auto x = Normal(columns * cols, 2);
    const std::vector<float> zeros(columns * rows);
    const Int8Matrix matrix(rows, cols, weights.data());
    // When it adds to zero, a multiply-add rounds once, fused or not.
    const auto expected = Oracle(rows, cols, weights, columns, x, zeros);
    ForEachByteDot([&] { EXPECT_EQ(Multiply(matrix, columns, x, zeros), expected); });
  }
}

TEST(Int8MatrixTest, ExtremeProducts_DoNotSaturate) {
  constexpr int64_t kRows = 130;
  constexpr int64_t kCols = 4096;
  constexpr int64_t kColumnsMax = 6;
  const std::vector<float> draws = Normal((kRows + kColumnsMax) * kCols, 4);
  for (const float lowest : {-1.0f, 0.0f, 1.0f}) {
    std::vector<float> weights(draws.begin(), draws.begin() + kRows * kCols);
    for (float& w : weights) w = w > 0 ? 1 : lowest;
    for (const int64_t columns : {int64_t{1}, kColumnsMax}) {
      for (const float other : {-1.0f, 1.0f}) {
        std::vector<float> x(draws.end() - columns * kCols, draws.end());
        for (float& value : x) value = value > 0 ? 1 : other;
        const std::vector<float> zeros(columns * kRows);
        const Int8Matrix matrix(kRows, kCols, weights.data());
        const auto expected = Oracle(kRows, kCols, weights, columns, x, zeros);
        ForEachByteDot([&] { EXPECT_EQ(Multiply(matrix, columns, x, zeros), expected); });
      }
    }
  }
}

TEST(Int8MatrixTest, LargestWeights_StayFinite) {
  // Each of the eight weights is 31.5 steps, rounded to 32 or 31: at most half a step of 31.5.
  constexpr float kRounding = 8e-3f * 0.5f / 31.5f;
  const std::vector<float> weights(8, std::numeric_limits<float>::max());
  const std::vector<float> x(8, 1e-3f);
  const Int8Matrix matrix(1, 8, weights.data());
  ForEachByteDot([&] {
    const float y = Multiply(matrix, 1, x, {0.0f}).front();
    EXPECT_NEAR(y / std::numeric_limits<float>::max(), 8e-3f, kRounding * 1.01f);
  });
}

TEST(Int8MatrixTest, ColumnThatIsNotFinite_GivesNanAndLeavesItsNeighbour) {
  const auto weights = Normal(65 * 40, 1);
  const Int8Matrix matrix(65, 40, weights.data());
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    auto x = Normal(2 * 40, 2);
    x[39] = bad;
    const std::vector<float> zeros(2 * 65);
    ForEachByteDot([&] {
      const auto y = Multiply(matrix, 2, x, zeros);
      EXPECT_THAT(std::vector<float>(y.begin(), y.begin() + 65), Each(IsNan()));
      EXPECT_EQ(std::vector<float>(y.begin() + 65, y.end()),
                Multiply(matrix, 1, {x.begin() + 40, x.end()}, std::vector<float>(65)));
    });
  }
}

TEST(Int8MatrixTest, ColumnOfNothing_AddsNothing) {
  const auto weights = Normal(65 * 40, 1);
  const Int8Matrix matrix(65, 40, weights.data());
  const auto y = Normal(65, 2);
  for (const float tiny : {0.0f, 1e-38f, -1e-44f}) {
    EXPECT_EQ(Multiply(matrix, 1, std::vector<float>(40, tiny), y), y);
  }
}

}  // namespace
}  // namespace runnel
