// One layer of one kind of cell, run over a batch of T steps and back (truncated backpropagation
// through time).
//
// Rows of all buffers are (t, lane), t first. The products with the input do not depend on the time
// before, so they are hoisted out of the time loop, and the weight gradients are each one product
// after it; only the recurrent products run step by step.
#ifndef RUNNEL_CORE_NN_RECURRENT_LAYER_H_
#define RUNNEL_CORE_NN_RECURRENT_LAYER_H_

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/math/decode_kernels.h"
#include "core/math/gemm.h"
#include "core/math/training_kernels.h"
#include "core/nn/parameters.h"

namespace runnel {

// The input of a layer: character ids (the first layer; one-hot) or the outputs of the layer below.
template <typename Real>
struct LayerInput {
  const int32_t* ids = nullptr;  // [T x B]
  const Real* dense = nullptr;   // [T x B x input_size]
};

template <typename Cell, typename Real>
class RecurrentLayer {
 public:
  struct Packed {
    const Real* parameters = nullptr;
    std::vector<Real> recurrent_transposed;  // [H x gates*H]
  };
  struct Activations {
    int lanes = 0;
    std::vector<Real>
        gates;  // [T x B x gates*H]: what the gates are fed; after Backward the gradients of that
    std::vector<Real> hidden;   // [(T+1) x B x H]: the state at the start, then after each step
    std::vector<Real> dh_next;  // [B x H]

    const Real* outputs(int64_t hidden_size) const { return hidden.data() + lanes * hidden_size; }
  };

  // Adds the layer's tensors to `layout`. `one_hot`: the input is ids below `input_size`.
  RecurrentLayer(int index, int input_size, int hidden_size, bool one_hot, ParameterLayout* layout)
      : input_(input_size), hidden_(hidden_size), rows_(Cell::kGates * hidden_), one_hot_(one_hot) {
    const auto name = [&](const char* kind) { return absl::StrCat("rnn.", kind, "_l", index); };
    input_weight_ =
        layout->Add(name("weight_ih"), TensorRole::kInputWeight, rows_, input_, one_hot);
    recurrent_weight_ =
        layout->Add(name("weight_hh"), TensorRole::kRecurrentWeight, rows_, hidden_);
    bias_ = layout->Add(name("bias_ih"), TensorRole::kBias, rows_, 0);
  }

  int64_t state_size() const { return Cell::kStates * hidden_; }

  Packed NewPacked() const {
    return {.parameters = nullptr, .recurrent_transposed = std::vector<Real>(hidden_ * rows_)};
  }
  void Pack(const Real* parameters, Packed* packed) const {
    packed->parameters = parameters;
    TransposeInto(rows_, hidden_, parameters + recurrent_weight_,
                  packed->recurrent_transposed.data());
  }
  Activations NewActivations(int steps, int lanes) const {
    return {.lanes = lanes,
            .gates = std::vector<Real>(int64_t{steps} * lanes * rows_),
            .hidden = std::vector<Real>(int64_t{steps + 1} * lanes * hidden_),
            .dh_next = std::vector<Real>(lanes * hidden_)};
  }

  // `state` [B x H] goes from before the first step to after the last.
  void Forward(const Packed& packed, const LayerInput<Real>& input, int steps, Real* state,
               Activations* a) const {
    const int64_t lanes = a->lanes;
    FeedInput(packed.parameters, input, steps * lanes, a->gates.data());
    std::copy_n(state, lanes * hidden_, a->hidden.data());
    for (int t = 0; t < steps; ++t) {
      Real* gates = a->gates.data() + t * lanes * rows_;
      Real* h = a->hidden.data() + (t + 1) * lanes * hidden_;
      const Real* h_before = h - lanes * hidden_;
      Gemm<Real>(Transpose::kNo, Transpose::kNo, lanes, rows_, hidden_, h_before,
                 packed.recurrent_transposed.data(), 1, gates);
      Cell::Forward(kernels_, lanes * hidden_, gates, h);
    }
    std::copy_n(a->hidden.data() + steps * lanes * hidden_, lanes * hidden_, state);
  }

