#include "core/nn/recurrent_network.h"

#include <algorithm>

#include "core/nn/stack_decoder.h"

namespace runnel {
namespace {

template <typename Real>
std::vector<RecurrentLayer<Real>> MakeLayers(const NetworkConfig& config,
                                             const InputLayer<Real>& input,
                                             ParameterLayout* layout) {
  std::vector<RecurrentLayer<Real>> layers;
  for (int level = 0; level < config.num_layers; ++level) {
    const int64_t below = int64_t{config.directions()} * config.hidden_size;
    for (int direction = 0; direction < config.directions(); ++direction) {
      layers.emplace_back(GetCell<Real>(config.cell),
                          LayerShape{.index = level,
                                     .reverse = direction == 1,
                                     .one_hot = level == 0 && input.one_hot(),
                                     .input_size = level == 0 ? input.size() : below,
                                     .hidden_size = config.hidden_size},
                          layout);
    }
  }
  return layers;
}

}  // namespace

template <typename Real>
struct RecurrentNetwork<Real>::Weights : PackedWeights {
  const Real* parameters = nullptr;
  std::vector<typename Layer::Packed> layers;
  typename OutputLayer<Real>::Packed output;
};

template <typename Real>
struct RecurrentNetwork<Real>::Buffers : Activations {
  Real* logits() override { return logits_buffer.data(); }
  void SetLanes(int count) override {
    lanes = count;
    for (auto& layer : layers) layer.lanes = count;
  }

  int64_t lanes = 0;
  int64_t lanes_max = 0;
  int64_t steps_max = 0;
  GemmScratch products;
  typename InputLayer<Real>::Activations input;
  LayerInput<Real> first_input;
  std::vector<typename Layer::Activations> layers;
  // One for each level:
  std::vector<UninitializedVector<Real>> joined;  // [T x B x D*H], if JoinOutputs must copy
  std::vector<AlignedVector<Real>> masks;         // [B x D*H], empty without dropout
  std::vector<const Real*> outputs;               // [T x B x D*H]
  UninitializedVector<Real> logits_buffer;        // [T x B x V]
  // [T x B x D*H]: the gradient of the outputs of the level that Backward has come to.
  UninitializedVector<Real> output_gradient;
  // The gradient of the outputs of the level below it, to which two directions add.
  UninitializedVector<Real> input_gradient;
};

template <typename Real>
RecurrentNetwork<Real>::RecurrentNetwork(const NetworkConfig& config, int vocabulary_size)
    : config_(config),
      hidden_(config.hidden_size),
      directions_(config.directions()),
      vocabulary_size_(vocabulary_size),
      input_(vocabulary_size, config.embedding_size, &layout_),
      layers_(MakeLayers(config, input_, &layout_)),
      output_(directions_ * hidden_, vocabulary_size, &layout_) {}

template <typename Real>
LaneStates<Real> RecurrentNetwork<Real>::NewStates(int lanes) const {
  return LaneStates<Real>(static_cast<int64_t>(layers_.size()), layers_.front().cell().shape.states,
                          lanes, hidden_);
}

template <typename Real>
auto RecurrentNetwork<Real>::NewPackedWeights(TrainingPrecision precision) const
    -> std::unique_ptr<PackedWeights> {
  auto packed = std::make_unique<Weights>();
  for (const Layer& layer : layers_) packed->layers.push_back(layer.NewPacked(precision));
  packed->output = output_.NewPacked(precision);
  return packed;
}

template <typename Real>
void RecurrentNetwork<Real>::Pack(const Real* parameters, const DropoutDraw* dropout,
                                  PackedWeights* packed) const {
  Weights& weights = static_cast<Weights&>(*packed);
  weights.parameters = parameters;
  for (size_t i = 0; i < layers_.size(); ++i) {
    layers_[i].Pack(parameters, dropout, &weights.layers[i]);
  }
  output_.Pack(parameters, &weights.output);
}

template <typename Real>
auto RecurrentNetwork<Real>::NewActivations(int steps_max, int lanes) const
    -> std::unique_ptr<Activations> {
  auto a = std::make_unique<Buffers>();
  a->lanes = lanes;
  a->lanes_max = lanes;
  a->steps_max = steps_max;
  a->input = input_.NewActivations(steps_max, lanes);
  for (const Layer& layer : layers_) {
    a->layers.push_back(layer.NewActivations(steps_max, lanes, &a->products));
  }
  a->joined.resize(levels());
  a->masks.resize(levels());
  for (auto& mask : a->masks) mask.reserve(lanes * directions_ * hidden_);
  a->outputs.resize(levels());
  const int64_t rows = int64_t{steps_max} * lanes;
  a->logits_buffer.resize(rows * vocabulary_size_);
  a->output_gradient.resize(rows * directions_ * hidden_);
  return a;
}

template <typename Real>
float RecurrentNetwork<Real>::OutputDropRate(int64_t level, const DropoutDraw* dropout) const {
  if (dropout == nullptr) return 0;
  return level == levels() - 1 ? dropout->rates.output : dropout->rates.between;
}

template <typename Real>
const Real* RecurrentNetwork<Real>::JoinOutputs(int64_t level, const Batch& batch,
                                                Buffers* a) const {
  const float rate = OutputDropRate(level, batch.dropout);
  const typename Layer::Activations* sides = &a->layers[level * directions_];
  a->masks[level].resize(rate > 0 ? a->lanes * directions_ * hidden_ : 0);
  if (directions_ == 1 && rate == 0) return sides[0].outputs;

  const int64_t width = directions_ * hidden_;
  UninitializedVector<Real>& joined = a->joined[level];
  joined.resize(a->steps_max * a->lanes_max * width);
  const int64_t rows = batch.steps * a->lanes;
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t side = 0; side < directions_; ++side) {
      std::copy_n(sides[side].outputs + r * hidden_, hidden_,
                  joined.data() + r * width + side * hidden_);
    }
  }
  if (rate > 0) {
    DrawMask(*batch.dropout, rate, kOutputsSite + static_cast<int>(level), batch.first_lane * width,
             a->lanes * width, a->masks[level].data());
    ApplyMask(level, batch, *a, joined.data());
  }
  return joined.data();
}

