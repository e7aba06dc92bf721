// One direction of one layer of any cell, run forward over a batch of T steps and backward again
// (truncated backpropagation through time).
//
// Rows of all buffers are indexed by (t, lane), t first. The products with the input do not depend
// on earlier steps, so they are computed before the time loop as one product; likewise the gradient
// of each weight matrix is one product after the loop. Only the recurrent products run step by
// step.
#ifndef RUNNEL_CORE_NN_RECURRENT_LAYER_H_
#define RUNNEL_CORE_NN_RECURRENT_LAYER_H_

#include <cstdint>
#include <vector>

#include "core/math/aligned_vector.h"
#include "core/math/gemm.h"
#include "core/math/training_kernels.h"
#include "core/nn/cells/cell.h"
#include "core/nn/network.h"
#include "core/nn/parameters.h"

namespace runnel {

// The input of a layer: characters (one-hot) or dense vectors.
template <typename Real>
struct LayerInput {
  const int32_t* ids = nullptr;  // [T x B]
  const Real* scale = nullptr;   // [T x B] factors of the one-hot vectors; null: 1
  const Real* dense = nullptr;   // [T x B x input_size]
};

struct LayerShape {
  int index;           // from 0
  bool reverse;        // reads from the last step to the first
  bool one_hot;        // the input is ids below input_size
  int64_t input_size;  // V, or the size of the dense input
  int64_t hidden_size;
};

template <typename Real>
class RecurrentLayer {
 public:
  struct Packed {
    TrainingPrecision precision;
    const Real* parameters = nullptr;
    GemmWeights<Real> input;  // W^T; of a dense input
    GemmWeights<Real> input_back;
    GemmWeights<Real> recurrent[kCellProductsMax];  // U^T, of each product
    GemmWeights<Real> recurrent_back[kCellProductsMax];
    std::vector<Real> recurrent_mask;  // [U's size], empty without dropout
    std::vector<Real> recurrent_kept;  // U times the mask
  };

  struct Activations {
    int64_t lanes = 0;
    int64_t steps_max = 0;
    AlignedVector<Real> gates;                           // [T x B] times [rows x H], with a stride
                                                         // of gates_stride(); see Cell
    AlignedVector<Real> states[kCellStatesMax];          // [(T+1) x B x H], in the order of time
    AlignedVector<Real> restarted[kCellStatesMax];       // [T x B x H]: the state before each step,
                                                         // where a batch has resets
    AlignedVector<Real> operand;                         // [T x B x H], if a product is of it
    AlignedVector<Real> state_gradient[kCellStatesMax];  // [B x H]
    AlignedVector<Real> operand_gradient;                // [B x H]
    GemmScratch* products = nullptr;                     // shared by the layers of a shard

    // [T x B x H]: h after each step.
    const Real* outputs = nullptr;
  };

  // Adds the layer's tensors to `layout`.
  RecurrentLayer(const Cell<Real>& cell, const LayerShape& shape, ParameterLayout* layout);

  // Reals of one lane's state.
  int64_t state_size() const { return cell_.shape.states * hidden_; }
  int64_t hidden_size() const { return hidden_; }

  Packed NewPacked(TrainingPrecision precision) const;
  void Pack(const Real* parameters, const DropoutDraw* dropout, Packed* packed) const;
  // `products` must outlive the returned activations.
  Activations NewActivations(int steps_max, int lanes, GemmScratch* products) const;

  // `state` [states][B][H] goes from before the first step to after the last.
  void Forward(const Packed& packed, const LayerInput<Real>& input, const Batch& batch, Real* state,
               Activations* a) const;

  // `output_gradient` is the gradient with respect to the outputs; its rows have a stride of
  // `output_stride`. Writes the layer's part of `gradients`. `state_gradient` [states][B][H], if
  // not null, receives the gradient of the state before the first step. `input_gradient` [T x B x
  // input_size], if not null, receives the gradient of a dense input, or has it added.
  void Backward(const Packed& packed, const LayerInput<Real>& input, const Batch& batch,
                const Real* output_gradient, int64_t output_stride, Activations* a, Real* gradients,
                Real* state_gradient, GemmUpdate input_update, Real* input_gradient) const;

 private:
  template <typename>
  friend class LayerDecoder;  // reads the parameters at this layer's offsets

  int64_t rows() const { return cell_.shape.rows * hidden_; }
  int64_t input_rows() const { return cell_.shape.input_rows * hidden_; }
  // An odd number of cache lines: the weight gradients read columns, and a stride of a power of two
  // would map a column to only a few sets of the cache.
  int64_t gates_stride() const {
    constexpr auto kLine = static_cast<int64_t>(64 / sizeof(Real));
    return ((rows() + kLine - 1) / kLine | 1) * kLine;
  }
  // The indices, among the T+1 states, of the states before and after step t.
  int64_t StateBefore(int64_t t) const { return shape_.reverse ? t + 1 : t; }
  int64_t StateAfter(int64_t t) const { return shape_.reverse ? t : t + 1; }
  int64_t StepAt(int64_t i, int64_t steps) const { return shape_.reverse ? steps - 1 - i : i; }
  // The states that step t starts from. Those of all steps are contiguous, in order of t.
  const Real* Before(const Activations& a, const Batch& batch, int state, int64_t t) const;
  // Copies the states before step t into `restarted`, and zeroes those of lanes that are reset.
  void Restart(const Batch& batch, int64_t t, Activations* a) const;

  void FeedInput(const Packed& packed, const LayerInput<Real>& input, int64_t rows,
                 Activations* a) const;
  // Adds step t's share of the gradients of the bias and of the one-hot input weights. This is done
  // at each step because its gates are still in the cache.
  void AddStepGradients(const LayerInput<Real>& input, int64_t t, const Activations& a,
                        Real* gradients) const;
  // Overwrites the gradients of the other weights, with one product for each matrix.
  void WriteWeightGradients(const Packed& packed, const LayerInput<Real>& input, const Batch& batch,
                            const Activations& a, Real* gradients) const;

  const Cell<Real>& cell_;
  const LayerShape shape_;
  const int64_t hidden_;
  int64_t input_weight_ = 0;  // offsets in the parameters
  int64_t recurrent_weight_ = 0;
  int64_t bias_ = 0;  // of all rows of gates
  int64_t peepholes_ = 0;
  const TrainingKernels<Real>& kernels_ = GetTrainingKernels<Real>();
};

extern template class RecurrentLayer<float>;
extern template class RecurrentLayer<double>;

}  // namespace runnel

#endif  // RUNNEL_CORE_NN_RECURRENT_LAYER_H_
