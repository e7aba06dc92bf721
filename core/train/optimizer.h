// An optimizer at work on a flat parameter buffer: its memory, and weight decay.
#ifndef RUNNEL_CORE_TRAIN_OPTIMIZER_H_
#define RUNNEL_CORE_TRAIN_OPTIMIZER_H_

#include <cstdint>
#include <vector>

#include "core/math/training_kernels.h"
#include "core/nn/parameters.h"
#include "core/train/optimizers/optimizer.h"
#include "core/train/state_stream.h"
#include "core/train/training_options.h"

namespace runnel {

// The optimizer's memory for one parameter buffer. A caller calls `BeginStep`, then `Update` over
// ranges that together cover the buffer once. Several threads may update different ranges.
template <typename Real>
class OptimizerState {
 public:
  // Uses only the optimizer and the weight decay of the options.
  OptimizerState(const TrainingOptions& options, const ParameterLayout& layout);

  void BeginStep(Real learning_rate);
  // Updates weights[begin, end) for the gradient scale * gradient[begin, end). First, the
  // parameters that decay are multiplied by 1 - learning rate * weight decay (Loshchilov and
  // Hutter, 2019): weights and embeddings decay, biases and peepholes do not.
  void Update(int64_t begin, int64_t end, Real scale, const Real* gradient, Real* weights);

  // Carries the state between two steps.
  void Transfer(StateStream* stream);

 private:
  struct Range {
    int64_t begin;
    int64_t end;
  };

  void Decay(int64_t begin, int64_t end, Real* weights);

  const UpdateRule<Real>& rule_;
  const TrainingKernels<Real>& kernels_ = GetTrainingKernels<Real>();
  const double weight_decay_;
  std::vector<Range> decaying_;
  std::vector<Real> memories_[kOptimizerMemoriesMax];  // empty if the optimizer has fewer
  int64_t step_ = 0;
  Real learning_rate_ = 0;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_TRAIN_OPTIMIZER_H_
