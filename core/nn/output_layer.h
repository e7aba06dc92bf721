// The output layer: logits = W h + b, and the softmax cross-entropy of the next character.
#ifndef RUNNEL_CORE_NN_OUTPUT_LAYER_H_
#define RUNNEL_CORE_NN_OUTPUT_LAYER_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/math/decode_kernels.h"
#include "core/math/gemm.h"
#include "core/math/training_kernels.h"
#include "core/nn/parameters.h"

namespace runnel {

template <typename Real>
class OutputLayer {
 public:
  OutputLayer(int hidden_size, int vocabulary_size, ParameterLayout* layout)
      : hidden_(hidden_size), vocabulary_(vocabulary_size) {
    weight_ = layout->Add("output.weight", TensorRole::kOutputWeight, vocabulary_, hidden_);
    bias_ = layout->Add("output.bias", TensorRole::kOutputBias, vocabulary_, 0);
  }

  // hidden [rows x H] -> logits [rows x V].
  void Forward(const Real* parameters, int64_t rows, const Real* hidden, Real* logits) const {
    const Real* bias = parameters + bias_;
    for (int64_t r = 0; r < rows; ++r) std::copy_n(bias, vocabulary_, logits + r * vocabulary_);
    Gemm<Real>(Transpose::kNo, Transpose::kYes, rows, vocabulary_, hidden_, hidden,
               parameters + weight_, 1, logits);
  }

  // As Network::Loss: logits become gradients. Cross-entropies are added in row order.
  double Loss(const int32_t* targets, int64_t rows, Real scale, Real* logits) const {
    double sum = 0;
    for (int64_t r = 0; r < rows; ++r) {
      sum +=
          kernels_.softmax_cross_entropy(vocabulary_, targets[r], scale, logits + r * vocabulary_);
    }
    return sum;
  }

  // Adds to `gradients`, and writes the gradient with respect to `hidden` [rows x H].
  void Backward(const Real* parameters, int64_t rows, const Real* hidden,
                const Real* logit_gradients, Real* gradients, Real* hidden_gradient) const {
    Gemm<Real>(Transpose::kYes, Transpose::kNo, vocabulary_, hidden_, rows, logit_gradients, hidden,
               1, gradients + weight_);
    Real* bias = gradients + bias_;
    for (int64_t r = 0; r < rows; ++r) {
      kernels_.add(vocabulary_, bias, logit_gradients + r * vocabulary_, bias);
    }
    Gemm<Real>(Transpose::kNo, Transpose::kNo, rows, hidden_, vocabulary_, logit_gradients,
               parameters + weight_, 0, hidden_gradient);
  }

  class Decoder {
   public:
    Decoder(const OutputLayer& layer, const Real* parameters)
        : weight_(layer.vocabulary_, layer.hidden_, parameters + layer.weight_),
          bias_(parameters + layer.bias_, parameters + layer.bias_ + layer.vocabulary_) {}

    int vocabulary_size() const { return static_cast<int>(bias_.size()); }

    void Step(int64_t sessions, const Real* hidden, Real* logits) const {
      for (int64_t s = 0; s < sessions; ++s) {
        std::copy(bias_.begin(), bias_.end(), logits + s * vocabulary_size());
      }
      weight_.MultiplyAdd(sessions, hidden, logits);
    }

   private:
    PackedMatrix<Real> weight_;
    std::vector<Real> bias_;
  };

 private:
  int64_t hidden_;
  int64_t vocabulary_;
  int64_t weight_ = 0;  // offsets in the parameters
  int64_t bias_ = 0;
  TrainingKernels<Real> kernels_ = GetTrainingKernels<Real>();
};

}  // namespace runnel

#endif  // RUNNEL_CORE_NN_OUTPUT_LAYER_H_
