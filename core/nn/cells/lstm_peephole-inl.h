// LSTM with diagonal peepholes (Gers and Schmidhuber, 2000): each unit's gates also see its cell
// state, with one weight each; i and f see the old state, o sees the new one. The rows of gates are
// i, f, g, o:
//
//   i    = sigmoid(W x[t] + U h[t-1] + b + p_i * c[t-1])
//   f    = sigmoid(W x[t] + U h[t-1] + b + p_f * c[t-1])
//   g    = tanh(W x[t] + U h[t-1] + b)
//   c[t] = f * c[t-1] + i * g
//   o    = sigmoid(W x[t] + U h[t-1] + b + p_o * c[t])
//   h[t] = o * tanh(c[t])
//
// The backward pass is that of the LSTM, but c also acts through the peepholes:
//
//   dc      += dh * o * (1 - tanh(c)^2) + da_o * p_o
//   dc[t-1]  = dc * f + da_i * p_i + da_f * p_f
//   dp_i    += da_i * c[t-1]    dp_f += da_f * c[t-1]    dp_o += da_o * c[t]
//
// The states are h and c, the peepholes p_i, p_f, p_o.
#if defined(RUNNEL_CORE_NN_CELLS_LSTM_PEEPHOLE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RUNNEL_CORE_NN_CELLS_LSTM_PEEPHOLE_INL_H_
#undef RUNNEL_CORE_NN_CELLS_LSTM_PEEPHOLE_INL_H_
#else
#define RUNNEL_CORE_NN_CELLS_LSTM_PEEPHOLE_INL_H_
#endif

#include "core/nn/cells/unit-inl.h"

HWY_BEFORE_NAMESPACE();
namespace runnel {
namespace HWY_NAMESPACE {

struct LstmPeepholeCell {
  static constexpr CellShape kShape = {.rows = 4,
                                       .input_rows = 4,
                                       .states = 2,
                                       .num_products = 1,
                                       .products = {{0, 4}},
                                       .peepholes = 3,
                                       .forget_row = 1};

  template <int kStage, class D>
  static HWY_INLINE void Forward(const Units<D>& u) {
    const auto c_before = u.Before(1);
    const auto i = Sigmoid(u.d, hn::MulAdd(u.Peephole(0), c_before, u.Gate(0)));
    const auto f = Sigmoid(u.d, hn::MulAdd(u.Peephole(1), c_before, u.Gate(1)));
    const auto g = TanhKeepingNan(u.d, u.Gate(2));
    const auto c = hn::MulAdd(f, c_before, hn::Mul(i, g));
    const auto o = Sigmoid(u.d, hn::MulAdd(u.Peephole(2), c, u.Gate(3)));
    u.SetAfter(1, c);
    u.SetAfter(0, hn::Mul(o, TanhKeepingNan(u.d, c)));
    u.SetGate(0, i);
    u.SetGate(1, f);
    u.SetGate(2, g);
    u.SetGate(3, o);
  }
  template <int kStage, class D>
  static HWY_INLINE void Backward(const UnitsBack<D>& u) {
    const auto i = u.Gate(0);
    const auto f = u.Gate(1);
    const auto g = u.Gate(2);
    const auto o = u.Gate(3);
    const auto c = u.After(1);
    const auto c_before = u.Before(1);
    const auto tanh_c = TanhKeepingNan(u.d, c);
    const auto dh = u.HiddenGradient();
    const auto da_o = SigmoidGradient(hn::Mul(dh, tanh_c), o);
    auto dc = hn::Add(u.StateGradient(1), TanhGradient(u.d, hn::Mul(dh, o), tanh_c));
    dc = hn::MulAdd(da_o, u.Peephole(2), dc);
    const auto da_i = SigmoidGradient(hn::Mul(dc, g), i);
    const auto da_f = SigmoidGradient(hn::Mul(dc, c_before), f);
    u.SetGate(0, da_i);
    u.SetGate(1, da_f);
    u.SetGate(2, TanhGradient(u.d, hn::Mul(dc, i), g));
    u.SetGate(3, da_o);
    auto dc_before = hn::Mul(dc, f);
    dc_before = hn::MulAdd(da_i, u.Peephole(0), dc_before);
    dc_before = hn::MulAdd(da_f, u.Peephole(1), dc_before);
    u.SetStateGradient(1, dc_before);
    u.AddPeepholeGradient(0, hn::Mul(da_i, c_before));
    u.AddPeepholeGradient(1, hn::Mul(da_f, c_before));
    u.AddPeepholeGradient(2, hn::Mul(da_o, c));
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#endif  // toggle
