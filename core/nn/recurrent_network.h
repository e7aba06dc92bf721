// A stack of recurrent layers, in one direction or two, between an input and an output layer: the
// `Network` of every configuration.
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

  const ParameterLayout& layout() const override { return layout_; }
  int64_t state_size() const override {
    return static_cast<int64_t>(layers_.size()) * layers_.front().state_size();
  }
  int vocabulary_size() const override { return vocabulary_size_; }
  bool bidirectional() const override { return directions_ > 1; }

  std::unique_ptr<PackedWeights> NewPackedWeights(TrainingPrecision precision) const override;
  void Pack(const Real* parameters, const DropoutDraw* dropout,
            PackedWeights* packed) const override;
  std::unique_ptr<Activations> NewActivations(int steps_max, int lanes) const override;
  void Forward(const PackedWeights& packed, const Batch& batch, Real* state,
               Activations* activations) const override;
  double Loss(const int32_t* targets, int steps, Real scale,
              Activations* activations) const override;
  void Backward(const PackedWeights& packed, const Batch& batch, Activations* activations,
                Real* gradients, Real* state_gradient) const override;
  using Network<Real>::NewDecoder;
  std::unique_ptr<Decoder<Real>> NewDecoder(const Real* parameters,
                                            DecodePrecision precision) const override;

 private:
  struct Weights;
  struct Buffers;

  // The share of level `level`'s outputs that is dropped; 0 without dropout.
  float RateBehind(int64_t level, const DropoutDraw* dropout) const;
  // The outputs of level `level`'s directions side by side, with dropout: [T x B x D*H].
  const Real* JoinOutputs(int64_t level, const Batch& batch, Buffers* a) const;
  // What level `level` reads.
  LayerInput<Real> InputOf(int64_t level, const Buffers& a) const;

  const int64_t hidden_;
  const int64_t directions_;
  const int vocabulary_size_;
  ParameterLayout layout_;
  const InputLayer<Real> input_;
  const std::vector<Layer> layers_;  // level 0's directions, level 1's, ...
  const OutputLayer<Real> output_;
  const TrainingKernels<Real>& kernels_ = GetTrainingKernels<Real>();
};

extern template class RecurrentNetwork<float>;
extern template class RecurrentNetwork<double>;

}  // namespace runnel

#endif  // RUNNEL_CORE_NN_RECURRENT_NETWORK_H_
