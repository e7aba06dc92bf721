#include "core/train/optimizer.h"

#include <algorithm>

namespace runnel {
namespace {

bool Decays(TensorRole role) {
  return role == TensorRole::kEmbedding || role == TensorRole::kInputWeight ||
         role == TensorRole::kRecurrentWeight || role == TensorRole::kOutputWeight;
}

}  // namespace

template <typename Real>
OptimizerState<Real>::OptimizerState(const TrainingOptions& options, const ParameterLayout& layout)
    : rule_(GetUpdateRule<Real>(options.optimizer)), weight_decay_(options.weight_decay) {
  for (int m = 0; m < rule_.traits.memories; ++m) memories_[m].resize(layout.size());
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
  learning_rate_ = learning_rate;
}

template <typename Real>
void OptimizerState<Real>::Update(int64_t begin, int64_t end, Real scale, const Real* gradient,
                                  Real* weights) {
  Decay(begin, end, weights);
  UpdateStep<Real> step = {.number = step_,
                           .learning_rate = learning_rate_,
                           .scale = scale,
                           .count = end - begin,
                           .gradient = gradient + begin,
                           .weights = weights + begin};
  for (int m = 0; m < rule_.traits.memories; ++m) step.memories[m] = memories_[m].data() + begin;
  rule_.update(step);
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

template <typename Real>
void OptimizerState<Real>::Transfer(StateStream* stream) {
  stream->Value(&step_);
  for (std::vector<Real>& memory : memories_) stream->List(absl::MakeSpan(memory));
}

template class OptimizerState<float>;
template class OptimizerState<double>;

}  // namespace runnel
