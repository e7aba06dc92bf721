// One direction of one layer of any cell, run forward over a batch of T steps and backward again
// (truncated backpropagation through time).
//
// Rows of all buffers are indexed by (t, lane), t first. The products with the input do not depend
// on earlier steps, so they are computed before the time loop as one product. Likewise the gradient
// of each weight matrix is one product after the loop. Only the recurrent products run step by
// step.
#ifndef RUNNEL_CORE_NN_RECURRENT_LAYER_H_
#define RUNNEL_CORE_NN_RECURRENT_LAYER_H_

#include <cstdint>
#include <vector>

#include "core/math/aligned_vector.h"
#include "core/math/gemm.h"
#include "core/math/matrix_view.h"
#include "core/math/training_kernels.h"
#include "core/nn/batch.h"
#include "core/nn/cells/cell.h"
#include "core/nn/lane_states.h"
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

// A layer's tensors within the flat buffer of all parameters (T is const) or of all gradients.
template <typename T>
struct LayerTensors {
  MatrixView<T> input;  // W [input_rows H x input_size]; W^T [input_size x input_rows H] if one-hot
  MatrixView<T> recurrent[kCellProductsMax];  // U of each product [count H x H]
  T* bias;                                    // [rows H]
  T* peepholes;                               // [peepholes H]
};

// The gradients that the backward pass of a layer reads and writes.
template <typename Real>
struct LayerGradients {
  // The gradients with respect to the outputs [T*B x H], which are read.
  MatrixView<const Real> outputs;
  // The gradients of all parameters, of which the layer's own are overwritten.
  Real* parameters;
  // If h is not null, these receive the gradients of the states before the first step.
  LayerStates<Real> states = {};
  // If it is not empty, it receives the gradients of the dense input [T*B x input_size].
  MatrixView<Real> input = {};
  GemmUpdate input_update = GemmUpdate::kAssign;
};

template <typename Real>
class RecurrentLayer {
 public:
  struct Packed {
    TrainingPrecision precision;
    LayerTensors<const Real> parameters;
    GemmWeights<Real> input;  // W^T; only of a dense input
    GemmWeights<Real> input_back;
    GemmWeights<Real> recurrent[kCellProductsMax];  // U^T of each product
    GemmWeights<Real> recurrent_back[kCellProductsMax];
    std::vector<Real> recurrent_mask;  // [U's size], empty without dropout
    std::vector<Real> recurrent_kept;  // U times the mask
  };

  struct Activations {
    int64_t lanes = 0;
    int64_t steps_max = 0;
    UninitializedVector<Real> gates;                      // [T x B] times [rows x H], with a stride
                                                          // of gates_stride(); see Cell
    UninitializedVector<Real> states[kCellStatesMax];     // [(T+1) x B x H], in the order of time
    UninitializedVector<Real> restarted[kCellStatesMax];  // [T x B x H]: the state before each
                                                          // step, where a batch has resets
    UninitializedVector<Real> operand;                    // [T x B x H], if a product is of it
    AlignedVector<Real> state_gradient[kCellStatesMax];   // [B x H]
    AlignedVector<Real> operand_gradient;                 // [B x H]
    GemmScratch* products = nullptr;                      // shared by the layers of a shard

    // [T x B x H]: h after each step.
    const Real* outputs = nullptr;
  };

  // Adds the layer's tensors to `layout`.
  RecurrentLayer(const Cell<Real>& cell, const LayerShape& shape, ParameterLayout* layout);

  const Cell<Real>& cell() const { return cell_; }
  const LayerShape& shape() const { return shape_; }
  // The number of elements of one lane's states.
  int64_t state_size() const { return cell_.shape.states * hidden_; }

  // The layer's tensors in `parameters`, which may also be gradients.
  LayerTensors<const Real> Tensors(const Real* parameters) const {
    return TensorsIn<const Real>(parameters);
  }

  Packed NewPacked(TrainingPrecision precision) const;
  void Pack(const Real* parameters, const DropoutDraw* dropout, Packed* packed) const;
  // `products` must outlive the returned activations.
  Activations NewActivations(int steps_max, int lanes, GemmScratch* products) const;

  // Advances `states` from before the first step to after the last.
  void Forward(const Packed& packed, const LayerInput<Real>& input, const Batch& batch,
               const LayerStates<Real>& states, Activations* a) const;
  void Backward(const Packed& packed, const LayerInput<Real>& input, const Batch& batch,
                const LayerGradients<Real>& gradients, Activations* a) const;

 private:
  int64_t rows() const { return cell_.shape.rows * hidden_; }
  int64_t input_rows() const { return cell_.shape.input_rows * hidden_; }
  int64_t recurrent_size() const { return cell_.shape.recurrent_rows() * hidden_ * hidden_; }
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

  template <typename T>
  LayerTensors<T> TensorsIn(T* buffer) const;
  // The rows of `u` [recurrent_rows H x H] that product number `product` consumes.
  template <typename T>
  MatrixView<T> RecurrentWeights(T* u, int product) const;
  // The rows of gates of `steps` steps from step t on.
  MatrixView<Real> Gates(int64_t t, int64_t steps, Activations* a) const {
    return {a->gates.data() + t * a->lanes * gates_stride(), steps * a->lanes, rows(),
            gates_stride()};
  }
  // The rows of gates that a product adds to.
  template <typename T>
  MatrixView<T> GatesOf(const RecurrentProduct& product, MatrixView<T> gates) const {
    return gates.ColumnRange(product.first * hidden_, product.count * hidden_);
  }

  // The states that step t starts from. Those of all steps are contiguous, in order of t.
  const Real* Before(const Activations& a, const Batch& batch, int state, int64_t t) const;
  // Copies the states before step t into `restarted`, and zeroes those of lanes that are reset.
  void Restart(const Batch& batch, int64_t t, Activations* a) const;
  // Points `step`, a CellStep or a CellStepBack, at the gates and states of step t.
  template <typename Step>
  void PointAtStep(const Batch& batch, int64_t t, Activations* a, Step* step) const;

  // Writes the contributions of the input and the bias to the first `count` rows of gates.
  void FeedInput(const Packed& packed, const LayerInput<Real>& input, int64_t count,
                 Activations* a) const;

  // Sets to zero the gradients that are sums over the steps.
  void ClearSums(const LayerTensors<Real>& gradients, Activations* a) const;
  // Replaces step t's gates by their gradients, and the gradients of the states after the step by
  // those of the states before it.
  void StepBack(const Packed& packed, const CellStepBack<Real>& step, int64_t t,
                Activations* a) const;
  // Adds step t's share of the gradients of the bias and of the one-hot input weights. This is done
  // at each step because its gates are still in the cache.
  void AddStepGradients(const LayerInput<Real>& input, int64_t t, Activations* a,
                        const LayerTensors<Real>& gradients) const;
  // Ends the gradients of the lanes whose states were reset before step t.
  void ClearResetLanes(const Batch& batch, int64_t t, Activations* a) const;
  // Overwrites the gradients of the other weights, with one product for each matrix.
  void WriteWeightGradients(const Packed& packed, const LayerInput<Real>& input, const Batch& batch,
                            Activations* a, const LayerTensors<Real>& gradients) const;

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
