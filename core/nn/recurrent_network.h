// A stack of recurrent layers between an input and an output layer: the `Network` of every
// configuration. Each level of the stack has one recurrent layer for each direction.
#ifndef RUNNEL_CORE_NN_RECURRENT_NETWORK_H_
#define RUNNEL_CORE_NN_RECURRENT_NETWORK_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "core/nn/input_layer.h"
#include "core/nn/network.h"
#include "core/nn/output_layer.h"
#include "core/nn/recurrent_layer.h"

namespace runnel {

template <typename Real>
class RecurrentNetwork : public Network<Real> {
 public:
  using Layer = RecurrentLayer<Real>;
  using typename Network<Real>::Activations;
  using typename Network<Real>::PackedWeights;

  RecurrentNetwork(const NetworkConfig& config, int vocabulary_size);

  const NetworkConfig& config() const override { return config_; }
  const ParameterLayout& layout() const override { return layout_; }
  int64_t state_size() const override {
    return static_cast<int64_t>(layers_.size()) * layers_.front().state_size();
  }
  int vocabulary_size() const override { return vocabulary_size_; }
  LaneStates<Real> NewStates(int lanes) const override;

  std::unique_ptr<PackedWeights> NewPackedWeights(TrainingPrecision precision) const override;
  void Pack(const Real* parameters, const DropoutDraw* dropout,
            PackedWeights* packed) const override;
  std::unique_ptr<Activations> NewActivations(int steps_max, int lanes) const override;
  void Forward(const PackedWeights& packed, const Batch& batch, LaneStates<Real>* states,
               Activations* activations) const override;
  double Loss(const int32_t* targets, int steps, Real scale,
              Activations* activations) const override;
  void Backward(const PackedWeights& packed, const Batch& batch, Activations* activations,
                Real* gradients, LaneStates<Real>* state_gradients) const override;
  using Network<Real>::NewDecoder;
  std::unique_ptr<Decoder<Real>> NewDecoder(const Real* parameters,
                                            DecodePrecision precision) const override;

 private:
  struct Weights;
  struct Buffers;

  int64_t levels() const { return config_.num_layers; }
  // The rate at which the outputs of level `level` are dropped; 0 without dropout.
  float OutputDropRate(int64_t level, const DropoutDraw* dropout) const;
  // Returns the outputs of level `level` [T x B x D*H], its directions next to each other, with
  // dropout applied.
  const Real* JoinOutputs(int64_t level, const Batch& batch, Buffers* a) const;
  // Multiplies each step of `rows` [T x B x D*H] by level `level`'s dropout mask, if there is one.
  void ApplyMask(int64_t level, const Batch& batch, const Buffers& a, Real* rows) const;
  // Returns the input of level `level`.
  LayerInput<Real> InputOf(int64_t level, const Buffers& a) const;
  // Runs level `level` backward. Replaces a->output_gradient, which is that of the level's outputs,
  // by that of the level below it.
  void BackwardLevel(int64_t level, const Weights& weights, const Batch& batch, Real* gradients,
                     LaneStates<Real>* state_gradients, Buffers* a) const;

  const NetworkConfig config_;
  const int64_t hidden_;
  const int64_t directions_;
  const int vocabulary_size_;
  ParameterLayout layout_;
  const InputLayer<Real> input_;
  const std::vector<Layer> layers_;  // the directions of level 0, those of level 1, ...
  const OutputLayer<Real> output_;
  const TrainingKernels<Real>& kernels_ = GetTrainingKernels<Real>();
};

extern template class RecurrentNetwork<float>;
extern template class RecurrentNetwork<double>;

}  // namespace runnel

#endif  // RUNNEL_CORE_NN_RECURRENT_NETWORK_H_
