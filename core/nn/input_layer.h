// The input of the first recurrent layer: either the characters themselves (one-hot) or an
// embedding, which has a row of numbers for each character. Both may have dropout.
#ifndef RUNNEL_CORE_NN_INPUT_LAYER_H_
#define RUNNEL_CORE_NN_INPUT_LAYER_H_

#include <cstdint>
#include <vector>

#include "core/math/aligned_vector.h"
#include "core/math/training_kernels.h"
#include "core/nn/batch.h"
#include "core/nn/recurrent_layer.h"

namespace runnel {

template <typename Real>
class InputLayer {
 public:
  struct Activations {
    UninitializedVector<Real> dense;     // [T x B x E], only of an embedding
    std::vector<Real> scale;             // [T x B], only of one-hot input with dropout
    std::vector<Real> mask;              // [B x E], only of an embedding with dropout
    UninitializedVector<Real> gradient;  // [T x B x E], only of an embedding
  };

  // The input is one-hot if `embedding_size` is 0.
  InputLayer(int vocabulary_size, int embedding_size, ParameterLayout* layout);

  bool one_hot() const { return embedding_ == 0; }
  int64_t size() const { return one_hot() ? vocabulary_ : embedding_; }
  // The embedding [V x E], or null if the input is one-hot.
  const Real* embedding(const Real* parameters) const {
    return one_hot() ? nullptr : parameters + weight_;
  }

  Activations NewActivations(int steps_max, int lanes) const;
  // Returns the input of the first layer, which points into `batch` or `a`.
  LayerInput<Real> Forward(const Real* parameters, const Batch& batch, int lanes,
                           Activations* a) const;
  // Writes the embedding's part of `gradients`. a->gradient must hold the gradient of the first
  // layer's input.
  void Backward(const Batch& batch, int lanes, Activations* a, Real* gradients) const;

 private:
  const int64_t vocabulary_;
  const int64_t embedding_;
  int64_t weight_ = 0;  // offset in the parameters
  const TrainingKernels<Real>& kernels_ = GetTrainingKernels<Real>();
};

extern template class InputLayer<float>;
extern template class InputLayer<double>;

}  // namespace runnel

#endif  // RUNNEL_CORE_NN_INPUT_LAYER_H_
