#include "core/nn/recurrent_layer.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace runnel {

template <typename Real>
RecurrentLayer<Real>::RecurrentLayer(const Cell<Real>& cell, const LayerShape& shape,
                                     ParameterLayout* layout)
    : cell_(cell), shape_(shape), hidden_(shape.hidden_size) {
  const CellShape& c = cell_.shape;
  const auto name = [&](absl::string_view kind) {
    return absl::StrCat("rnn.", kind, "_l", shape.index, shape.reverse ? "_reverse" : "");
  };
  const int64_t in_front = c.candidate_first ? hidden_ : 0;
  input_weight_ = layout->Add({.name = name("weight_ih"),
                               .role = TensorRole::kInputWeight,
                               .rows = input_rows(),
                               .cols = shape.input_size,
                               .rows_in_front = in_front,
                               .transposed = shape.one_hot});
  recurrent_weight_ = layout->Add({.name = name("weight_hh"),
                                   .role = TensorRole::kRecurrentWeight,
                                   .rows = c.recurrent_rows() * hidden_,
                                   .cols = hidden_});
  bias_ = layout->Add({.name = name("bias_ih"),
                       .role = TensorRole::kBias,
                       .rows = input_rows(),
                       .rows_in_front = in_front,
                       .forget_begin = c.forget_row < 0 ? -1 : c.forget_row * hidden_});
  if (c.rows > c.input_rows) {
    // This must directly follow the other biases, so that all of them form one vector.
    layout->Add({.name = name("bias_hh"),
                 .role = TensorRole::kRecurrentBias,
                 .rows = rows() - input_rows()});
  }
  constexpr absl::string_view kPeepholes[kPeepholesMax] = {"peephole_i", "peephole_f",
                                                           "peephole_o"};
  for (int i = 0; i < c.peepholes; ++i) {
    const int64_t offset =
        layout->Add({.name = name(kPeepholes[i]), .role = TensorRole::kPeephole, .rows = hidden_});
    if (i == 0) peepholes_ = offset;
  }
}

template <typename Real>
template <typename T>
MatrixView<T> RecurrentLayer<Real>::RecurrentWeights(T* u, int product) const {
  int first = 0;
  for (int i = 0; i < product; ++i) first += cell_.shape.products[i].count;
  return {u + first * hidden_ * hidden_, cell_.shape.products[product].count * hidden_, hidden_};
}

template <typename Real>
template <typename T>
LayerTensors<T> RecurrentLayer<Real>::TensorsIn(T* buffer) const {
  LayerTensors<T> tensors = {.bias = buffer + bias_, .peepholes = buffer + peepholes_};
  const int64_t size = shape_.input_size;
  tensors.input = {buffer + input_weight_, shape_.one_hot ? size : input_rows(),
                   shape_.one_hot ? input_rows() : size};
  for (int i = 0; i < cell_.shape.num_products; ++i) {
    tensors.recurrent[i] = RecurrentWeights(buffer + recurrent_weight_, i);
  }
  return tensors;
}

template <typename Real>
typename RecurrentLayer<Real>::Packed RecurrentLayer<Real>::NewPacked(
    TrainingPrecision precision) const {
  Packed packed = {.precision = precision};
  if (!shape_.one_hot) {
    packed.input = GemmWeights<Real>(shape_.input_size, input_rows(), precision);
    packed.input_back = GemmWeights<Real>(input_rows(), shape_.input_size, precision);
  }
  for (int i = 0; i < cell_.shape.num_products; ++i) {
    const int64_t rows = cell_.shape.products[i].count * hidden_;
    packed.recurrent[i] = GemmWeights<Real>(hidden_, rows, precision);
    packed.recurrent_back[i] = GemmWeights<Real>(rows, hidden_, precision);
  }
  return packed;
}

