// Vectorised sigmoid, tanh, and exp of numbers that are not positive, compiled once for each
// instruction set (see Highway's -inl.h convention).
//
// Floats are within 3 units in the last place of the true value, which keeps gradients as exact as
// a float can be. Doubles use Highway's functions, which are within 4. NaN stays NaN, so that
// diverged training is noticed. Each element is computed from itself by the same sequence of
// operations, whatever the vector width is.
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

// e^x = power * (1 + rest). The caller adds and rounds.
template <class V>
struct SplitExponential {
  V power;
  V rest;
};

// Splits e^x for x <= 0: power is 2^n with n = round(x / ln 2); rest is e^r - 1 with |r| <= ln 2 /
// 2, by the polynomial of Cephes (Moshier, expf). Below -87.7, where e^x is denormal, power is 0.
template <class D, class V = hn::Vec<D>>
HWY_INLINE SplitExponential<V> SplitExp(D d, V x) {
  const hn::Rebind<int32_t, D> di;
  // hn::Max might drop a NaN. Below the lowest value, power is already 0.
  const V lowest = hn::Set(d, -88.0f);
  x = hn::IfThenElse(hn::Lt(x, lowest), lowest, x);
  // Adding 1.5 * 2^23 rounds to a whole number, which is then in the lowest bits; here it is the
  // exponent as a float stores it, n + 127.
  const V rounder = hn::Set(d, 0x1.8p23f + 127);
  const V rounded = hn::MulAdd(x, hn::Set(d, 1.44269504088896341f), rounder);
  const V n = hn::Sub(rounded, rounder);
  V r = hn::NegMulAdd(n, hn::Set(d, 0.693359375f), x);
  r = hn::NegMulAdd(n, hn::Set(d, -2.12194440e-4f), r);
  V p = hn::MulAdd(hn::Set(d, 1.9875691500e-4f), r, hn::Set(d, 1.3981999507e-3f));
  p = hn::MulAdd(p, r, hn::Set(d, 8.3334519073e-3f));
  p = hn::MulAdd(p, r, hn::Set(d, 4.1665795894e-2f));
  p = hn::MulAdd(p, r, hn::Set(d, 1.6666665459e-1f));
  p = hn::MulAdd(p, r, hn::Set(d, 5.0000001201e-1f));
  return {hn::BitCast(d, hn::ShiftLeft<23>(hn::BitCast(di, rounded))),
          hn::MulAdd(hn::Mul(r, r), p, r)};
}

// e^x for x <= 0.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V ExpOfNegative(D d, V x) {
  if constexpr (std::is_same_v<hn::TFromD<D>, double>) {
    return hn::IfThenElse(hn::Eq(x, x), hn::Exp(d, x), x);  // Highway's Exp returns 0 for NaN.
  } else {
    const auto [power, rest] = SplitExp(d, x);
    return hn::MulAdd(power, rest, power);
  }
}

// 1 / (1 + e^-x) = e^x / (1 + e^x).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V Sigmoid(D d, V x) {
  const V one = hn::Set(d, hn::TFromD<D>{1});
  const V e = ExpOfNegative(d, hn::Or(x, hn::SignBit(d)));
  return hn::Div(hn::IfThenElse(hn::Lt(x, hn::Zero(d)), e, one), hn::Add(one, e));
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V TanhKeepingNan(D d, V x) {
  if constexpr (std::is_same_v<hn::TFromD<D>, double>) {
    return hn::IfThenElse(hn::Eq(x, x), hn::Tanh(d, x), x);
  } else {
    // tanh|x| = -m / (2 + m) with m = e^-2|x| - 1. This is exact near 0, too, where power is 1.
    const V one = hn::Set(d, 1.0f);
    const auto [power, rest] = SplitExp(d, hn::Mul(hn::Abs(x), hn::Set(d, -2.0f)));
    const V m = hn::MulAdd(power, rest, hn::Sub(power, one));
    return hn::CopySign(hn::Div(m, hn::Add(hn::Set(d, 2.0f), m)), x);
  }
}

// Calls body(d, i) for each whole vector, which begins at i, and then for each remaining element.
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
