// A stack of recurrent layers of one kind of cell under an output layer: the `Network` that the
// factory makes.
#ifndef RUNNEL_CORE_NN_RECURRENT_NETWORK_H_
#define RUNNEL_CORE_NN_RECURRENT_NETWORK_H_

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "core/nn/network.h"
#include "core/nn/output_layer.h"
#include "core/nn/recurrent_layer.h"

namespace runnel {

template <typename Cell, typename Real>
class StackDecoder : public Decoder<Real> {
 public:
  using Layer = RecurrentLayer<Cell, Real>;

  StackDecoder(const std::vector<Layer>& layers, const OutputLayer<Real>& output,
               const Real* parameters)
      : output_(output, parameters) {
    for (const Layer& layer : layers) layers_.emplace_back(layer, parameters);
    layer_state_size_ = layers.front().state_size();
  }

  int64_t state_size() const override {
    return static_cast<int64_t>(layers_.size()) * layer_state_size_;
  }
  int vocabulary_size() const override { return output_.vocabulary_size(); }

  void Step(absl::Span<const int32_t> ids, absl::Span<Real* const> states,
            Real* logits) const override {
    const int64_t sessions = static_cast<int64_t>(ids.size());
    std::vector<Real> gates;
    std::vector<Real> below;
    std::vector<Real> columns(sessions * layer_state_size_);
    for (size_t layer = 0; layer < layers_.size(); ++layer) {
      const int64_t offset = static_cast<int64_t>(layer) * layer_state_size_;
      for (int64_t s = 0; s < sessions; ++s) {
        std::copy_n(states[s] + offset, layer_state_size_, &columns[s * layer_state_size_]);
      }
      const LayerInput<Real> input = layer == 0 ? LayerInput<Real>{.ids = ids.data()}
                                                : LayerInput<Real>{.dense = below.data()};
      layers_[layer].Step(sessions, input, columns.data(), &gates);
      for (int64_t s = 0; s < sessions; ++s) {
        std::copy_n(&columns[s * layer_state_size_], layer_state_size_, states[s] + offset);
      }
      below = columns;
    }
    output_.Step(sessions, below.data(), logits);
  }

 private:
  std::vector<typename Layer::Decoder> layers_;
  typename OutputLayer<Real>::Decoder output_;
  int64_t layer_state_size_ = 0;
};

template <typename Cell, typename Real>
class RecurrentNetwork : public Network<Real> {
 public:
  using Layer = RecurrentLayer<Cell, Real>;
  using typename Network<Real>::Activations;
  using typename Network<Real>::PackedWeights;

  RecurrentNetwork(const NetworkConfig& config, int vocabulary_size)
      : hidden_(config.hidden_size),
        vocabulary_size_(vocabulary_size),
        layers_(MakeLayers(config, vocabulary_size, &layout_)),
        output_(config.hidden_size, vocabulary_size, &layout_) {}

  const ParameterLayout& layout() const override { return layout_; }
  int64_t state_size() const override {
    return static_cast<int64_t>(layers_.size()) * layers_.front().state_size();
  }
  int vocabulary_size() const override { return vocabulary_size_; }

  std::unique_ptr<PackedWeights> NewPackedWeights() const override {
    auto packed = std::make_unique<Weights>();
    for (const Layer& layer : layers_) packed->layers.push_back(layer.NewPacked());
    return packed;
  }

  void Pack(const Real* parameters, PackedWeights* packed) const override {
    Weights& weights = static_cast<Weights&>(*packed);
    weights.parameters = parameters;
    for (size_t i = 0; i < layers_.size(); ++i) layers_[i].Pack(parameters, &weights.layers[i]);
  }

  std::unique_ptr<Activations> NewActivations(int steps_max, int lanes) const override {
    auto activations = std::make_unique<Buffers>();
    for (const Layer& layer : layers_) {
      activations->layers.push_back(layer.NewActivations(steps_max, lanes));
    }
    const int64_t rows = int64_t{steps_max} * lanes;
    activations->logits_buffer.resize(rows * vocabulary_size_);
    activations->output_gradient.resize(rows * hidden_);
    return activations;
  }

  void Forward(const PackedWeights& packed, const int32_t* inputs, int steps, Real* state,
               Activations* activations) const override {
    const Weights& weights = static_cast<const Weights&>(packed);
    Buffers& a = static_cast<Buffers&>(*activations);
    const int64_t lanes = a.layers.front().lanes;
    for (size_t i = 0; i < layers_.size(); ++i) {
      layers_[i].Forward(weights.layers[i], InputOf(i, inputs, a), steps,
                         state + static_cast<int64_t>(i) * lanes * layers_[i].state_size(),
                         &a.layers[i]);
    }
    output_.Forward(weights.parameters, steps * lanes, a.layers.back().outputs(hidden_),
                    a.logits());
  }

  double Loss(const int32_t* targets, int steps, Real scale,
              Activations* activations) const override {
    Buffers& a = static_cast<Buffers&>(*activations);
    return output_.Loss(targets, int64_t{steps} * a.layers.front().lanes, scale, a.logits());
  }

  void Backward(const PackedWeights& packed, const int32_t* inputs, int steps,
                Activations* activations, Real* gradients, Real* state_gradient) const override {
    const Weights& weights = static_cast<const Weights&>(packed);
    Buffers& a = static_cast<Buffers&>(*activations);
    const int64_t lanes = a.layers.front().lanes;
    Real* output_gradient = a.output_gradient.data();
    output_.Backward(weights.parameters, steps * lanes, a.layers.back().outputs(hidden_),
                     a.logits(), gradients, output_gradient);
    for (size_t i = layers_.size(); i-- > 0;) {
      const int64_t offset = static_cast<int64_t>(i) * lanes * layers_[i].state_size();
      layers_[i].Backward(weights.layers[i], InputOf(i, inputs, a), steps, output_gradient,
                          &a.layers[i], gradients,
                          state_gradient == nullptr ? nullptr : state_gradient + offset);
    }
  }

  std::unique_ptr<Decoder<Real>> NewDecoder(const Real* parameters) const override {
    return std::make_unique<StackDecoder<Cell, Real>>(layers_, output_, parameters);
  }

 private:
  struct Weights : PackedWeights {
    const Real* parameters = nullptr;
    std::vector<typename Layer::Packed> layers;
  };
  struct Buffers : Activations {
    Real* logits() override { return logits_buffer.data(); }
    std::vector<typename Layer::Activations> layers;
    std::vector<Real> logits_buffer;    // [T x B x V]
    std::vector<Real> output_gradient;  // [T x B x H], of the layer whose turn it is
  };

  static std::vector<Layer> MakeLayers(const NetworkConfig& config, int vocabulary_size,
                                       ParameterLayout* layout) {
    std::vector<Layer> layers;
    layers.reserve(config.num_layers);
    for (int i = 0; i < config.num_layers; ++i) {
      layers.emplace_back(i, i == 0 ? vocabulary_size : config.hidden_size, config.hidden_size,
                          /*one_hot=*/i == 0, layout);
    }
    return layers;
  }

  LayerInput<Real> InputOf(size_t layer, const int32_t* ids, const Buffers& a) const {
    if (layer == 0) return {.ids = ids};
    return {.dense = a.layers[layer - 1].outputs(hidden_)};
  }

  const int64_t hidden_;
  const int vocabulary_size_;
  ParameterLayout layout_;
  const std::vector<Layer> layers_;
  const OutputLayer<Real> output_;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_NN_RECURRENT_NETWORK_H_
