// A one-directional network packed for generating: one character of each session at a time.
#ifndef RUNNEL_CORE_NN_STACK_DECODER_H_
#define RUNNEL_CORE_NN_STACK_DECODER_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/nn/input_layer.h"
#include "core/nn/network.h"
#include "core/nn/output_layer.h"
#include "core/nn/recurrent_layer.h"

namespace runnel {

template <typename Real>
class StackDecoder : public Decoder<Real> {
 public:
  using Layer = RecurrentLayer<Real>;

  StackDecoder(const InputLayer<Real>& input, const std::vector<Layer>& layers,
               const OutputLayer<Real>& output, int vocabulary_size, const Real* parameters)
      : output_(output, parameters),
        hidden_(layers.front().hidden_size()),
        layer_state_size_(layers.front().state_size()) {
    for (const Layer& layer : layers) {
      const Real* embedding = layers_.empty() ? input.embedding(parameters) : nullptr;
      layers_.emplace_back(layer, parameters, embedding, vocabulary_size);
    }
  }

  int64_t state_size() const override {
    return static_cast<int64_t>(layers_.size()) * layer_state_size_;
  }
  int vocabulary_size() const override { return output_.vocabulary_size(); }

  void Step(absl::Span<const int32_t> ids, absl::Span<Real* const> states,
            Real* logits) const override {
    const auto sessions = static_cast<int64_t>(ids.size());
    const int64_t units = sessions * hidden_;
    const int64_t kinds = layer_state_size_ / hidden_;  // h, c
    std::vector<Real> scratch;
    std::vector<Real> below;
    std::vector<Real> columns(kinds * units);  // [kinds][sessions][H]
    const auto copy_columns = [&](size_t layer, auto copy) {
      for (int64_t kind = 0; kind < kinds; ++kind) {
        const int64_t offset = static_cast<int64_t>(layer) * layer_state_size_ + kind * hidden_;
        for (int64_t s = 0; s < sessions; ++s) {
          copy(states[s] + offset, &columns[kind * units + s * hidden_]);
        }
      }
    };
    for (size_t layer = 0; layer < layers_.size(); ++layer) {
      copy_columns(layer, [&](Real* state, Real* column) { std::copy_n(state, hidden_, column); });
      layers_[layer].Step(sessions, ids.data(), below.data(), columns.data(), &scratch);
      copy_columns(layer, [&](Real* state, Real* column) { std::copy_n(column, hidden_, state); });
      below.assign(columns.begin(), columns.begin() + units);
    }
    output_.Step(sessions, below.data(), logits);
  }

 private:
  std::vector<typename Layer::Decoder> layers_;
  typename OutputLayer<Real>::Decoder output_;
  int64_t hidden_;
  int64_t layer_state_size_;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_NN_STACK_DECODER_H_
