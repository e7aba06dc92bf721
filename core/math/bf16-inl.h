// Rounding to bf16, the upper 16 bits of a float. Compiled once for each instruction set.
#if defined(RUNNEL_CORE_MATH_BF16_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RUNNEL_CORE_MATH_BF16_INL_H_
#undef RUNNEL_CORE_MATH_BF16_INL_H_
#else
#define RUNNEL_CORE_MATH_BF16_INL_H_
#endif

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace runnel {
namespace HWY_NAMESPACE {
namespace {

// Rounds floats to the nearest bf16, ties to even. The upper half of each result is the bf16; the
// lower half is garbage. NaN stays NaN.
template <class D, class DU = hwy::HWY_NAMESPACE::RebindToUnsigned<D>>
HWY_INLINE hwy::HWY_NAMESPACE::Vec<DU> RoundToBf16(D /*d*/, hwy::HWY_NAMESPACE::Vec<D> x) {
  namespace hn = hwy::HWY_NAMESPACE;
  const DU du;
  const auto bits = hn::BitCast(du, x);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(du, 1));
  const auto rounded = hn::Add(hn::Add(bits, hn::Set(du, 0x7FFF)), odd);
  const auto quiet_nan = hn::Or(bits, hn::Set(du, 0x00400000));
  return hn::IfThenElse(hn::RebindMask(du, hn::Eq(x, x)), rounded, quiet_nan);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
