// The activations' error over all of their range, on every instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tests/core/math/activations_test.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "core/math/activations-inl.h"

HWY_BEFORE_NAMESPACE();
namespace runnel {
namespace HWY_NAMESPACE {

#define RUNNEL_DEFINE(Name, Function, Real)                   \
  void Name(int64_t n, const Real* x, Real* y) {              \
    ForEachVector<Real>(n, [&](auto d, int64_t i) HWY_ATTR {  \
      hn::StoreU(Function(d, hn::LoadU(d, x + i)), d, y + i); \
    });                                                       \
  }
RUNNEL_DEFINE(ExpF32, ExpKeepingNan, float)
RUNNEL_DEFINE(SigmoidF32, Sigmoid, float)
RUNNEL_DEFINE(TanhF32, TanhKeepingNan, float)
RUNNEL_DEFINE(ExpF64, ExpKeepingNan, double)
RUNNEL_DEFINE(SigmoidF64, Sigmoid, double)
RUNNEL_DEFINE(TanhF64, TanhKeepingNan, double)
#undef RUNNEL_DEFINE

}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "tests/core/math/targets.h"

namespace runnel {
namespace {

HWY_EXPORT(ExpF32);
HWY_EXPORT(SigmoidF32);
HWY_EXPORT(TanhF32);
HWY_EXPORT(ExpF64);
HWY_EXPORT(SigmoidF64);
HWY_EXPORT(TanhF64);

void Exp(int64_t n, const float* x, float* y) { HWY_DYNAMIC_DISPATCH(ExpF32)(n, x, y); }
void Exp(int64_t n, const double* x, double* y) { HWY_DYNAMIC_DISPATCH(ExpF64)(n, x, y); }
void Sigmoid(int64_t n, const float* x, float* y) { HWY_DYNAMIC_DISPATCH(SigmoidF32)(n, x, y); }
void Sigmoid(int64_t n, const double* x, double* y) { HWY_DYNAMIC_DISPATCH(SigmoidF64)(n, x, y); }
void Tanh(int64_t n, const float* x, float* y) { HWY_DYNAMIC_DISPATCH(TanhF32)(n, x, y); }
void Tanh(int64_t n, const double* x, double* y) { HWY_DYNAMIC_DISPATCH(TanhF64)(n, x, y); }

template <typename Real>
constexpr double kUnitsMax = std::is_same_v<Real, float> ? 3 : 4;

// Magnitudes from the smallest normal one to `largest`, evenly over the exponents, of both signs.
template <typename Real>
std::vector<Real> Sweep(double largest) {
  constexpr int kPerOctave = 997;
  std::vector<Real> values = {0};
  for (double x = std::numeric_limits<Real>::min(); x <= largest;
       x *= std::exp2(1.0 / kPerOctave)) {
    values.push_back(static_cast<Real>(x));
    values.push_back(static_cast<Real>(-x));
  }
  return values;
}

// The largest error in units in the last place of the true value. Denormal values count as 0.
template <typename Real, typename Function, typename Truth>
double UnitsOff(const Function& function, const Truth& truth, const std::vector<Real>& x) {
  std::vector<Real> y(x.size());
  function(static_cast<int64_t>(x.size()), x.data(), y.data());
  double largest = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const long double expected = truth(static_cast<long double>(x[i]));
    const Real smallest = std::numeric_limits<Real>::min();
    const auto rounded = std::max(static_cast<Real>(std::abs(expected)), smallest);
    const Real unit = std::nextafter(rounded, std::numeric_limits<Real>::infinity()) - rounded;
    const long double error = std::abs(static_cast<long double>(y[i]) - expected);
    if (std::abs(expected) < smallest && std::abs(y[i]) <= smallest) continue;
    largest = std::max(largest, static_cast<double>(error / unit));
  }
  return largest;
}

template <typename Real>
class ActivationsTest : public testing::Test {};
using Reals = testing::Types<float, double>;
TYPED_TEST_SUITE(ActivationsTest, Reals);

TYPED_TEST(ActivationsTest, Values_AreWithinUnitsInTheLastPlaceOfTheTrueOnes) {
  using Real = TypeParam;
  const auto exp = [](auto n, auto* x, auto* y) { Exp(n, x, y); };
  const auto sigmoid = [](auto n, auto* x, auto* y) { Sigmoid(n, x, y); };
  const auto tanh = [](auto n, auto* x, auto* y) { Tanh(n, x, y); };
  const std::vector<Real> all = Sweep<Real>(100);
  std::vector<Real> negative = all;
  for (Real& x : negative) x = -std::abs(x);
  for (const int64_t target : MachineTargets()) {
    const ScopedTarget scoped(target);
    SCOPED_TRACE(hwy::TargetName(target));
    EXPECT_LE(UnitsOff(
                  exp, [](auto x) { return std::exp(x); }, negative),
              kUnitsMax<Real>);
    EXPECT_LE(UnitsOff(
                  sigmoid, [](auto x) { return 1 / (1 + std::exp(-x)); }, all),
              kUnitsMax<Real>);
    EXPECT_LE(UnitsOff(
                  tanh, [](auto x) { return std::tanh(x); }, all),
              kUnitsMax<Real>);
  }
}

}  // namespace
}  // namespace runnel
#endif  // HWY_ONCE
