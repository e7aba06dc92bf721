#include "core/nn/layer_decoder.h"

#include <algorithm>

namespace runnel {

template <typename Real>
LayerDecoder<Real>::LayerDecoder(const RecurrentLayer<Real>& layer, const Real* parameters,
                                 const Real* embedding, int vocabulary_size,
                                 DecodePrecision precision)
    : cell_(layer.cell_),
      hidden_(layer.hidden_),
      bias_(parameters + layer.bias_, parameters + layer.bias_ + layer.rows()) {
  const int64_t input_rows = layer.input_rows();
  const int64_t input_size = layer.shape_.input_size;
  const Real* w = parameters + layer.input_weight_;
  const bool reads_chars = layer.shape_.one_hot || embedding != nullptr;
  if (reads_chars) {
    lookup_.reserve(vocabulary_size * layer.rows());
    for (int id = 0; id < vocabulary_size; ++id)
      lookup_.insert(lookup_.end(), bias_.begin(), bias_.end());
    if (embedding != nullptr) {
      ProductScratch scratch;
      PackedMatrix<Real>(input_rows, input_size, w)
          .MultiplyAdd(vocabulary_size, embedding, lookup_.data(), layer.rows(), &scratch);
    } else {
      for (int64_t id = 0; id < vocabulary_size; ++id) {
        Real* row = lookup_.data() + id * layer.rows();
        layer.kernels_.add(input_rows, row, w + id * input_rows, row);
      }
    }
  } else {
    input_ = PackedMatrix<Real>(input_rows, input_size, w, precision);
  }
  const Real* u = parameters + layer.recurrent_weight_;
  for (int p = 0; p < cell_.shape.num_products; ++p) {
    const int64_t rows = cell_.shape.products[p].count * hidden_;
    recurrent_[p] = PackedMatrix<Real>(rows, hidden_, u, precision);
    u += rows * hidden_;
  }
  const Real* peepholes = parameters + layer.peepholes_;
  peepholes_.assign(peepholes, peepholes + cell_.shape.peepholes * hidden_);
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
  for (int p = 0; p < cell_.shape.num_products; ++p) {
    const RecurrentProduct& product = cell_.shape.products[p];
    recurrent_[p].MultiplyAdd(sessions, product.of_operand ? step.operand : step.before[0],
                              gates + product.first * hidden_, rows, &scratch->product);
    cell_.forward[p](step);
  }
}

template class LayerDecoder<float>;
template class LayerDecoder<double>;

}  // namespace runnel
