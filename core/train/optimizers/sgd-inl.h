// Stochastic gradient descent with momentum (Polyak, 1964), as PyTorch's. With the gradient g and
// the memory m of each parameter w:
//
//   m = 0.9 m + g
//   w = w - learning_rate m
#if defined(RUNNEL_CORE_TRAIN_OPTIMIZERS_SGD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RUNNEL_CORE_TRAIN_OPTIMIZERS_SGD_INL_H_
#undef RUNNEL_CORE_TRAIN_OPTIMIZERS_SGD_INL_H_
#else
#define RUNNEL_CORE_TRAIN_OPTIMIZERS_SGD_INL_H_
#endif

#include "core/train/optimizers/parameters-inl.h"

HWY_BEFORE_NAMESPACE();
namespace runnel {
namespace HWY_NAMESPACE {

template <typename Real>
struct Sgd {
  static constexpr OptimizerTraits kTraits = {.memories = 1, .learning_rate = 0.1};

  explicit Sgd(const UpdateStep<Real>& step) : learning_rate(step.learning_rate) {}

  template <class D>
  HWY_INLINE void Update(const Parameters<D>& p) const {
    const auto decay = hn::Set(p.d, static_cast<Real>(0.9));
    const auto m = hn::MulAdd(decay, p.Memory(0), p.Gradient());
    p.SetMemory(0, m);
    p.SetWeight(hn::NegMulAdd(hn::Set(p.d, learning_rate), m, p.Weight()));
  }

  Real learning_rate;
};

}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#endif  // toggle
