#include "core/nn/layer_decoder.h"

#include <algorithm>

namespace runnel {

template <typename Real>
LayerDecoder<Real>::LayerDecoder(const RecurrentLayer<Real>& layer, const Real* parameters,
                                 const Real* embedding, int vocabulary_size,
                                 DecodePrecision precision)
    : cell_(layer.cell()), hidden_(layer.shape().hidden_size) {
  const LayerTensors<const Real> tensors = layer.Tensors(parameters);
  const int64_t rows = cell_.shape.rows * hidden_;
  const int64_t input_rows = cell_.shape.input_rows * hidden_;
  bias_.assign(tensors.bias, tensors.bias + rows);
  peepholes_.assign(tensors.peepholes, tensors.peepholes + cell_.shape.peepholes * hidden_);
  for (int p = 0; p < cell_.shape.num_products; ++p) {
    const MatrixView<const Real> u = tensors.recurrent[p];
    recurrent_[p] = PackedMatrix<Real>(u.rows(), u.cols(), u.data(), precision);
  }
  const int64_t input_size = layer.shape().input_size;
  if (!layer.shape().one_hot && embedding == nullptr) {
    input_ = PackedMatrix<Real>(input_rows, input_size, tensors.input.data(), precision);
    return;
  }
  lookup_.reserve(vocabulary_size * rows);
  for (int id = 0; id < vocabulary_size; ++id) {
    lookup_.insert(lookup_.end(), bias_.begin(), bias_.end());
  }
  if (embedding != nullptr) {
    ProductScratch scratch;
    PackedMatrix<Real>(input_rows, input_size, tensors.input.data())
        .MultiplyAdd(vocabulary_size, embedding, lookup_.data(), rows, &scratch);
  } else {
    for (int64_t id = 0; id < vocabulary_size; ++id) {
      Real* row = lookup_.data() + id * rows;
      GetTrainingKernels<Real>().add(input_rows, row, tensors.input.Row(id), row);
    }
  }
}

template <typename Real>
void LayerDecoder<Real>::Step(int64_t sessions, const int32_t* ids, const Real* below,
                              Real* const states[], DecodeScratch<Real>* scratch) const {
  Move(sessions, InputGates(sessions, ids, below, scratch), states, scratch);
}

template <typename Real>
void LayerDecoder<Real>::Read(int64_t steps, const int32_t* ids, const Real* below,
                              Real* const states[], Real* outputs,
                              DecodeScratch<Real>* scratch) const {
  Real* gates = InputGates(steps, ids, below, scratch);
  for (int64_t t = 0; t < steps; ++t) {
    Move(1, gates + t * cell_.shape.rows * hidden_, states, scratch);
    std::copy_n(states[0], hidden_, outputs + t * hidden_);
  }
}

template <typename Real>
Real* LayerDecoder<Real>::InputGates(int64_t columns, const int32_t* ids, const Real* below,
                                     DecodeScratch<Real>* scratch) const {
  const int64_t rows = cell_.shape.rows * hidden_;
  Real* gates = scratch->Gates(columns * rows);
  for (int64_t c = 0; c < columns; ++c) {
    const Real* from = lookup_.empty() ? bias_.data() : lookup_.data() + ids[c] * rows;
    std::copy_n(from, rows, gates + c * rows);
  }
  if (lookup_.empty()) input_.MultiplyAdd(columns, below, gates, rows, &scratch->product);
  return gates;
}

template <typename Real>
void LayerDecoder<Real>::Move(int64_t sessions, Real* gates, Real* const states[],
                              DecodeScratch<Real>* scratch) const {
  const int64_t rows = cell_.shape.rows * hidden_;
  CellStep<Real> step = {.lanes = sessions,
                         .hidden = hidden_,
                         .gates = gates,
                         .gates_stride = rows,
                         .operand = scratch->Operand(sessions * hidden_),
                         .peepholes = peepholes_.data()};
  for (int s = 0; s < cell_.shape.states; ++s) {
    step.before[s] = states[s];
    step.after[s] = states[s];
  }
  Advance(cell_, step, [&](int p, const RecurrentProduct& product, const Real* v) {
    recurrent_[p].MultiplyAdd(sessions, v, gates + product.first * hidden_, rows,
                              &scratch->product);
  });
}

template class LayerDecoder<float>;
template class LayerDecoder<double>;

}  // namespace runnel
