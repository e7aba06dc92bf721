// A recurrent layer with its input and recurrent weights packed for generating text. If its input
// is an embedding, that is multiplied by the input weights in advance.
#ifndef RUNNEL_CORE_NN_LAYER_DECODER_H_
#define RUNNEL_CORE_NN_LAYER_DECODER_H_

#include <cstdint>
#include <vector>

#include "core/math/packed_matrix.h"
#include "core/nn/cells/cell.h"
#include "core/nn/decoder.h"
#include "core/nn/recurrent_layer.h"

namespace runnel {

template <typename Real>
class LayerDecoder {
 public:
  // `embedding` [V x input_size] is null if the layer's input is not an embedding.
  LayerDecoder(const RecurrentLayer<Real>& layer, const Real* parameters, const Real* embedding,
               int vocabulary_size, DecodePrecision precision);

  // Advances each of the cell's `states`, [sessions x H], by one step. `below`
  // [sessions x input_size] is the input of every layer but the first, which reads `ids`.
  void Step(int64_t sessions, const int32_t* ids, const Real* below, Real* const states[],
            DecodeScratch<Real>* scratch) const;
  // Advances each of the cell's `states`, [H], of one session by `steps` steps. Writes h after each
  // of them, [steps x H], to `outputs`, which may be the same buffer as `below`.
  void Read(int64_t steps, const int32_t* ids, const Real* below, Real* const states[],
            Real* outputs, DecodeScratch<Real>* scratch) const;
  int64_t bytes() const {
    int64_t bytes = input_.bytes() + BytesOf(lookup_) + BytesOf(bias_) + BytesOf(peepholes_);
    for (const PackedMatrix<Real>& matrix : recurrent_) bytes += matrix.bytes();
    return bytes;
  }
  // The multiply-adds of one column's step.
  int64_t cost() const {
    int64_t cost = input_.rows() * input_.cols();
    for (const PackedMatrix<Real>& matrix : recurrent_) cost += matrix.rows() * matrix.cols();
    return cost;
  }

 private:
  // Returns the inputs' contribution to the gates, [columns x rows x H], which is in `scratch`.
  Real* InputGates(int64_t columns, const int32_t* ids, const Real* below,
                   DecodeScratch<Real>* scratch) const;
  // Adds the recurrent products to the `gates` of `sessions` columns and advances their states.
  void Move(int64_t sessions, Real* gates, Real* const states[],
            DecodeScratch<Real>* scratch) const;

  const Cell<Real>& cell_;
  const int64_t hidden_;
  PackedMatrix<Real> input_;  // only of a dense input
  PackedMatrix<Real> recurrent_[kCellProductsMax];
  std::vector<Real> lookup_;  // W x + b of each character [V x rows x H]; not of a dense input
  std::vector<Real> bias_;    // [rows x H]
  std::vector<Real> peepholes_;
};

extern template class LayerDecoder<float>;
extern template class LayerDecoder<double>;

}  // namespace runnel

#endif  // RUNNEL_CORE_NN_LAYER_DECODER_H_
