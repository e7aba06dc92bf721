// The scale that a line of floats shares when it becomes integers: the largest magnitude among them
// becomes `steps`, the largest integer. Compiled once for each instruction set.
#if defined(RUNNEL_CORE_MATH_LINE_SCALE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RUNNEL_CORE_MATH_LINE_SCALE_INL_H_
#undef RUNNEL_CORE_MATH_LINE_SCALE_INL_H_
#else
#define RUNNEL_CORE_MATH_LINE_SCALE_INL_H_
#endif

#include <cstdint>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace runnel {
namespace HWY_NAMESPACE {
namespace {

// The bits of magnitudes. As integers they have the order of the magnitudes, and infinity and NaN
// are the largest.
template <class D, class DI = hwy::HWY_NAMESPACE::RebindToSigned<D>>
HWY_INLINE hwy::HWY_NAMESPACE::Vec<DI> MagnitudeBits(D d, const float* from) {
  namespace hn = hwy::HWY_NAMESPACE;
  return hn::BitCast(DI(), hn::Abs(hn::LoadU(d, from)));
}

// The bits of the largest magnitude among `count` floats.
HWY_INLINE int32_t LargestMagnitudeBits(int64_t count, const float* from) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const hn::CappedTag<float, 1> one;
  const hn::RebindToSigned<decltype(one)> one_integer;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  auto wide = hn::Zero(di);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) wide = hn::Max(wide, MagnitudeBits(d, from + i));
  auto largest = hn::Set(one_integer, hn::GetLane(hn::MaxOfLanes(di, wide)));
  for (; i < count; ++i) largest = hn::Max(largest, MagnitudeBits(one, from + i));
  return hn::GetLane(largest);
}

template <class V>
struct LineScale {
  V scale;    // An integer times it is the float.
  V inverse;  // A float times it, rounded, is the integer.
};

// Makes the scales of lines whose largest magnitudes are `largest`. The caller passes `scale` =
// `largest` / `steps`, because some callers divide and others multiply by 1 / `steps`, which rounds
// differently. If `largest` is not finite, the scale becomes NaN and the inverse 0. If it is below
// 1e-30, both become 0; the inverse would overflow only far below that.
template <class D, class V = hwy::HWY_NAMESPACE::Vec<D>>
HWY_INLINE LineScale<V> MakeLineScale(D d, V largest, V scale, float steps) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::RebindToSigned<D> di;
  constexpr int32_t kInfinityBits = 0x7F800000;
  constexpr float kTiny = 1e-30f;
  const auto bits = hn::BitCast(di, largest);
  const auto is_finite = hn::RebindMask(d, hn::Lt(bits, hn::Set(di, kInfinityBits)));
  const auto in_use = hn::And(is_finite, hn::Ge(largest, hn::Set(d, kTiny)));
  const V inverse = hn::IfThenElseZero(in_use, hn::Div(hn::Set(d, steps), largest));
  return {hn::IfThenElse(is_finite, hn::IfThenElseZero(in_use, scale), hn::NaN(d)), inverse};
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
