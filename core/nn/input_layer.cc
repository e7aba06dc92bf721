#include "core/nn/input_layer.h"

#include <algorithm>

namespace runnel {

template <typename Real>
InputLayer<Real>::InputLayer(int vocabulary_size, int embedding_size, ParameterLayout* layout)
    : vocabulary_(vocabulary_size), embedding_(embedding_size) {
  if (one_hot()) return;
  weight_ = layout->Add({.name = "embedding.weight",
                         .role = TensorRole::kEmbedding,
                         .rows = vocabulary_,
                         .cols = embedding_});
}

template <typename Real>
typename InputLayer<Real>::Activations InputLayer<Real>::NewActivations(int steps_max,
                                                                        int lanes) const {
  Activations a;
  if (one_hot()) {
    a.scale.reserve(int64_t{steps_max} * lanes);  // for dropout, which a later batch may have
  } else {
    a.mask.reserve(lanes * embedding_);
    a.dense.resize(int64_t{steps_max} * lanes * embedding_);
    a.gradient.resize(a.dense.size());
  }
  return a;
}

template <typename Real>
LayerInput<Real> InputLayer<Real>::Forward(const Real* parameters, const Batch& batch, int lanes,
                                           Activations* a) const {
  const int64_t count = int64_t{batch.steps} * lanes;
  const float rate = batch.dropout == nullptr ? 0 : batch.dropout->rates.input;
  if (one_hot()) {
    if (rate == 0) return {.ids = batch.inputs};
    a->scale.resize(count);
    // A mask of a lane has an element for each character. A scale is the element of the character
    // that the lane reads.
    for (int64_t r = 0; r < count; ++r) {
      const int64_t element =
          (batch.first_lane + r % lanes) * vocabulary_ + std::max(batch.inputs[r], 0);
      DrawMask(*batch.dropout, rate, kInputSite, element, 1, &a->scale[r]);
    }
    return {.ids = batch.inputs, .scale = a->scale.data()};
  }
  for (int64_t r = 0; r < count; ++r) {
    Real* row = a->dense.data() + r * embedding_;
    if (batch.inputs[r] == kMaskedId) {
      std::fill_n(row, embedding_, Real{0});
    } else {
      std::copy_n(parameters + weight_ + batch.inputs[r] * embedding_, embedding_, row);
    }
  }
  a->mask.resize(rate == 0 ? 0 : lanes * embedding_);
  if (rate > 0) {
    DrawMask(*batch.dropout, rate, kInputSite, batch.first_lane * embedding_, lanes * embedding_,
             a->mask.data());
    for (int t = 0; t < batch.steps; ++t) {
      Real* rows = a->dense.data() + t * lanes * embedding_;
      kernels_.multiply(lanes * embedding_, rows, a->mask.data(), rows);
    }
  }
  return {.dense = a->dense.data()};
}

template <typename Real>
void InputLayer<Real>::Backward(const Batch& batch, int lanes, Activations* a,
                                Real* gradients) const {
  if (one_hot()) return;
  std::fill_n(gradients + weight_, vocabulary_ * embedding_, Real{0});
  for (int t = 0; t < batch.steps; ++t) {
    Real* rows = a->gradient.data() + t * lanes * embedding_;
    if (!a->mask.empty()) kernels_.multiply(lanes * embedding_, rows, a->mask.data(), rows);
    for (int64_t lane = 0; lane < lanes; ++lane) {
      const int32_t id = batch.inputs[t * lanes + lane];
      if (id == kMaskedId) continue;
      Real* gradient = gradients + weight_ + id * embedding_;
      kernels_.add(embedding_, gradient, rows + lane * embedding_, gradient);
    }
  }
}

template class InputLayer<float>;
template class InputLayer<double>;

}  // namespace runnel