template <typename Real>
void RecurrentLayer<Real>::Pack(const Real* parameters, const DropoutDraw* dropout,
                                Packed* packed) const {
  packed->parameters = Tensors(parameters);
  if (!shape_.one_hot) {
    packed->input.Assign(packed->parameters.input.Transposed());
    packed->input_back.Assign(packed->parameters.input);
  }
  const Real* u = parameters + recurrent_weight_;
  if (dropout != nullptr && dropout->rates.recurrent > 0) {
    packed->recurrent_mask.resize(recurrent_size());
    packed->recurrent_kept.resize(recurrent_size());
    const int site = kRecurrentSite + 2 * shape_.index + (shape_.reverse ? 1 : 0);
    DrawMask(*dropout, dropout->rates.recurrent, site, 0, recurrent_size(),
             packed->recurrent_mask.data());
    kernels_.multiply(recurrent_size(), u, packed->recurrent_mask.data(),
                      packed->recurrent_kept.data());
    u = packed->recurrent_kept.data();
  } else {
    packed->recurrent_mask.clear();
  }
  for (int i = 0; i < cell_.shape.num_products; ++i) {
    packed->recurrent[i].Assign(RecurrentWeights(u, i).Transposed());
    packed->recurrent_back[i].Assign(RecurrentWeights(u, i));
  }
}

template <typename Real>
typename RecurrentLayer<Real>::Activations RecurrentLayer<Real>::NewActivations(
    int steps_max, int lanes, GemmScratch* products) const {
  Activations a;
  a.products = products;
  a.lanes = lanes;
  a.steps_max = steps_max;
  const int64_t units = lanes * hidden_;
  a.gates.resize(steps_max * lanes * gates_stride());
  for (int s = 0; s < cell_.shape.states; ++s) {
    a.states[s].resize((int64_t{steps_max} + 1) * units);
    // Any later batch may be the first with resets. Until then, this memory is reserved but never
    // touched.
    a.restarted[s].reserve(steps_max * units);
    a.state_gradient[s].resize(units);
  }
  if (cell_.shape.num_products > 1) {
    a.operand.resize(steps_max * units);
    a.operand_gradient.resize(units);
  }
  return a;
}

template <typename Real>
const Real* RecurrentLayer<Real>::Before(const Activations& a, const Batch& batch, int state,
                                         int64_t t) const {
  const int64_t units = a.lanes * hidden_;
  if (batch.resets != nullptr) return a.restarted[state].data() + t * units;
  return a.states[state].data() + StateBefore(t) * units;
}

template <typename Real>
void RecurrentLayer<Real>::Restart(const Batch& batch, int64_t t, Activations* a) const {
  const int64_t units = a->lanes * hidden_;
  for (int s = 0; s < cell_.shape.states; ++s) {
    Real* to = a->restarted[s].data() + t * units;
    std::copy_n(a->states[s].data() + StateBefore(t) * units, units, to);
    for (int64_t lane = 0; lane < a->lanes; ++lane) {
      if (batch.resets[t * a->lanes + lane] != 0)
        std::fill_n(to + lane * hidden_, hidden_, Real{0});
    }
  }
}

template <typename Real>
template <typename Step>
void RecurrentLayer<Real>::PointAtStep(const Batch& batch, int64_t t, Activations* a,
                                       Step* step) const {
  step->gates = Gates(t, 1, a).data();
  for (int s = 0; s < cell_.shape.states; ++s) {
    step->before[s] = Before(*a, batch, s, t);
    step->after[s] = a->states[s].data() + StateAfter(t) * a->lanes * hidden_;
  }
}

template <typename Real>
void RecurrentLayer<Real>::Forward(const Packed& packed, const LayerInput<Real>& input,
                                   const Batch& batch, const LayerStates<Real>& states,
                                   Activations* a) const {
  const int64_t lanes = a->lanes;
  const int64_t units = lanes * hidden_;
  const int64_t steps = batch.steps;
  FeedInput(packed, input, steps * lanes, a);
  const int64_t first = shape_.reverse ? steps : 0;
  for (int s = 0; s < cell_.shape.states; ++s) {
    std::copy_n(states[s], units, a->states[s].data() + first * units);
    if (batch.resets != nullptr) a->restarted[s].resize(a->steps_max * units);
  }
  a->outputs = a->states[0].data() + StateAfter(0) * units;

  CellStep<Real> step = {.lanes = lanes,
                         .hidden = hidden_,
                         .gates_stride = gates_stride(),
                         .peepholes = packed.parameters.peepholes};
  for (int64_t i = 0; i < steps; ++i) {
    if (IsInterrupted(batch.interruption)) return;
    const int64_t t = StepAt(i, steps);
    if (batch.resets != nullptr) Restart(batch, t, a);
    PointAtStep(batch, t, a, &step);
    step.operand = a->operand.data() + t * units;
    const MatrixView<Real> gates = Gates(t, 1, a);
    Advance(cell_, step, [&](int p, const RecurrentProduct& product, const Real* v) {
      packed.recurrent[p].Multiply({v, lanes, hidden_}, GatesOf(product, gates), GemmUpdate::kAdd,
                                   a->products);
    });
  }
  const int64_t last = shape_.reverse ? 0 : steps;
  for (int s = 0; s < cell_.shape.states; ++s) {
    std::copy_n(a->states[s].data() + last * units, units, states[s]);
  }
}

