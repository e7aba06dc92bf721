// Adam (Kingma and Ba, 2014) with epsilon outside the root, as PyTorch's, and AdamW (Loshchilov and
// Hutter, 2019), which is Adam with weight decay by default. With the gradient g and the memories m
// and v of each parameter w, in step t:
//
//   m = 0.9 m + 0.1 g
//   v = 0.999 v + 0.001 g^2
//   w = w - learning_rate / (1 - 0.9^t) m / (sqrt(v / (1 - 0.999^t)) + 1e-8)
#if defined(RUNNEL_CORE_TRAIN_OPTIMIZERS_ADAM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RUNNEL_CORE_TRAIN_OPTIMIZERS_ADAM_INL_H_
#undef RUNNEL_CORE_TRAIN_OPTIMIZERS_ADAM_INL_H_
#else
#define RUNNEL_CORE_TRAIN_OPTIMIZERS_ADAM_INL_H_
#endif

#include <cmath>

#include "core/train/optimizers/parameters-inl.h"

HWY_BEFORE_NAMESPACE();
namespace runnel {
namespace HWY_NAMESPACE {

template <typename Real>
struct Adam {
  static constexpr OptimizerTraits kTraits = {.memories = 2, .learning_rate = 0.001};
  static constexpr Real kBeta1 = static_cast<Real>(0.9);
  static constexpr Real kBeta2 = static_cast<Real>(0.999);
  static constexpr Real kEpsilon = static_cast<Real>(1e-8);

  explicit Adam(const UpdateStep<Real>& step)
      : rate(step.learning_rate / Correction(kBeta1, step.number)),
        root(1 / std::sqrt(Correction(kBeta2, step.number))) {}

  template <class D>
  HWY_INLINE void Update(const Parameters<D>& p) const {
    const auto g = p.Gradient();
    const auto m =
        hn::MulAdd(hn::Set(p.d, kBeta1), p.Memory(0), hn::Mul(hn::Set(p.d, 1 - kBeta1), g));
    const auto v = hn::MulAdd(hn::Set(p.d, kBeta2), p.Memory(1),
                              hn::Mul(hn::Set(p.d, 1 - kBeta2), hn::Mul(g, g)));
    p.SetMemory(0, m);
    p.SetMemory(1, v);
    const auto divisor = hn::MulAdd(hn::Sqrt(v), hn::Set(p.d, root), hn::Set(p.d, kEpsilon));
    const auto change = hn::Div(hn::Mul(hn::Set(p.d, rate), m), divisor);
    p.SetWeight(hn::Sub(p.Weight(), change));
  }

  // 1 - beta^t, the divisor that corrects a moving average that began at 0.
  static Real Correction(Real beta, int64_t t) {
    return static_cast<Real>(1 - std::pow(static_cast<double>(beta), static_cast<double>(t)));
  }

  Real rate;
  Real root;
};

template <typename Real>
struct AdamW : Adam<Real> {
  static constexpr OptimizerTraits kTraits = {
      .memories = 2, .learning_rate = 0.001, .weight_decay = 0.01f, .variant_of = Optimizer::kAdam};
  using Adam<Real>::Adam;
};

}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#endif  // toggle
