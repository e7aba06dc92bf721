// A recurrent layer packed for generating: its input weights, the embedding's if there is one, and
// its recurrent ones.
#ifndef RUNNEL_CORE_NN_LAYER_DECODER_H_
#define RUNNEL_CORE_NN_LAYER_DECODER_H_

#include <cstdint>
#include <vector>

#include "core/math/packed_matrix.h"
#include "core/nn/cells/cell.h"
#include "core/nn/recurrent_layer.h"

namespace runnel {

template <typename Real>
class LayerDecoder {
 public:
  // `embedding` [V x input_size] stands before the layer, or is null.
  LayerDecoder(const RecurrentLayer<Real>& layer, const Real* parameters, const Real* embedding,
               int vocabulary_size, DecodePrecision precision);

  // One step of `sessions` columns: each of the cell's `states`, [sessions x H], moves on. `below`
  // [sessions x input_size] is what a layer that is not the first reads.
  void Step(int64_t sessions, const int32_t* ids, const Real* below, Real* const states[],
            DecodeScratch<Real>* scratch) const;
  // `steps` steps of one session: each of the cell's `states`, [H], moves on. What they put out,
  // [steps x H], goes to `outputs`, which may be `below`.
  void Read(int64_t steps, const int32_t* ids, const Real* below, Real* const states[],
            Real* outputs, DecodeScratch<Real>* scratch) const;
  int64_t bytes() const {
    int64_t bytes = input_.bytes() + BytesOf(lookup_) + BytesOf(bias_) + BytesOf(peepholes_);
    for (const PackedMatrix<Real>& matrix : recurrent_) bytes += matrix.bytes();
    return bytes;
  }
  // Multiply-adds of one column's step.
  int64_t cost() const {
    int64_t cost = input_.rows() * input_.cols();
    for (const PackedMatrix<Real>& matrix : recurrent_) cost += matrix.rows() * matrix.cols();
    return cost;
  }

 private:
  // What the inputs of `columns` add to the gates: [columns x rows x H], in scratch.
  Real* InputGates(int64_t columns, const int32_t* ids, const Real* below,
                   DecodeScratch<Real>* scratch) const;
  // Moves the states of `sessions` columns on by their `gates`.
  void Move(int64_t sessions, Real* gates, Real* const states[],
            DecodeScratch<Real>* scratch) const;

  const Cell<Real>& cell_;
  const int64_t hidden_;
  PackedMatrix<Real> input_;  // of a dense input
  PackedMatrix<Real> recurrent_[kCellProductsMax];
  std::vector<Real> lookup_;  // of characters: W x + b, [V x rows x H]
  std::vector<Real> bias_;    // [rows x H]
  std::vector<Real> peepholes_;
};

extern template class LayerDecoder<float>;
extern template class LayerDecoder<double>;

}  // namespace runnel

#endif  // RUNNEL_CORE_NN_LAYER_DECODER_H_