template <typename Real>
void RecurrentLayer<Real>::Backward(const Packed& packed, const LayerInput<Real>& input,
                                    const Batch& batch, const LayerGradients<Real>& gradients,
                                    Activations* a) const {
  const int64_t lanes = a->lanes;
  const int64_t steps = batch.steps;
  const LayerTensors<Real> tensors = TensorsIn(gradients.parameters);
  ClearSums(tensors, a);
  CellStepBack<Real> step = {.lanes = lanes,
                             .hidden = hidden_,
                             .gates_stride = gates_stride(),
                             .output_stride = gradients.outputs.row_stride(),
                             .operand_gradient = a->operand_gradient.data(),
                             .peepholes = packed.parameters.peepholes,
                             .peephole_gradient = tensors.peepholes};
  for (int s = 0; s < cell_.shape.states; ++s) step.state_gradient[s] = a->state_gradient[s].data();
  for (int64_t i = steps - 1; i >= 0; --i) {
    if (IsInterrupted(batch.interruption)) return;
    const int64_t t = StepAt(i, steps);
    PointAtStep(batch, t, a, &step);
    step.output_gradient = gradients.outputs.Row(t * lanes);
    StepBack(packed, step, t, a);
    AddStepGradients(input, t, a, tensors);
    if (batch.resets != nullptr) ClearResetLanes(batch, t, a);
  }
  if (gradients.states[0] != nullptr) {
    for (int s = 0; s < cell_.shape.states; ++s) {
      std::copy_n(a->state_gradient[s].data(), lanes * hidden_, gradients.states[s]);
    }
  }
  WriteWeightGradients(packed, input, batch, a, tensors);
  if (!gradients.input.empty()) {
    packed.input_back.Multiply(Gates(0, steps, a).ColumnRange(0, input_rows()), gradients.input,
                               gradients.input_update, a->products);
  }
}

template <typename Real>
void RecurrentLayer<Real>::ClearSums(const LayerTensors<Real>& gradients, Activations* a) const {
  for (int s = 0; s < cell_.shape.states; ++s) {
    std::fill(a->state_gradient[s].begin(), a->state_gradient[s].end(), Real{0});
  }
  std::fill_n(gradients.bias, rows(), Real{0});
  std::fill_n(gradients.peepholes, cell_.shape.peepholes * hidden_, Real{0});
  if (shape_.one_hot) {
    std::fill_n(gradients.input.data(), shape_.input_size * input_rows(), Real{0});
  }
}

template <typename Real>
void RecurrentLayer<Real>::StepBack(const Packed& packed, const CellStepBack<Real>& step, int64_t t,
                                    Activations* a) const {
  const MatrixView<Real> gates = Gates(t, 1, a);
  const MatrixView<Real> h_gradient(a->state_gradient[0].data(), a->lanes, hidden_);
  const MatrixView<Real> operand_gradient(a->operand_gradient.data(), a->lanes, hidden_);
  // The first product that reads h replaces h's gradient; later ones add to it. If the cell itself
  // has written a part of the gradient, the first one adds, too.
  GemmUpdate h_update = cell_.shape.passes_hidden ? GemmUpdate::kAdd : GemmUpdate::kAssign;
  for (int p = cell_.shape.num_products - 1; p >= 0; --p) {
    const RecurrentProduct& product = cell_.shape.products[p];
    cell_.backward[p](step);
    if (product.of_operand) {
      packed.recurrent_back[p].Multiply(GatesOf(product, gates), operand_gradient,
                                        GemmUpdate::kAssign, a->products);
    } else {
      packed.recurrent_back[p].Multiply(GatesOf(product, gates), h_gradient, h_update, a->products);
      h_update = GemmUpdate::kAdd;
    }
  }
}

