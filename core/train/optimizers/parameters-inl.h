// What an optimizer's arithmetic sees: a vector of neighbouring parameters, compiled once for each
// instruction set.
#if defined(RUNNEL_CORE_TRAIN_OPTIMIZERS_PARAMETERS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RUNNEL_CORE_TRAIN_OPTIMIZERS_PARAMETERS_INL_H_
#undef RUNNEL_CORE_TRAIN_OPTIMIZERS_PARAMETERS_INL_H_
#else
#define RUNNEL_CORE_TRAIN_OPTIMIZERS_PARAMETERS_INL_H_
#endif

#include "core/math/activations-inl.h"
#include "core/train/optimizers/optimizer.h"

HWY_BEFORE_NAMESPACE();
namespace runnel {
namespace HWY_NAMESPACE {

// Parameters i, i + 1, ...; D is a Highway vector tag.
template <class D>
struct Parameters {
  using Real = hn::TFromD<D>;
  using V = hn::Vec<D>;

  D d;
  const UpdateStep<Real>& step;
  int64_t i;

  HWY_INLINE V Gradient() const {
    return hn::Mul(hn::LoadU(d, step.gradient + i), hn::Set(d, step.scale));
  }
  HWY_INLINE V Memory(int m) const { return hn::LoadU(d, step.memories[m] + i); }
  HWY_INLINE void SetMemory(int m, V v) const { hn::StoreU(v, d, step.memories[m] + i); }
  HWY_INLINE V Weight() const { return hn::LoadU(d, step.weights + i); }
  HWY_INLINE void SetWeight(V v) const { hn::StoreU(v, d, step.weights + i); }
};

}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#endif  // toggle
