// The output layer: logits = W h + b, and the softmax cross-entropy of the next character.
#ifndef RUNNEL_CORE_NN_OUTPUT_LAYER_H_
#define RUNNEL_CORE_NN_OUTPUT_LAYER_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/math/gemm.h"
#include "core/math/packed_matrix.h"
#include "core/math/training_kernels.h"
#include "core/nn/batch.h"
#include "core/nn/parameters.h"

namespace runnel {

template <typename Real>
class OutputLayer {
 public:
  OutputLayer(int64_t hidden_size, int vocabulary_size, ParameterLayout* layout)
      : hidden_(hidden_size), vocabulary_(vocabulary_size) {
    weight_ = layout->Add({.name = "output.weight",
                           .role = TensorRole::kOutputWeight,
                           .rows = vocabulary_,
                           .cols = hidden_});
    bias_ =
        layout->Add({.name = "output.bias", .role = TensorRole::kOutputBias, .rows = vocabulary_});
  }

  struct Packed {
    const Real* parameters = nullptr;
    GemmWeights<Real> weight;  // W^T
    GemmWeights<Real> weight_back;
  };
  // Products with the gradients of logits stay f32. The gradient of a target's logit is nearly -1,
  // and those of all unlikely characters are tiny and positive. On the scale of the target's,
  // integers would round them all to zero, which is a bias.
  Packed NewPacked(TrainingPrecision precision) const {
    return {.weight = GemmWeights<Real>(hidden_, vocabulary_, precision),
            .weight_back = GemmWeights<Real>(vocabulary_, hidden_, TrainingPrecision::kF32)};
  }
  void Pack(const Real* parameters, Packed* packed) const {
    packed->parameters = parameters;
    const MatrixView<const Real> weight(parameters + weight_, vocabulary_, hidden_);
    packed->weight.Assign(weight.Transposed());
    packed->weight_back.Assign(weight);
  }

  // hidden [rows x H] -> logits [rows x V].
  void Forward(const Packed& packed, int64_t rows, const Real* hidden, Real* logits,
               GemmScratch* products) const {
    packed.weight.MultiplyAddRow({hidden, rows, hidden_}, packed.parameters + bias_,
                                 {logits, rows, vocabulary_}, products);
  }

  // Does the work of Network::Loss, which describes it. Cross-entropies are added in row order.
  double Loss(const int32_t* targets, int64_t rows, Real scale, Real* logits,
              Interruption* interruption) const {
    double sum = 0;
    for (int64_t r = 0; r < rows; ++r) {
      if (r % kRowsBetweenQuestions == 0 && IsInterrupted(interruption)) break;
      if (targets[r] == kNoTarget) {
        std::fill_n(logits + r * vocabulary_, vocabulary_, Real{0});
        continue;
      }
      sum +=
          kernels_.softmax_cross_entropy(vocabulary_, targets[r], scale, logits + r * vocabulary_);
    }
    return sum;
  }

  // Writes the layer's part of `gradients`, and the gradient with respect to `hidden` [rows x H].
  void Backward(const Packed& packed, int64_t rows, const Real* hidden, const Real* logit_gradients,
                Real* gradients, Real* hidden_gradient, GemmScratch* products) const {
    const MatrixView<const Real> from(logit_gradients, rows, vocabulary_);
    Gemm<Real>(from.Transposed(), {hidden, rows, hidden_},
               {gradients + weight_, vocabulary_, hidden_}, {.precision = TrainingPrecision::kF32},
               products);
    std::fill_n(gradients + bias_, vocabulary_, Real{0});
    kernels_.add_rows(rows, vocabulary_, logit_gradients, vocabulary_, gradients + bias_);
    packed.weight_back.Multiply(from, {hidden_gradient, rows, hidden_}, GemmUpdate::kAssign,
                                products);
  }

  class Decoder {
   public:
    Decoder(const OutputLayer& layer, const Real* parameters, DecodePrecision precision)
        : weight_(layer.vocabulary_, layer.hidden_, parameters + layer.weight_, precision),
          bias_(parameters + layer.bias_, parameters + layer.bias_ + layer.vocabulary_) {}

    int vocabulary_size() const { return static_cast<int>(bias_.size()); }
    int64_t bytes() const { return weight_.bytes() + BytesOf(bias_); }

    void Step(int64_t sessions, const Real* hidden, Real* logits, ProductScratch* scratch) const {
      for (int64_t s = 0; s < sessions; ++s) {
        std::copy(bias_.begin(), bias_.end(), logits + s * vocabulary_size());
      }
      weight_.MultiplyAdd(sessions, hidden, logits, vocabulary_size(), scratch);
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