template <typename Real>
void RecurrentNetwork<Real>::ApplyMask(int64_t level, const Batch& batch, const Buffers& a,
                                       Real* rows) const {
  const AlignedVector<Real>& mask = a.masks[level];
  if (mask.empty()) return;
  const auto size = static_cast<int64_t>(mask.size());
  for (int64_t t = 0; t < batch.steps; ++t, rows += size) {
    kernels_.multiply(size, rows, mask.data(), rows);
  }
}

template <typename Real>
LayerInput<Real> RecurrentNetwork<Real>::InputOf(int64_t level, const Buffers& a) const {
  if (level == 0) return a.first_input;
  return {.dense = a.outputs[level - 1]};
}

template <typename Real>
void RecurrentNetwork<Real>::Forward(const PackedWeights& packed, const Batch& batch,
                                     LaneStates<Real>* states, Activations* activations) const {
  const Weights& weights = static_cast<const Weights&>(packed);
  Buffers& a = static_cast<Buffers&>(*activations);
  a.products.interruption = batch.interruption;
  a.first_input = input_.Forward(weights.parameters, batch, static_cast<int>(a.lanes), &a.input);
  for (int64_t level = 0; level < levels(); ++level) {
    for (int64_t i = level * directions_; i < (level + 1) * directions_; ++i) {
      layers_[i].Forward(weights.layers[i], InputOf(level, a), batch, states->Of(i), &a.layers[i]);
    }
    if (IsInterrupted(batch.interruption)) return;
    a.outputs[level] = JoinOutputs(level, batch, &a);
  }
  output_.Forward(weights.output, batch.steps * a.lanes, a.outputs.back(), a.logits(), &a.products);
}

template <typename Real>
double RecurrentNetwork<Real>::Loss(const int32_t* targets, int steps, Real scale,
                                    Activations* activations) const {
  Buffers& a = static_cast<Buffers&>(*activations);
  return output_.Loss(targets, steps * a.lanes, scale, a.logits(), a.products.interruption);
}

template <typename Real>
void RecurrentNetwork<Real>::Backward(const PackedWeights& packed, const Batch& batch,
                                      Activations* activations, Real* gradients,
                                      LaneStates<Real>* state_gradients) const {
  const Weights& weights = static_cast<const Weights&>(packed);
  Buffers& a = static_cast<Buffers&>(*activations);
  a.products.interruption = batch.interruption;
  output_.Backward(weights.output, batch.steps * a.lanes, a.outputs.back(), a.logits(), gradients,
                   a.output_gradient.data(), &a.products);
  for (int64_t level = levels() - 1; level >= 0; --level) {
    if (IsInterrupted(batch.interruption)) return;
    BackwardLevel(level, weights, batch, gradients, state_gradients, &a);
  }
  input_.Backward(batch, static_cast<int>(a.lanes), &a.input, gradients);
}

template <typename Real>
void RecurrentNetwork<Real>::BackwardLevel(int64_t level, const Weights& weights,
                                           const Batch& batch, Real* gradients,
                                           LaneStates<Real>* state_gradients, Buffers* a) const {
  const int64_t rows = batch.steps * a->lanes;
  const int64_t width = directions_ * hidden_;
  ApplyMask(level, batch, *a, a->output_gradient.data());
  MatrixView<Real> below;
  if (level == 0) {
    if (!input_.one_hot()) below = {a->input.gradient.data(), rows, input_.size()};
  } else if (directions_ == 1) {
    // The layer has read all of this gradient by the time that it writes the one below.
    below = {a->output_gradient.data(), rows, width};
  } else {
    // The second direction still reads this gradient after the first has written the one below.
    a->input_gradient.resize(a->output_gradient.size());
    below = {a->input_gradient.data(), rows, width};
  }
  const MatrixView<const Real> outputs(a->output_gradient.data(), rows, width);
  for (int64_t side = 0; side < directions_; ++side) {
    const int64_t i = level * directions_ + side;
    LayerGradients<Real> layer = {.outputs = outputs.ColumnRange(side * hidden_, hidden_),
                                  .parameters = gradients,
                                  .input = below};
    if (state_gradients != nullptr) layer.states = state_gradients->Of(i);
    if (side > 0) layer.input_update = GemmUpdate::kAdd;
    layers_[i].Backward(weights.layers[i], InputOf(level, *a), batch, layer, &a->layers[i]);
  }
  if (level > 0 && directions_ > 1) a->output_gradient.swap(a->input_gradient);
}

template <typename Real>
std::unique_ptr<Decoder<Real>> RecurrentNetwork<Real>::NewDecoder(const Real* parameters,
                                                                  DecodePrecision precision) const {
  if (config_.bidirectional) return nullptr;
  return std::make_unique<StackDecoder<Real>>(input_, layers_, output_, vocabulary_size_,
                                              parameters, precision);
}

template class RecurrentNetwork<float>;
template class RecurrentNetwork<double>;

template <typename Real>
std::unique_ptr<Network<Real>> MakeNetwork(const NetworkConfig& config, int vocabulary_size) {
  return std::make_unique<RecurrentNetwork<Real>>(config, vocabulary_size);
}
template std::unique_ptr<Network<float>> MakeNetwork(const NetworkConfig&, int);
template std::unique_ptr<Network<double>> MakeNetwork(const NetworkConfig&, int);

}  // namespace runnel
