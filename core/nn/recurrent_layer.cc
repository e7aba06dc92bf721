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
  if (c.rows > c.input_rows) {  // behind the other rows' biases: one vector
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
  packed->parameters = parameters;
  if (!shape_.one_hot) {
    const MatrixView<const Real> w(parameters + input_weight_, input_rows(), shape_.input_size);
    packed->input.Assign(w.Transposed());
    packed->input_back.Assign(w);
  }
  const Real* u = parameters + recurrent_weight_;
  if (dropout != nullptr && dropout->rates.recurrent > 0) {
    const int64_t size = cell_.shape.recurrent_rows() * hidden_ * hidden_;
    packed->recurrent_mask.resize(size);
    packed->recurrent_kept.resize(size);
    const int site = kRecurrentSite + 2 * shape_.index + (shape_.reverse ? 1 : 0);
    DrawMask(*dropout, dropout->rates.recurrent, site, 0, size, packed->recurrent_mask.data());
    kernels_.multiply(size, u, packed->recurrent_mask.data(), packed->recurrent_kept.data());
    u = packed->recurrent_kept.data();
  } else {
    packed->recurrent_mask.clear();
  }
  for (int i = 0; i < cell_.shape.num_products; ++i) {
    const MatrixView<const Real> weight(u, cell_.shape.products[i].count * hidden_, hidden_);
    packed->recurrent[i].Assign(weight.Transposed());
    packed->recurrent_back[i].Assign(weight);
    u += weight.rows() * hidden_;
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
    // The first batch with resets may come at any time; until then these are pages never touched.
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
void RecurrentLayer<Real>::Forward(const Packed& packed, const LayerInput<Real>& input,
                                   const Batch& batch, Real* state, Activations* a) const {
  const int64_t lanes = a->lanes;
  const int64_t units = lanes * hidden_;
  const int64_t steps = batch.steps;
  FeedInput(packed, input, steps * lanes, a);
  const int64_t first = shape_.reverse ? steps : 0;
  for (int s = 0; s < cell_.shape.states; ++s) {
    std::copy_n(state + s * units, units, a->states[s].data() + first * units);
    if (batch.resets != nullptr) a->restarted[s].resize(a->steps_max * units);
  }
  a->outputs = a->states[0].data() + StateAfter(0) * units;

  CellStep<Real> step = {.lanes = lanes,
                         .hidden = hidden_,
                         .gates_stride = gates_stride(),
                         .peepholes = packed.parameters + peepholes_};
  for (int64_t i = 0; i < steps; ++i) {
    if (IsInterrupted(batch.interruption)) return;
    const int64_t t = StepAt(i, steps);
    if (batch.resets != nullptr) Restart(batch, t, a);
    step.gates = a->gates.data() + t * lanes * gates_stride();
    step.operand = a->operand.data() + t * units;
    for (int s = 0; s < cell_.shape.states; ++s) {
      step.before[s] = Before(*a, batch, s, t);
      step.after[s] = a->states[s].data() + StateAfter(t) * units;
    }
    for (int p = 0; p < cell_.shape.num_products; ++p) {
      const RecurrentProduct& product = cell_.shape.products[p];
      packed.recurrent[p].Multiply(
          {product.of_operand ? step.operand : step.before[0], lanes, hidden_},
          {step.gates + product.first * hidden_, lanes, product.count * hidden_, gates_stride()},
          GemmUpdate::kAdd, a->products);
      cell_.forward[p](step);
    }
  }
  const int64_t last = shape_.reverse ? 0 : steps;
  for (int s = 0; s < cell_.shape.states; ++s) {
    std::copy_n(a->states[s].data() + last * units, units, state + s * units);
  }
}

template <typename Real>
void RecurrentLayer<Real>::Backward(const Packed& packed, const LayerInput<Real>& input,
                                    const Batch& batch, const Real* output_gradient,
                                    int64_t output_stride, Activations* a, Real* gradients,
                                    Real* state_gradient, GemmUpdate input_update,
                                    Real* input_gradient) const {
  const int64_t lanes = a->lanes;
  const int64_t units = lanes * hidden_;
  const int64_t steps = batch.steps;
  CellStepBack<Real> step = {.lanes = lanes,
                             .hidden = hidden_,
                             .gates_stride = gates_stride(),
                             .output_stride = output_stride,
                             .operand_gradient = a->operand_gradient.data(),
                             .peepholes = packed.parameters + peepholes_,
                             .peephole_gradient = gradients + peepholes_};
  for (int s = 0; s < cell_.shape.states; ++s) {
    std::fill(a->state_gradient[s].begin(), a->state_gradient[s].end(), Real{0});
    step.state_gradient[s] = a->state_gradient[s].data();
  }
  // What is added up over the steps.
  std::fill_n(gradients + bias_, rows(), Real{0});
  std::fill_n(gradients + peepholes_, cell_.shape.peepholes * hidden_, Real{0});
  if (shape_.one_hot) {
    std::fill_n(gradients + input_weight_, shape_.input_size * input_rows(), Real{0});
  }
  for (int64_t i = steps - 1; i >= 0; --i) {
    if (IsInterrupted(batch.interruption)) return;
    const int64_t t = StepAt(i, steps);
    step.gates = a->gates.data() + t * lanes * gates_stride();
    step.output_gradient = output_gradient + t * lanes * output_stride;
    for (int s = 0; s < cell_.shape.states; ++s) {
      step.before[s] = Before(*a, batch, s, t);
      step.after[s] = a->states[s].data() + StateAfter(t) * units;
    }
    bool writes_hidden = cell_.shape.passes_hidden;
    for (int p = cell_.shape.num_products - 1; p >= 0; --p) {
      const RecurrentProduct& product = cell_.shape.products[p];
      cell_.backward[p](step);
      const bool adds = !product.of_operand && writes_hidden;
      Real* target = product.of_operand ? a->operand_gradient.data() : a->state_gradient[0].data();
      packed.recurrent_back[p].Multiply(
          {step.gates + product.first * hidden_, lanes, product.count * hidden_, gates_stride()},
          {target, lanes, hidden_}, adds ? GemmUpdate::kAdd : GemmUpdate::kAssign, a->products);
      if (!product.of_operand) writes_hidden = true;
    }
    AddStepGradients(input, t, *a, gradients);
    if (batch.resets == nullptr) continue;
    for (int64_t lane = 0; lane < lanes; ++lane) {
      if (batch.resets[t * lanes + lane] == 0) continue;
      for (int s = 0; s < cell_.shape.states; ++s) {
        std::fill_n(a->state_gradient[s].data() + lane * hidden_, hidden_, Real{0});
      }
    }
  }
  if (state_gradient != nullptr) {
    for (int s = 0; s < cell_.shape.states; ++s) {
      std::copy_n(a->state_gradient[s].data(), units, state_gradient + s * units);
    }
  }
  WriteWeightGradients(packed, input, batch, *a, gradients);
  if (input_gradient != nullptr) {
    const int64_t count = steps * lanes;
    packed.input_back.Multiply({a->gates.data(), count, input_rows(), gates_stride()},
                               {input_gradient, count, shape_.input_size}, input_update,
                               a->products);
  }
}

template <typename Real>
void RecurrentLayer<Real>::FeedInput(const Packed& packed, const LayerInput<Real>& input,
                                     int64_t count, Activations* a) const {
  Real* gates = a->gates.data();
  const Real* weight = packed.parameters + input_weight_;
  const Real* bias = packed.parameters + bias_;
  const int64_t behind = rows() - input_rows();  // which only the state feeds
  if (!shape_.one_hot) {
    packed.input.MultiplyAddRow({input.dense, count, shape_.input_size}, bias,
                                {gates, count, input_rows(), gates_stride()}, a->products);
    for (int64_t r = 0; r < count && behind > 0; ++r) {
      std::copy_n(bias + input_rows(), behind, gates + r * gates_stride() + input_rows());
    }
    return;
  }
  for (int64_t r = 0; r < count; ++r) {
    Real* row = gates + r * gates_stride();
    if (input.ids[r] == kMaskedId) {
      std::copy_n(bias, rows(), row);
      continue;
    }
    const Real* column = weight + input.ids[r] * input_rows();
    if (input.scale == nullptr) {
      kernels_.add(input_rows(), column, bias, row);
    } else {
      std::copy_n(bias, input_rows(), row);
      kernels_.add_scaled(input_rows(), input.scale[r], column, row);
    }
    std::copy_n(bias + input_rows(), behind, row + input_rows());
  }
}

template <typename Real>
void RecurrentLayer<Real>::AddStepGradients(const LayerInput<Real>& input, int64_t t,
                                            const Activations& a, Real* gradients) const {
  const Real* gates = a.gates.data() + t * a.lanes * gates_stride();
  kernels_.add_rows(a.lanes, rows(), gates, gates_stride(), gradients + bias_);
  if (!shape_.one_hot) return;
  for (int64_t lane = 0; lane < a.lanes; ++lane) {
    const int64_t r = t * a.lanes + lane;
    if (input.ids[r] == kMaskedId) continue;
    kernels_.add_scaled(input_rows(), input.scale == nullptr ? Real{1} : input.scale[r],
                        gates + lane * gates_stride(),
                        gradients + input_weight_ + input.ids[r] * input_rows());
  }
}

template <typename Real>
void RecurrentLayer<Real>::WriteWeightGradients(const Packed& packed, const LayerInput<Real>& input,
                                                const Batch& batch, const Activations& a,
                                                Real* gradients) const {
  const int64_t count = batch.steps * a.lanes;
  const MatrixView<const Real> gates(a.gates.data(), count, rows(), gates_stride());
  const GemmOptions options = {.precision = packed.precision};
  if (!shape_.one_hot) {
    Gemm<Real>(gates.ColumnRange(0, input_rows()).Transposed(),
               {input.dense, count, shape_.input_size},
               {gradients + input_weight_, input_rows(), shape_.input_size}, options, a.products);
  }
  Real* gradient = gradients + recurrent_weight_;
  for (int p = 0; p < cell_.shape.num_products; ++p) {
    const RecurrentProduct& product = cell_.shape.products[p];
    const int64_t product_rows = product.count * hidden_;
    const Real* operand = product.of_operand ? a.operand.data() : Before(a, batch, 0, 0);
    Gemm<Real>(gates.ColumnRange(product.first * hidden_, product_rows).Transposed(),
               {operand, count, hidden_}, {gradient, product_rows, hidden_}, options, a.products);
    gradient += product_rows * hidden_;
  }
  gradient = gradients + recurrent_weight_;
  kernels_.multiply(static_cast<int64_t>(packed.recurrent_mask.size()), gradient,
                    packed.recurrent_mask.data(), gradient);
}

template class RecurrentLayer<float>;
template class RecurrentLayer<double>;

}  // namespace runnel
