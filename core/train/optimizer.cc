#include "core/train/optimizer.h"

#include <algorithm>
#include <cmath>

namespace runnel {
namespace {

bool Decays(TensorRole role) {
  return role == TensorRole::kEmbedding || role == TensorRole::kInputWeight ||
         role == TensorRole::kRecurrentWeight || role == TensorRole::kOutputWeight;
}

bool HasTwoMemories(Optimizer optimizer) {
  return optimizer == Optimizer::kAdam || optimizer == Optimizer::kAdamW;
}

}  // namespace

template <typename Real>
OptimizerState<Real>::OptimizerState(const TrainingOptions& options, const ParameterLayout& layout)
    : optimizer_(options.optimizer),
      weight_decay_(options.weight_decay),
      first_(layout.size()),
      second_(HasTwoMemories(options.optimizer) ? layout.size() : 0) {
  if (weight_decay_ == 0) return;
  for (const Tensor& tensor : layout.tensors()) {
    if (Decays(tensor.role)) {
      decaying_.push_back({tensor.offset, tensor.offset + tensor.size()});
    }
  }
}

template <typename Real>
void OptimizerState<Real>::BeginStep(Real learning_rate) {
  ++step_;
  const double step = static_cast<double>(step_);
  learning_rate_ = learning_rate;
  adam_.learning_rate = learning_rate;
  adam_.correction1 = static_cast<Real>(1 - std::pow(static_cast<double>(adam_.beta1), step));
  adam_.correction2 = static_cast<Real>(1 - std::pow(static_cast<double>(adam_.beta2), step));
}

template <typename Real>
void OptimizerState<Real>::Update(int64_t begin, int64_t end, Real scale, const Real* gradient,
                                  Real* weights) {
  Decay(begin, end, weights);
  const int64_t n = end - begin;
  switch (optimizer_) {
    case Optimizer::kAdagrad:
      kernels_.adagrad(n, scale, learning_rate_, gradient + begin, first_.data() + begin,
                       weights + begin);
      return;
    case Optimizer::kSgd:
      kernels_.momentum(n, scale, learning_rate_, gradient + begin, first_.data() + begin,
                        weights + begin);
      return;
    case Optimizer::kRmsprop:
      kernels_.rmsprop(n, scale, learning_rate_, gradient + begin, first_.data() + begin,
                       weights + begin);
      return;
    case Optimizer::kAdam:
    case Optimizer::kAdamW:
      kernels_.adam(n, scale, adam_, gradient + begin, first_.data() + begin,
                    second_.data() + begin, weights + begin);
      return;
  }
}

template <typename Real>
void OptimizerState<Real>::Decay(int64_t begin, int64_t end, Real* weights) {
  const Real share = static_cast<Real>(-static_cast<double>(learning_rate_) * weight_decay_);
  for (const Range& range : decaying_) {
    const int64_t from = std::max(begin, range.begin);
    const int64_t to = std::min(end, range.end);
    if (from < to) kernels_.add_scaled(to - from, share, weights + from, weights + from);
  }
}

template class OptimizerState<float>;
template class OptimizerState<double>;

}  // namespace runnel
