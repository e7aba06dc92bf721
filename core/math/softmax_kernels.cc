#include "core/math/softmax_kernels.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/math/softmax_kernels.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace runnel {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// e^x for -700 <= x <= 0, otherwise 0. With x = n ln 2 + r and |r| <= ln 2 / 2, it is 2^n times the
// Taylor polynomial of e^r, whose first omitted term is below 1e-17.
template <class D>
hn::Vec<D> Exp(D d, hn::Vec<D> x) {
  const auto in_range = hn::Ge(x, hn::Set(d, -700.0));
  // Adding 1.5 * 2^52 rounds to a whole number, which is then in the lowest bits.
  const auto rounder = hn::Set(d, 0x1.8p52);
  const auto rounded = hn::MulAdd(x, hn::Set(d, 0x1.71547652b82fep0), rounder);
  const auto n = hn::Sub(rounded, rounder);
  // ln 2 is in two parts. The first has so few bits that its product with n is exact.
  auto r = hn::NegMulAdd(n, hn::Set(d, 0x1.62e42feep-1), x);
  r = hn::NegMulAdd(n, hn::Set(d, 0x1.a39ef35793c76p-33), r);
  constexpr double kTaylor[] = {1.0 / 479001600,
                                1.0 / 39916800,
                                1.0 / 3628800,
                                1.0 / 362880,
                                1.0 / 40320,
                                1.0 / 5040,
                                1.0 / 720,
                                1.0 / 120,
                                1.0 / 24,
                                1.0 / 6,
                                0.5,
                                1.0,
                                1.0};
  auto sum = hn::Set(d, 1.0 / 6227020800);
  for (const double coefficient : kTaylor) sum = hn::MulAdd(sum, r, hn::Set(d, coefficient));
  const hn::RebindToUnsigned<D> du;
  constexpr int kMantissaBits = 52;
  const auto exponent = hn::Add(hn::BitCast(du, rounded), hn::Set(du, 1023));
  const auto power = hn::BitCast(d, hn::ShiftLeft<kMantissaBits>(exponent));
  return hn::IfThenElseZero(in_range, hn::Mul(sum, power));
}

template <class D>
hn::Vec<D> LoadAsDouble(D d, const double* from) {
  return hn::LoadU(d, from);
}
template <class D>
hn::Vec<D> LoadAsDouble(D d, const float* from) {
  const hn::Rebind<float, D> df;
  return hn::PromoteTo(d, hn::LoadU(df, from));
}

template <typename Real>
void Weights(const Real* values, int64_t count, Real max, double scale, double* weights) {
  const hn::CappedTag<double, 8> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto max_v = hn::Set(d, static_cast<double>(max));
  const auto scale_v = hn::Set(d, scale);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto x = hn::Mul(hn::Sub(LoadAsDouble(d, values + i), max_v), scale_v);
    hn::StoreU(Exp(d, x), d, weights + i);
  }
  if (i == count) return;
  Real last[8] = {};
  double last_weights[8];
  std::copy(values + i, values + count, last);
  const auto x = hn::Mul(hn::Sub(LoadAsDouble(d, last), max_v), scale_v);
  hn::StoreU(Exp(d, x), d, last_weights);
  std::copy_n(last_weights, count - i, weights + i);
}

template <typename Real>
Real Max(const Real* values, int64_t count) {
  const hn::CappedTag<Real, 16> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  Real max = values[0];
  int64_t i = 0;
  if (count >= lanes) {
    auto max_v = hn::LoadU(d, values);
    for (i = lanes; i + lanes <= count; i += lanes) {
      max_v = hn::Max(max_v, hn::LoadU(d, values + i));
    }
    max = hn::GetLane(hn::MaxOfLanes(d, max_v));
  }
  for (; i < count; ++i) max = std::max(max, values[i]);
  return max;
}

}  // namespace

void WeightsF32(const float* values, int64_t count, float max, double scale, double* weights) {
  Weights(values, count, max, scale, weights);
}
void WeightsF64(const double* values, int64_t count, double max, double scale, double* weights) {
  Weights(values, count, max, scale, weights);
}
float MaxF32(const float* values, int64_t count) { return Max(values, count); }
double MaxF64(const double* values, int64_t count) { return Max(values, count); }

}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace runnel {

HWY_EXPORT(WeightsF32);
HWY_EXPORT(WeightsF64);
HWY_EXPORT(MaxF32);
HWY_EXPORT(MaxF64);

float MaxOf(const float* values, int64_t count) {
  return HWY_DYNAMIC_DISPATCH(MaxF32)(values, count);
}
double MaxOf(const double* values, int64_t count) {
  return HWY_DYNAMIC_DISPATCH(MaxF64)(values, count);
}
void SoftmaxWeights(const float* values, int64_t count, float max, double scale, double* weights) {
  HWY_DYNAMIC_DISPATCH(WeightsF32)(values, count, max, scale, weights);
}
void SoftmaxWeights(const double* values, int64_t count, double max, double scale,
                    double* weights) {
  HWY_DYNAMIC_DISPATCH(WeightsF64)(values, count, max, scale, weights);
}

}  // namespace runnel
#endif  // HWY_ONCE
