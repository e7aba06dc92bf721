// The errors of the activations over their whole range, on every instruction set.
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
RUNNEL_DEFINE(ExpF32, ExpOfNegative, float)
RUNNEL_DEFINE(SigmoidF32, Sigmoid, float)
RUNNEL_DEFINE(TanhF32, TanhKeepingNan, float)
RUNNEL_DEFINE(ExpF64, ExpOfNegative, double)
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
#include <type_traits>
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

// Numbers of both signs, whose magnitudes reach from the smallest normal number to `largest`,
// evenly spread over the exponents.
template <typename Real>
std::vector<Real> Sweep(double largest) {
  constexpr int kPerOctave = std::is_same_v<Real, float> ? 997 : 61;
  std::vector<Real> values = {0};
  for (double x = std::numeric_limits<Real>::min(); x <= largest;
       x *= std::exp2(1.0 / kPerOctave)) {
    values.push_back(static_cast<Real>(x));
    values.push_back(static_cast<Real>(-x));
  }
  return values;
}

template <typename Real, typename Truth>
std::vector<long double> TruthOf(const std::vector<Real>& x, const Truth& truth) {
  std::vector<long double> values;
  values.reserve(x.size());
  for (const Real value : x) values.push_back(truth(static_cast<long double>(value)));
  return values;
}

// The largest error, in units in the last place of the true value. Denormal values count as 0.
template <typename Real, typename Function>
double UnitsOff(const Function& function, const std::vector<Real>& x,
                const std::vector<long double>& truth) {
  std::vector<Real> y(x.size());
  function(static_cast<int64_t>(x.size()), x.data(), y.data());
  constexpr Real kSmallest = std::numeric_limits<Real>::min();
  constexpr Real kInfinity = std::numeric_limits<Real>::infinity();
  double largest = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const long double expected = std::abs(truth[i]);
    if (expected < kSmallest && std::abs(y[i]) <= kSmallest) continue;
    const auto rounded = std::max(static_cast<Real>(expected), kSmallest);
    const Real unit = std::nextafter(rounded, kInfinity) - rounded;
    const auto error = static_cast<double>(std::abs(static_cast<long double>(y[i]) - truth[i]));
    const double units = error / static_cast<double>(unit);
    if (std::isnan(units)) return units;
    largest = std::max(largest, units);
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
  const auto exps = TruthOf(negative, [](auto x) { return std::exp(x); });
  const auto sigmoids = TruthOf(all, [](auto x) { return 1 / (1 + std::exp(-x)); });
  const auto tanhs = TruthOf(all, [](auto x) { return std::tanh(x); });
  for (const int64_t target : MachineTargets()) {
    const ScopedTarget scoped(target);
    SCOPED_TRACE(hwy::TargetName(target));
    EXPECT_LE(UnitsOff(exp, negative, exps), kUnitsMax<Real>);
    EXPECT_LE(UnitsOff(sigmoid, all, sigmoids), kUnitsMax<Real>);
    EXPECT_LE(UnitsOff(tanh, all, tanhs), kUnitsMax<Real>);
  }
}

}  // namespace
}  // namespace runnel
#endif  // HWY_ONCE
