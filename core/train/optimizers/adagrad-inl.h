// Adagrad (Duchi et al., 2011) with epsilon inside the root, as in the classic script. With the
// gradient g and the memory m of each parameter w:
//
//   m = m + g^2
//   w = w - learning_rate g / sqrt(m + 1e-8)
#if defined(RUNNEL_CORE_TRAIN_OPTIMIZERS_ADAGRAD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RUNNEL_CORE_TRAIN_OPTIMIZERS_ADAGRAD_INL_H_
#undef RUNNEL_CORE_TRAIN_OPTIMIZERS_ADAGRAD_INL_H_
#else
#define RUNNEL_CORE_TRAIN_OPTIMIZERS_ADAGRAD_INL_H_
#endif

#include "core/train/optimizers/parameters-inl.h"

HWY_BEFORE_NAMESPACE();
namespace runnel {
namespace HWY_NAMESPACE {

template <typename Real>
struct Adagrad {
  static constexpr OptimizerTraits kTraits = {.memories = 1, .learning_rate = 0.02};

  explicit Adagrad(const UpdateStep<Real>& step) : learning_rate(step.learning_rate) {}

  template <class D>
  HWY_INLINE void Update(const Parameters<D>& p) const {
    const auto g = p.Gradient();
    const auto m = hn::MulAdd(g, g, p.Memory(0));
    p.SetMemory(0, m);
    const auto divisor = hn::Sqrt(hn::Add(m, hn::Set(p.d, static_cast<Real>(1e-8))));
    const auto change = hn::Div(hn::Mul(hn::Set(p.d, learning_rate), g), divisor);
    p.SetWeight(hn::Sub(p.Weight(), change));
  }

  Real learning_rate;
};

}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#endif  // toggle