template <typename Real>
void RecurrentLayer<Real>::ClearResetLanes(const Batch& batch, int64_t t, Activations* a) const {
  for (int64_t lane = 0; lane < a->lanes; ++lane) {
    if (batch.resets[t * a->lanes + lane] == 0) continue;
    for (int s = 0; s < cell_.shape.states; ++s) {
      std::fill_n(a->state_gradient[s].data() + lane * hidden_, hidden_, Real{0});
    }
  }
}

template <typename Real>
void RecurrentLayer<Real>::FeedInput(const Packed& packed, const LayerInput<Real>& input,
                                     int64_t count, Activations* a) const {
  const MatrixView<Real> gates(a->gates.data(), count, rows(), gates_stride());
  const Real* bias = packed.parameters.bias;
  const int64_t other_rows = rows() - input_rows();  // rows that only the state feeds
  if (!shape_.one_hot) {
    packed.input.MultiplyAddRow({input.dense, count, shape_.input_size}, bias,
                                gates.ColumnRange(0, input_rows()), a->products);
    for (int64_t r = 0; r < count && other_rows > 0; ++r) {
      std::copy_n(bias + input_rows(), other_rows, gates.Row(r) + input_rows());
    }
    return;
  }
  for (int64_t r = 0; r < count; ++r) {
    if (r % kRowsBetweenQuestions == 0 && IsInterrupted(a->products->interruption)) return;
    Real* row = gates.Row(r);
    if (input.ids[r] == kMaskedId) {
      std::copy_n(bias, rows(), row);
      continue;
    }
    const Real* column = packed.parameters.input.Row(input.ids[r]);
    if (input.scale == nullptr) {
      kernels_.add(input_rows(), column, bias, row);
    } else {
      std::copy_n(bias, input_rows(), row);
      kernels_.add_scaled(input_rows(), input.scale[r], column, row);
    }
    std::copy_n(bias + input_rows(), other_rows, row + input_rows());
  }
}

template <typename Real>
void RecurrentLayer<Real>::AddStepGradients(const LayerInput<Real>& input, int64_t t,
                                            Activations* a,
                                            const LayerTensors<Real>& gradients) const {
  const MatrixView<Real> gates = Gates(t, 1, a);
  kernels_.add_rows(a->lanes, rows(), gates.data(), gates.row_stride(), gradients.bias);
  if (!shape_.one_hot) return;
  for (int64_t lane = 0; lane < a->lanes; ++lane) {
    const int64_t r = t * a->lanes + lane;
    if (input.ids[r] == kMaskedId) continue;
    kernels_.add_scaled(input_rows(), input.scale == nullptr ? Real{1} : input.scale[r],
                        gates.Row(lane), gradients.input.Row(input.ids[r]));
  }
}

template <typename Real>
void RecurrentLayer<Real>::WriteWeightGradients(const Packed& packed, const LayerInput<Real>& input,
                                                const Batch& batch, Activations* a,
                                                const LayerTensors<Real>& gradients) const {
  const MatrixView<Real> gates = Gates(0, batch.steps, a);
  const GemmOptions options = {.precision = packed.precision};
  if (!shape_.one_hot) {
    Gemm<Real>(gates.ColumnRange(0, input_rows()).Transposed(),
               {input.dense, gates.rows(), shape_.input_size}, gradients.input, options,
               a->products);
  }
  for (int p = 0; p < cell_.shape.num_products; ++p) {
    const RecurrentProduct& product = cell_.shape.products[p];
    const Real* v = product.of_operand ? a->operand.data() : Before(*a, batch, 0, 0);
    Gemm<Real>(GatesOf(product, gates).Transposed(), {v, gates.rows(), hidden_},
               gradients.recurrent[p], options, a->products);
  }
  if (packed.recurrent_mask.empty()) return;
  Real* gradient = gradients.recurrent[0].data();
  kernels_.multiply(recurrent_size(), gradient, packed.recurrent_mask.data(), gradient);
}

template class RecurrentLayer<float>;
template class RecurrentLayer<double>;

}  // namespace runnel
