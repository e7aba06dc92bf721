// Vectorised exp, sigmoid and tanh, compiled once for each instruction set (see Highway's -inl.h
// convention).
//
// float: within 2 units in the last place of the true value, which keeps gradients exact to float;
// double: Highway's, within 4. NaN stays NaN, so that diverged training shows. A result depends on
// its element alone, with one sequence of operations whatever the vector width.
#if defined(RUNNEL_CORE_MATH_ACTIVATIONS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RUNNEL_CORE_MATH_ACTIVATIONS_INL_H_
#undef RUNNEL_CORE_MATH_ACTIVATIONS_INL_H_
#else
#define RUNNEL_CORE_MATH_ACTIVATIONS_INL_H_
#endif

#include <cstdint>
#include <type_traits>

#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace runnel {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Highway's Exp makes 0 of NaN.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V ExpKeepingNan(D d, V x) {
  using T = hn::TFromD<D>;
  if constexpr (std::is_same_v<T, double>) {
    return hn::IfThenElse(hn::Eq(x, x), hn::Exp(d, x), x);
  } else {
    // e^x = 2^n e^r with n = round(x / ln 2), |r| <= ln 2 / 2; e^r by Cephes' polynomial (Moshier,
    // expf). Beyond the bounds the result is infinite, or 0 where it would be denormal.
    const hn::Rebind<int32_t, D> di;
    const V clamped = hn::Min(hn::Max(x, hn::Set(d, -88.0f)), hn::Set(d, 88.7228f));
    const V n = hn::Round(hn::Mul(clamped, hn::Set(d, 1.44269504088896341f)));
    V r = hn::NegMulAdd(n, hn::Set(d, 0.693359375f), clamped);
    r = hn::NegMulAdd(n, hn::Set(d, -2.12194440e-4f), r);
    V p = hn::MulAdd(hn::Set(d, 1.9875691500e-4f), r, hn::Set(d, 1.3981999507e-3f));
    p = hn::MulAdd(p, r, hn::Set(d, 8.3334519073e-3f));
    p = hn::MulAdd(p, r, hn::Set(d, 4.1665795894e-2f));
    p = hn::MulAdd(p, r, hn::Set(d, 1.6666665459e-1f));
    p = hn::MulAdd(p, r, hn::Set(d, 5.0000001201e-1f));
    p = hn::MulAdd(hn::Mul(r, r), p, hn::Add(r, hn::Set(d, 1.0f)));
    // 2^n in two halves, as n may be 128.
    const auto exponent = hn::ConvertTo(di, n);
    const auto half = hn::ShiftRight<1>(exponent);
    const auto power = [&](auto e) HWY_ATTR {
      return hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(e, hn::Set(di, 127))));
    };
    V y = hn::Mul(hn::Mul(p, power(half)), power(hn::Sub(exponent, half)));
    y = hn::IfThenZeroElse(hn::Lt(x, hn::Set(d, -87.3f)), y);
    y = hn::IfThenElse(hn::Gt(x, hn::Set(d, 88.7228f)), hn::BitCast(d, hn::Set(di, 0x7F800000)), y);
    return hn::IfThenElse(hn::Eq(x, x), y, x);
  }
}

// 1 / (1 + e^-x)
template <class D, class V = hn::Vec<D>>
HWY_INLINE V Sigmoid(D d, V x) {
  const V one = hn::Set(d, hn::TFromD<D>{1});
  return hn::Div(one, hn::Add(one, ExpKeepingNan(d, hn::Neg(x))));
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V TanhKeepingNan(D d, V x) {
  using T = hn::TFromD<D>;
  if constexpr (std::is_same_v<T, double>) {
    return hn::IfThenElse(hn::Eq(x, x), hn::Tanh(d, x), x);
  } else {
    // Near 0 Cephes' polynomial (tanhf), else (1 - e^-2|x|) / (1 + e^-2|x|).
    const V one = hn::Set(d, 1.0f);
    const V magnitude = hn::Abs(x);
    const V square = hn::Mul(x, x);
    V p = hn::MulAdd(hn::Set(d, -5.70498872745e-3f), square, hn::Set(d, 2.06390887954e-2f));
    p = hn::MulAdd(p, square, hn::Set(d, -5.37397155531e-2f));
    p = hn::MulAdd(p, square, hn::Set(d, 1.33314422036e-1f));
    p = hn::MulAdd(p, square, hn::Set(d, -3.33332819422e-1f));
    const V near = hn::MulAdd(hn::Mul(p, square), x, x);
    const V e = ExpKeepingNan(d, hn::Mul(magnitude, hn::Set(d, -2.0f)));
    const V far = hn::CopySignToAbs(hn::Div(hn::Sub(one, e), hn::Add(one, e)), x);
    return hn::IfThenElse(hn::Lt(magnitude, hn::Set(d, 0.625f)), near, far);
  }
}

// Calls body(d, i) for whole vectors from i on, then for what is left one element at a time.
template <typename Real, typename Body>
HWY_INLINE void ForEachVector(int64_t n, const Body& body) {
  const hn::ScalableTag<Real> d;
  const hn::CappedTag<Real, 1> d1;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) body(d, i);
  for (; i < n; ++i) body(d1, i);
}

}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#endif  // toggle
