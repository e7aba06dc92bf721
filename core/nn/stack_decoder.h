// The `Decoder` of a one-directional network: a stack of layer decoders and the output layer.
#ifndef RUNNEL_CORE_NN_STACK_DECODER_H_
#define RUNNEL_CORE_NN_STACK_DECODER_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/nn/decoder.h"
#include "core/nn/input_layer.h"
#include "core/nn/layer_decoder.h"
#include "core/nn/output_layer.h"
#include "core/nn/recurrent_layer.h"

namespace runnel {

template <typename Real>
class StackDecoder : public Decoder<Real> {
 public:
  using Layer = RecurrentLayer<Real>;

  StackDecoder(const InputLayer<Real>& input, const std::vector<Layer>& layers,
               const OutputLayer<Real>& output, int vocabulary_size, const Real* parameters,
               DecodePrecision precision)
      : output_(output, parameters, precision),
        hidden_(layers.front().shape().hidden_size),
        layer_state_size_(layers.front().state_size()),
        precision_(precision) {
    for (const Layer& layer : layers) {
      const Real* embedding = layers_.empty() ? input.embedding(parameters) : nullptr;
      layers_.emplace_back(layer, parameters, embedding, vocabulary_size, precision);
    }
  }

  int64_t state_size() const override {
    return static_cast<int64_t>(layers_.size()) * layer_state_size_;
  }
  int vocabulary_size() const override { return output_.vocabulary_size(); }
  DecodePrecision precision() const override { return precision_; }
  int64_t bytes() const override {
    int64_t bytes = output_.bytes();
    for (const LayerDecoder<Real>& layer : layers_) bytes += layer.bytes();
    return bytes;
  }
  int64_t read_cost() const override {
    int64_t cost = 0;
    for (const LayerDecoder<Real>& layer : layers_) cost += layer.cost();
    return cost;
  }

  using Decoder<Real>::Step;
  void Step(absl::Span<const int32_t> ids, absl::Span<Real* const> states, Real* logits,
            DecodeScratch<Real>* scratch) const override {
    const auto sessions = static_cast<int64_t>(ids.size());
    const int64_t units = sessions * hidden_;
    const int64_t kinds = layer_state_size_ / hidden_;  // h, c
    // The columns are [2][sessions][H], which hold h of the even and of the odd layers, and after
    // them [sessions][H] for each of the other states.
    Real* const columns = scratch->Columns((kinds + 1) * units);
    const Real* below = nullptr;
    for (size_t layer = 0; layer < layers_.size(); ++layer) {
      Real* moved[kCellStatesMax] = {columns + static_cast<int64_t>(layer % 2) * units};
      for (int64_t kind = 1; kind < kinds; ++kind) moved[kind] = columns + (kind + 1) * units;
      const int64_t offset = static_cast<int64_t>(layer) * layer_state_size_;
      for (int64_t kind = 0; kind < kinds; ++kind) {
        for (int64_t s = 0; s < sessions; ++s) {
          std::copy_n(states[s] + offset + kind * hidden_, hidden_, moved[kind] + s * hidden_);
        }
      }
      layers_[layer].Step(sessions, ids.data(), below, moved, scratch);
      for (int64_t kind = 0; kind < kinds; ++kind) {
        for (int64_t s = 0; s < sessions; ++s) {
          std::copy_n(moved[kind] + s * hidden_, hidden_, states[s] + offset + kind * hidden_);
        }
      }
      below = moved[0];
    }
    output_.Step(sessions, below, logits, &scratch->product);
  }

  // Reads all characters with the first layer, then all of its outputs with the second, and so on.
  // Then only one layer's weights have to be in the cache at a time, and a layer's input products
  // are computed for all steps at once.
  void Read(absl::Span<const int32_t> ids, Real* state,
            DecodeScratch<Real>* scratch) const override {
    const auto steps = static_cast<int64_t>(ids.size());
    Real* const outputs = scratch->Columns(steps * hidden_);
    for (const LayerDecoder<Real>& layer : layers_) {
      Real* states[kCellStatesMax] = {};
      for (int64_t i = 0; i * hidden_ < layer_state_size_; ++i) states[i] = state + i * hidden_;
      layer.Read(steps, ids.data(), outputs, states, outputs, scratch);
      state += layer_state_size_;
    }
  }

 private:
  std::vector<LayerDecoder<Real>> layers_;
  typename OutputLayer<Real>::Decoder output_;
  int64_t hidden_;
  int64_t layer_state_size_;
  DecodePrecision precision_;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_NN_STACK_DECODER_H_