  // `output_gradient` [T x B x H] is with respect to the outputs; for a dense input it becomes the
  // gradient with respect to that (whose size is then H too). `state_gradient` [B x H], if not
  // null, receives that of the first state.
  void Backward(const Packed& packed, const LayerInput<Real>& input, int steps,
                Real* output_gradient, Activations* a, Real* gradients,
                Real* state_gradient) const {
    const int64_t lanes = a->lanes;
    const Real* recurrent_weight = packed.parameters + recurrent_weight_;
    std::fill(a->dh_next.begin(), a->dh_next.end(), Real{0});
    for (int t = steps - 1; t >= 0; --t) {
      Real* gates = a->gates.data() + t * lanes * rows_;
      Cell::Backward(kernels_, lanes * hidden_, a->hidden.data() + (t + 1) * lanes * hidden_,
                     output_gradient + t * lanes * hidden_, a->dh_next.data(), gates);
      Gemm<Real>(Transpose::kNo, Transpose::kNo, lanes, hidden_, rows_, gates, recurrent_weight, 0,
                 a->dh_next.data());
    }
    if (state_gradient != nullptr) {
      std::copy(a->dh_next.begin(), a->dh_next.end(), state_gradient);
    }
    AddWeightGradients(input, steps * lanes, *a, gradients);
    if (!one_hot_) {
      Gemm<Real>(Transpose::kNo, Transpose::kNo, steps * lanes, input_, rows_, a->gates.data(),
                 packed.parameters + input_weight_, 0, output_gradient);
    }
  }

  // The layer packed for generating.
  class Decoder {
   public:
    Decoder(const RecurrentLayer& layer, const Real* parameters)
        : layer_(layer),
          recurrent_(layer.rows_, layer.hidden_, parameters + layer.recurrent_weight_),
          bias_(parameters + layer.bias_, parameters + layer.bias_ + layer.rows_) {
      const Real* input = parameters + layer.input_weight_;
      if (layer.one_hot_) {
        lookup_.assign(input, input + layer.input_ * layer.rows_);
      } else {
        dense_ = PackedMatrix<Real>(layer.rows_, layer.input_, input);
      }
    }

    // One step of `sessions` columns: `state` [sessions x H] moves on.
    void Step(int64_t sessions, const LayerInput<Real>& input, Real* state,
              std::vector<Real>* scratch) const {
      const int64_t rows = layer_.rows_;
      scratch->resize(sessions * rows);
      for (int64_t s = 0; s < sessions; ++s) {
        Real* gates = scratch->data() + s * rows;
        if (layer_.one_hot_) {
          layer_.kernels_.add(rows, lookup_.data() + input.ids[s] * rows, bias_.data(), gates);
        } else {
          std::copy(bias_.begin(), bias_.end(), gates);
        }
      }
      if (!layer_.one_hot_) dense_.MultiplyAdd(sessions, input.dense, scratch->data());
      recurrent_.MultiplyAdd(sessions, state, scratch->data());
      Cell::Forward(layer_.kernels_, sessions * layer_.hidden_, scratch->data(), state);
    }

   private:
    RecurrentLayer layer_;
    PackedMatrix<Real> recurrent_;
    PackedMatrix<Real> dense_;  // not one-hot
    std::vector<Real> lookup_;  // one-hot: [V x gates*H]
    std::vector<Real> bias_;
  };

 private:
  // gates = W x + b, for all rows at once.
  void FeedInput(const Real* parameters, const LayerInput<Real>& input, int64_t rows,
                 Real* gates) const {
    const Real* weight = parameters + input_weight_;
    const Real* bias = parameters + bias_;
    for (int64_t r = 0; r < rows; ++r) {
      if (one_hot_) {
        kernels_.add(rows_, weight + input.ids[r] * rows_, bias, gates + r * rows_);
      } else {
        std::copy_n(bias, rows_, gates + r * rows_);
      }
    }
    if (!one_hot_) {
      Gemm<Real>(Transpose::kNo, Transpose::kYes, rows, rows_, input_, input.dense, weight, 1,
                 gates);
    }
  }

  void AddWeightGradients(const LayerInput<Real>& input, int64_t rows, const Activations& a,
                          Real* gradients) const {
    const Real* gates = a.gates.data();
    Gemm<Real>(Transpose::kYes, Transpose::kNo, rows_, hidden_, rows, gates, a.hidden.data(), 1,
               gradients + recurrent_weight_);
    Real* bias = gradients + bias_;
    Real* weight = gradients + input_weight_;
    for (int64_t r = 0; r < rows; ++r) {
      const Real* row = gates + r * rows_;
      kernels_.add(rows_, bias, row, bias);
      if (one_hot_) {
        Real* column = weight + input.ids[r] * rows_;
        kernels_.add(rows_, column, row, column);
      }
    }
    if (!one_hot_) {
      Gemm<Real>(Transpose::kYes, Transpose::kNo, rows_, input_, rows, gates, input.dense, 1,
                 weight);
    }
  }

  int64_t input_;
  int64_t hidden_;
  int64_t rows_;  // gate rows, gates * H
  bool one_hot_;
  int64_t input_weight_ = 0;  // offsets in the parameters
  int64_t recurrent_weight_ = 0;
  int64_t bias_ = 0;
  TrainingKernels<Real> kernels_ = GetTrainingKernels<Real>();
};

}  // namespace runnel

#endif  // RUNNEL_CORE_NN_RECURRENT_LAYER_H_
