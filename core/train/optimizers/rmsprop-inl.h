// RMSprop (Tieleman and Hinton, 2012), as PyTorch's. With the gradient g and the memory m of each
// parameter w:
//
//   m = 0.99 m + 0.01 g^2
//   w = w - learning_rate g / (sqrt(m) + 1e-8)
#if defined(RUNNEL_CORE_TRAIN_OPTIMIZERS_RMSPROP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RUNNEL_CORE_TRAIN_OPTIMIZERS_RMSPROP_INL_H_
#undef RUNNEL_CORE_TRAIN_OPTIMIZERS_RMSPROP_INL_H_
#else
#define RUNNEL_CORE_TRAIN_OPTIMIZERS_RMSPROP_INL_H_
#endif

#include "core/train/optimizers/parameters-inl.h"

HWY_BEFORE_NAMESPACE();
namespace runnel {
namespace HWY_NAMESPACE {

template <typename Real>
struct Rmsprop {
  static constexpr OptimizerTraits kTraits = {.memories = 1, .learning_rate = 0.001};

  explicit Rmsprop(const UpdateStep<Real>& step) : learning_rate(step.learning_rate) {}

  template <class D>
  HWY_INLINE void Update(const Parameters<D>& p) const {
    const auto g = p.Gradient();
    const auto m = hn::MulAdd(hn::Set(p.d, static_cast<Real>(0.99)), p.Memory(0),
                              hn::Mul(hn::Set(p.d, static_cast<Real>(0.01)), hn::Mul(g, g)));
    p.SetMemory(0, m);
    const auto divisor = hn::Add(hn::Sqrt(m), hn::Set(p.d, static_cast<Real>(1e-8)));
    const auto change = hn::Div(hn::Mul(hn::Set(p.d, learning_rate), g), divisor);
    p.SetWeight(hn::Sub(p.Weight(), change));
  }

  Real learning_rate;
};

}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#endif  // toggle
