// A recurrent language model as arithmetic: characters in, logits out, and back.
//
// A `Network` is shape and code alone: immutable, shareable between threads, with no weights
// inside. Parameters are flat buffers in the order of `layout()`; what one shard of lanes needs
// while it trains lives in its own `Activations`.
//
// A one-directional network's logits at a step are of the character that follows the one read; a
// bidirectional one's are of the character at that place, which it should have been shown masked.
//
// Training, for each shard:  Forward -> Loss -> Backward.  Generating: NewDecoder once, then Step
// by Step.
//
// Shapes: T steps, B lanes, V characters, H hidden, D directions; ids [T x B], logits [T x B x V];
// states [layers][D][states][B][H], where a cell has one state (h) or two (h, c). `Real` is float,
// or double where tests want a reference.
#ifndef RUNNEL_CORE_NN_NETWORK_H_
#define RUNNEL_CORE_NN_NETWORK_H_

#include <cstdint>
#include <memory>

#include "absl/types/span.h"
#include "core/base/interruption.h"
#include "core/math/aligned_vector.h"
#include "core/math/packed_matrix.h"
#include "core/math/training_precision.h"
#include "core/nn/dropout.h"
#include "core/nn/network_config.h"
#include "core/nn/parameters.h"

namespace runnel {

// The id of a masked character, which a network reads as the zero vector.
inline constexpr int32_t kMaskedId = -1;
// A target that is not predicted: it adds nothing to the loss.
inline constexpr int32_t kNoTarget = -1;

// Buffers that a decoder's steps reuse, of any decoders by turns; they grow to the largest step.
// One thread at a time.
template <typename Real>
class DecodeScratch {
 public:
  // Room for `size` numbers; what was in it is lost.
  Real* Gates(int64_t size) { return AtLeast(size, &gates_); }
  Real* Operand(int64_t size) { return AtLeast(size, &operand_); }
  Real* Columns(int64_t size) { return AtLeast(size, &columns_); }

  ProductScratch product;

 private:
  static Real* AtLeast(int64_t size, AlignedVector<Real>* buffer) {
    if (static_cast<int64_t>(buffer->size()) < size) buffer->resize(size);
    return buffer->data();
  }

  AlignedVector<Real> gates_;
  AlignedVector<Real> operand_;
  AlignedVector<Real> columns_;
};

// A network with its weights packed for generating. Immutable, shareable between threads.
template <typename Real>
class Decoder {
 public:
  virtual ~Decoder() = default;
  // Reals of one session's state, [layers][states][H]; a new text starts from zeros.
  virtual int64_t state_size() const = 0;
  virtual int vocabulary_size() const = 0;
  // What NewDecoder was given. States go on to the bit only under the precision they come from.
  virtual DecodePrecision precision() const = 0;
  virtual int64_t bytes() const = 0;  // of memory
  // Multiply-adds that reading one character takes, without logits.
  virtual int64_t read_cost() const = 0;
  // Lets each session read one character: ids[i] moves states[i] on and gives logits [sessions x V]
  // row i. A session's result is the same to the bit in any company.
  virtual void Step(absl::Span<const int32_t> ids, absl::Span<Real* const> states, Real* logits,
                    DecodeScratch<Real>* scratch) const = 0;
  // Lets one session read characters one after another, without the logits that they give: `state`
  // is moved on as by as many steps, to the bit, and faster.
  virtual void Read(absl::Span<const int32_t> ids, Real* state,
                    DecodeScratch<Real>* scratch) const = 0;
  // For one step now and then.
  void Step(absl::Span<const int32_t> ids, absl::Span<Real* const> states, Real* logits) const {
    DecodeScratch<Real> scratch;
    Step(ids, states, logits, &scratch);
  }
};

// What one shard of lanes reads.
struct Batch {
  const int32_t* inputs;  // [T x B] ids or kMaskedId
  int steps;              // T
  // [T x B], or null: not 0 where a lane's state is zeroed before it reads that step's character.
  const uint8_t* resets = nullptr;
  // Null: none. As in Pack.
  const DropoutDraw* dropout = nullptr;
  int64_t first_lane = 0;  // in the whole batch, which masks go by
  // Null: none. Otherwise it is asked at each step of each layer and within large products; if
  // interrupted, Forward, Loss and Backward return early with anything in their outputs.
  Interruption* interruption = nullptr;
};

template <typename Real>
class Network {
 public:
  // Derived copies of one set of parameters, shared by the shards of a step.
  class PackedWeights {
   public:
    virtual ~PackedWeights() = default;
  };
  // What one shard keeps between Forward and Backward; one thread at a time.
  class Activations {
   public:
    virtual ~Activations() = default;
    // [T x B x V]: after Forward the logits, after Loss their gradients.
    virtual Real* logits() = 0;
    // The batches to come have `lanes` lanes, at most as many as there is room for.
    virtual void SetLanes(int lanes) = 0;
  };

  virtual ~Network() = default;

  virtual const ParameterLayout& layout() const = 0;
  // Reals of one lane's state.
  virtual int64_t state_size() const = 0;
  virtual int vocabulary_size() const = 0;
  virtual bool bidirectional() const = 0;

  // `precision` of the products of a float network.
  virtual std::unique_ptr<PackedWeights> NewPackedWeights(TrainingPrecision precision) const = 0;
  std::unique_ptr<PackedWeights> NewPackedWeights() const {
    return NewPackedWeights(TrainingPrecision::kF32);
  }
  // Points `packed` at `parameters`, which must stay until the step is over, and refreshes the
  // derived copies; `dropout` (or null) drops recurrent weights.
  virtual void Pack(const Real* parameters, const DropoutDraw* dropout,
                    PackedWeights* packed) const = 0;

  // Room for batches of up to `steps_max` steps, of `lanes` lanes unless fewer are set.
  virtual std::unique_ptr<Activations> NewActivations(int steps_max, int lanes) const = 0;

  // Runs the batch from `state`, which becomes the state after it.
  virtual void Forward(const PackedWeights& weights, const Batch& batch, Real* state,
                       Activations* activations) const = 0;
  // The sum of the cross-entropies of `targets` [T x B] (ids or kNoTarget) in nats; turns logits
  // into gradients of `scale` times that sum.
  virtual double Loss(const int32_t* targets, int steps, Real scale,
                      Activations* activations) const = 0;
  // Writes the gradients of the scaled loss into `gradients` [layout().size()], whatever was there;
  // `batch` is Forward's. If `state_gradient` is not null, it receives the gradient with respect to
  // the state that Forward began with.
  virtual void Backward(const PackedWeights& weights, const Batch& batch, Activations* activations,
                        Real* gradients, Real* state_gradient) const = 0;

  // Null for a bidirectional network, which cannot generate. `precision` is of a float network.
  virtual std::unique_ptr<Decoder<Real>> NewDecoder(const Real* parameters,
                                                    DecodePrecision precision) const = 0;
  std::unique_ptr<Decoder<Real>> NewDecoder(const Real* parameters) const {
    return NewDecoder(parameters, DecodePrecision::kF32);
  }
};

// `config` must be valid, `vocabulary_size` >= 1.
template <typename Real>
std::unique_ptr<Network<Real>> MakeNetwork(const NetworkConfig& config, int vocabulary_size);

}  // namespace runnel

#endif  // RUNNEL_CORE_NN_NETWORK_H_
