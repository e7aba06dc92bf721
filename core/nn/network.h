// A recurrent language model as arithmetic: characters in, logits out, and gradients back.
//
// A `Network` consists of a shape and code. It is immutable, has no weights in it, and threads may
// share it. Parameters are flat buffers in the order of `layout()`. What one shard of lanes needs
// while it trains is in its own `Activations`.
//
// A one-directional network's logits at a step predict the character that follows the one it read.
// A bidirectional network's logits predict the character at the same place, which should have been
// shown to it masked.
//
// To train, call Pack once for each step, and then, for each shard, Forward, Loss and Backward. To
// generate, call NewDecoder once and then the decoder's Step repeatedly.
//
// Shapes: T steps, B lanes, V characters, H hidden, D directions; ids [T x B], logits [T x B x V];
// states as in LaneStates. `Real` is float, or double where tests want a reference.
#ifndef RUNNEL_CORE_NN_NETWORK_H_
#define RUNNEL_CORE_NN_NETWORK_H_

#include <cstdint>
#include <memory>

#include "core/math/training_precision.h"
#include "core/nn/batch.h"
#include "core/nn/decoder.h"
#include "core/nn/lane_states.h"
#include "core/nn/network_config.h"
#include "core/nn/parameters.h"

namespace runnel {

template <typename Real>
class Network {
 public:
  // Copies that are derived from one set of parameters. The shards of a step share them.
  class PackedWeights {
   public:
    virtual ~PackedWeights() = default;
  };
  // What one shard keeps between Forward and Backward. Only one thread may use it at a time.
  class Activations {
   public:
    virtual ~Activations() = default;
    // [T x B x V]: the logits after Forward, their gradients after Loss.
    virtual Real* logits() = 0;
    // Sets the number of lanes of the batches to come, at most as many as there is room for.
    virtual void SetLanes(int lanes) = 0;
  };

  virtual ~Network() = default;

  virtual const NetworkConfig& config() const = 0;
  virtual const ParameterLayout& layout() const = 0;
  virtual int vocabulary_size() const = 0;
  bool bidirectional() const { return config().bidirectional; }

  // The number of elements of one lane's states.
  virtual int64_t state_size() const = 0;
  // The zero states of `lanes` lanes.
  virtual LaneStates<Real> NewStates(int lanes) const = 0;

  // `precision` is that of a float network's products.
  virtual std::unique_ptr<PackedWeights> NewPackedWeights(TrainingPrecision precision) const = 0;
  std::unique_ptr<PackedWeights> NewPackedWeights() const {
    return NewPackedWeights(TrainingPrecision::kF32);
  }
  // Points `packed` at `parameters`, which must live and stay the same until the step is over, and
  // makes the derived copies anew. `dropout`, if it is not null, drops recurrent weights.
  virtual void Pack(const Real* parameters, const DropoutDraw* dropout,
                    PackedWeights* packed) const = 0;

  // Returns room for batches of up to `steps_max` steps and `lanes` lanes. The batches have that
  // many lanes unless SetLanes sets fewer.
  virtual std::unique_ptr<Activations> NewActivations(int steps_max, int lanes) const = 0;

  // Runs the batch from `states`, which become the states after it.
  virtual void Forward(const PackedWeights& weights, const Batch& batch, LaneStates<Real>* states,
                       Activations* activations) const = 0;
  // Returns the sum of the cross-entropies of `targets` [T x B] (ids or kNoTarget) in nats.
  // Replaces the logits by the gradients of `scale` times that sum.
  virtual double Loss(const int32_t* targets, int steps, Real scale,
                      Activations* activations) const = 0;
  // Overwrites `gradients` [layout().size()] with the gradients of the scaled loss. `batch` is the
  // one that Forward was given. If `state_gradients` is not null, it receives the gradients with
  // respect to the states that Forward began with.
  virtual void Backward(const PackedWeights& weights, const Batch& batch, Activations* activations,
                        Real* gradients, LaneStates<Real>* state_gradients) const = 0;

  // Returns null for a bidirectional network, which cannot generate. `precision` is that of a float
  // network's weights.
  virtual std::unique_ptr<Decoder<Real>> NewDecoder(const Real* parameters,
                                                    DecodePrecision precision) const = 0;
  std::unique_ptr<Decoder<Real>> NewDecoder(const Real* parameters) const {
    return NewDecoder(parameters, DecodePrecision::kF32);
  }
};

// `config` must be valid and `vocabulary_size` at least 1.
template <typename Real>
std::unique_ptr<Network<Real>> MakeNetwork(const NetworkConfig& config, int vocabulary_size);

}  // namespace runnel

#endif  // RUNNEL_CORE_NN_NETWORK_H_
