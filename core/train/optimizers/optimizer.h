// The optimizers: the names, the defaults and the arithmetic of each.
//
// A new optimizer is a row in kOptimizers, a file <name>-inl.h, which opens with its equations, and
// a case in optimizers.cc; the wire's enum has a value of the same name.
#ifndef RUNNEL_CORE_TRAIN_OPTIMIZERS_OPTIMIZER_H_
#define RUNNEL_CORE_TRAIN_OPTIMIZERS_OPTIMIZER_H_

#include <cstdint>
#include <optional>

#include "core/base/enum_table.h"

namespace runnel {

enum class Optimizer { kSgd, kAdagrad, kRmsprop, kAdam, kAdamW };

inline constexpr EnumTable<Optimizer, 5> kOptimizers({{Optimizer::kSgd, "sgd"},
                                                      {Optimizer::kAdagrad, "adagrad"},
                                                      {Optimizer::kRmsprop, "rmsprop"},
                                                      {Optimizer::kAdam, "adam"},
                                                      {Optimizer::kAdamW, "adamw"}});

inline constexpr int kOptimizerMemoriesMax = 2;

struct OptimizerTraits {
  int memories;            // Numbers that are kept for each parameter, at first 0.
  double learning_rate;    // The default.
  float weight_decay = 0;  // The default.
  // The optimizer with the same arithmetic. The learning rate of a recipe that uses one suits both.
  std::optional<Optimizer> variant_of = std::nullopt;
};

// One step of `count` parameters. The gradient of the loss is scale * gradient.
template <typename Real>
struct UpdateStep {
  int64_t number;  // of the step, from 1
  Real learning_rate;
  Real scale;
  int64_t count;
  const Real* gradient;                   // [count]
  Real* memories[kOptimizerMemoriesMax];  // [count] each; null if the optimizer has fewer
  Real* weights;                          // [count]
};

template <typename Real>
struct UpdateRule {
  OptimizerTraits traits;
  // Updates the weights and the memories. Each parameter's update depends only on itself, so a step
  // may be taken in pieces.
  void (*update)(UpdateStep<Real> step);
};

// The rule for this processor. Real is float or double.
template <typename Real>
const UpdateRule<Real>& GetUpdateRule(Optimizer optimizer);

}  // namespace runnel

#endif  // RUNNEL_CORE_TRAIN_OPTIMIZERS_OPTIMIZER_H_
