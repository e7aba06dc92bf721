// Every optimizer's arithmetic, compiled once for each instruction set, and the switch that picks
// one.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/train/optimizers/optimizers.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "core/train/optimizers/adagrad-inl.h"
#include "core/train/optimizers/adam-inl.h"
#include "core/train/optimizers/rmsprop-inl.h"
#include "core/train/optimizers/sgd-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace runnel {
namespace HWY_NAMESPACE {
namespace {

// `step` is a copy, so that the compiler knows that no weight is a part of it.
template <template <typename> class Arithmetic, typename Real>
void Update(UpdateStep<Real> step) {
  const Arithmetic<Real> arithmetic(step);
  ForEachVector<Real>(step.count, [&](auto d, int64_t i) HWY_ATTR {
    arithmetic.Update(Parameters<decltype(d)>{d, step, i});
  });
}

template <template <typename> class Arithmetic, typename Real>
constexpr UpdateRule<Real> kRule = {.traits = Arithmetic<Real>::kTraits,
                                    .update = Update<Arithmetic, Real>};

template <typename Real>
const UpdateRule<Real>* FindRule(Optimizer optimizer) {
  switch (optimizer) {
    case Optimizer::kSgd:
      return &kRule<Sgd, Real>;
    case Optimizer::kAdagrad:
      return &kRule<Adagrad, Real>;
    case Optimizer::kRmsprop:
      return &kRule<Rmsprop, Real>;
    case Optimizer::kAdam:
      return &kRule<Adam, Real>;
    case Optimizer::kAdamW:
      return &kRule<AdamW, Real>;
  }
  return nullptr;
}

}  // namespace

const UpdateRule<float>* FindRuleF32(Optimizer optimizer) { return FindRule<float>(optimizer); }
const UpdateRule<double>* FindRuleF64(Optimizer optimizer) { return FindRule<double>(optimizer); }

}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace runnel {

HWY_EXPORT(FindRuleF32);
HWY_EXPORT(FindRuleF64);

template <>
const UpdateRule<float>& GetUpdateRule<float>(Optimizer optimizer) {
  return *HWY_DYNAMIC_DISPATCH(FindRuleF32)(optimizer);
}
template <>
const UpdateRule<double>& GetUpdateRule<double>(Optimizer optimizer) {
  return *HWY_DYNAMIC_DISPATCH(FindRuleF64)(optimizer);
}

}  // namespace runnel
#endif  // HWY_ONCE
