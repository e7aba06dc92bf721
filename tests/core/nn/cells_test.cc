// What golden numbers and finite differences do not show of a cell: extremes, NaN, and that float
// is as exact as its precision allows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "core/nn/cells/cell.h"
#include "tests/core/math/targets.h"
#include "tests/core/nn/network_runner.h"

namespace runnel {
namespace {

constexpr int64_t kHidden = 37;  // whole vectors and a remainder

// The state of one lane after one step in which every gate is fed `gates`, from the state zero.
template <typename Real>
std::vector<Real> StepFromZero(CellType type, std::vector<Real> gates) {
  const Cell<Real>& cell = GetCell<Real>(type);
  const std::vector<Real> zeros(kPeepholesMax * kHidden);
  std::vector<Real> after(2 * kHidden);
  std::vector<Real> operand(kHidden);
  CellStep<Real> step = {.lanes = 1,
                         .hidden = kHidden,
                         .gates = gates.data(),
                         .gates_stride = static_cast<int64_t>(gates.size()),
                         .before = {zeros.data(), zeros.data()},
                         .after = {after.data(), after.data() + kHidden},
                         .operand = operand.data(),
                         .peepholes = zeros.data()};
  for (int p = 0; p < cell.shape.num_products; ++p) cell.forward[p](step);
  return {after.begin(), after.begin() + kHidden};
}

template <typename Real>
std::vector<Real> Repeated(CellType type, const std::vector<Real>& values) {
  std::vector<Real> gates;
  for (int row = 0; row < GetCell<Real>(type).shape.rows; ++row) {
    for (int64_t j = 0; j < kHidden; ++j) gates.push_back(values[j % values.size()]);
  }
  return gates;
}

// h after one step from zero in long double, straight from the equations.
long double Oracle(CellType type, long double a) {
  const long double sigmoid = 1 / (1 + std::exp(-a));
  const long double tanh = std::tanh(a);
  switch (type) {
    case CellType::kRnnTanh:
      return tanh;
    case CellType::kRnnRelu:
      return a > 0 ? a : 0;
    case CellType::kLstm:
    case CellType::kLstmPeephole: {  // the peepholes are zero
      return sigmoid * std::tanh(sigmoid * tanh);
    }
    case CellType::kLstmCoupled:
      return sigmoid * std::tanh((1 - sigmoid) * tanh);
    case CellType::kGruResetBefore:
      return sigmoid * tanh;
    case CellType::kGruResetAfter:
      return (1 - sigmoid) * std::tanh(a + sigmoid * a);
  }
  return 0;
}

template <typename Real>
class CellsTest : public testing::Test {};
using Reals = testing::Types<float, double>;
TYPED_TEST_SUITE(CellsTest, Reals);

TYPED_TEST(CellsTest, Step_IsExactToAFewUnitsInTheLastPlace) {
  std::mt19937 random(3);
  std::normal_distribution<double> normal(0, 3);
  for (const int64_t target : MachineTargets()) {
    const ScopedTarget scoped(target);
    for (const CellType type : kCellTypes) {
      for (int trial = 0; trial < 50; ++trial) {
        std::vector<TypeParam> values(kHidden);
        const double spread = std::pow(10.0, -trial % 5);  // near 0 relative errors count as well
        for (auto& value : values) value = static_cast<TypeParam>(normal(random) * spread);
        const auto h = StepFromZero(type, Repeated(type, values));
        for (int64_t j = 0; j < kHidden; ++j) {
          const auto expected = static_cast<double>(Oracle(type, values[j]));
          // Up to three activations, each within 2 to 4 units in the last place, and some products:
          // 12 units relative. 1 - f and 1 - z cancel digits of f and z, which the absolute term
          // allows for.
          const double unit = std::numeric_limits<TypeParam>::epsilon();
          ASSERT_NEAR(h[j], expected, unit * (12 * std::abs(expected) + std::abs(1 * spread)))
              << CellTypeName(type) << " of " << values[j] << ", " << hwy::TargetName(target);
        }
      }
    }
  }
}

TYPED_TEST(CellsTest, Extremes_SaturateAndNanStays) {
  constexpr auto kInfinity = std::numeric_limits<TypeParam>::infinity();
  const std::vector<TypeParam> values = {1000, -1000, kInfinity, -kInfinity, 88.5, -88.5, -104, 0};
  for (const int64_t target : MachineTargets()) {
    const ScopedTarget scoped(target);
    for (const CellType type : kCellTypes) {
      if (type == CellType::kRnnRelu) continue;
      const auto h = StepFromZero(type, Repeated(type, values));
      for (int64_t j = 0; j < kHidden; ++j) {
        const TypeParam a = values[j % values.size()];
        if (std::isnan(Oracle(type, a))) {  // 0 times infinity
          ASSERT_TRUE(std::isnan(h[j]));
          continue;
        }
        ASSERT_NEAR(h[j], static_cast<double>(Oracle(type, a)), 1e-6)
            << CellTypeName(type) << " of " << a << ", " << hwy::TargetName(target);
      }
    }
    for (const CellType type : kCellTypes) {
      const std::vector<TypeParam> nan = {std::numeric_limits<TypeParam>::quiet_NaN()};
      for (const TypeParam h : StepFromZero(type, Repeated(type, nan))) {
        ASSERT_TRUE(std::isnan(h)) << CellTypeName(type) << ", " << hwy::TargetName(target);
      }
    }
  }
}

TEST(Cells, FusedTargets_GiveTheSameBits) {
  std::mt19937 random(5);
  std::normal_distribution<float> normal(0, 4);
  for (const CellType type : kCellTypes) {
    std::vector<float> values(kHidden);
    for (float& value : values) value = normal(random);
    std::vector<std::vector<float>> results;
    for (const int64_t target : FusedTargets()) {
      const ScopedTarget scoped(target);
      results.push_back(StepFromZero(type, Repeated(type, values)));
    }
    for (const auto& result : results) EXPECT_EQ(result, results.front()) << CellTypeName(type);
  }
}

TEST(Cells, Shapes_NameTheRowsThatKeepMemory) {
  const auto forget_begin = [](CellType type) {
    const auto network = MakeNetwork<float>({.cell = type, .hidden_size = 4}, 3);
    return network->layout().Find("rnn.bias_ih_l0")->forget_begin;
  };
  EXPECT_EQ(forget_begin(CellType::kLstm), 4);
  EXPECT_EQ(forget_begin(CellType::kLstmPeephole), 4);
  EXPECT_EQ(forget_begin(CellType::kLstmCoupled), 0);
  EXPECT_EQ(forget_begin(CellType::kGruResetAfter), -1);
}

}  // namespace
}  // namespace runnel
