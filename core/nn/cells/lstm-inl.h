// Long short-term memory (Hochreiter and Schmidhuber, 1997; with forget gates, Gers et al., 2000),
// as in PyTorch. The rows of gates are i, f, g, o:
//
//   i, f, o = sigmoid(W x[t] + U h[t-1] + b)      input, forget, output gate
//   g       = tanh(W x[t] + U h[t-1] + b)         candidate
//   c[t]    = f * c[t-1] + i * g
//   h[t]    = o * tanh(c[t])
//
// Backward, where dh[t] is the sum of the layer above's and step t+1's parts, and dc[t] comes from
// step t+1:
//
//   do = dh * tanh(c)                 da_o = do * o (1 - o)
//   dc += dh * o * (1 - tanh(c)^2)
//   di = dc * g                       da_i = di * i (1 - i)
//   df = dc * c[t-1]                  da_f = df * f (1 - f)
//   dg = dc * i                       da_g = dg * (1 - g^2)
//   dc[t-1] = dc * f
//
// The states are h and c.
#if defined(RUNNEL_CORE_NN_CELLS_LSTM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RUNNEL_CORE_NN_CELLS_LSTM_INL_H_
#undef RUNNEL_CORE_NN_CELLS_LSTM_INL_H_
#else
#define RUNNEL_CORE_NN_CELLS_LSTM_INL_H_
#endif

#include "core/nn/cells/unit-inl.h"

HWY_BEFORE_NAMESPACE();
namespace runnel {
namespace HWY_NAMESPACE {

struct LstmCell {
  static constexpr CellShape kShape = {.rows = 4,
                                       .input_rows = 4,
                                       .states = 2,
                                       .num_products = 1,
                                       .products = {{0, 4}},
                                       .forget_row = 1};

  template <int kStage, class D>
  static HWY_INLINE void Forward(const Units<D>& u) {
    const auto i = Sigmoid(u.d, u.Gate(0));
    const auto f = Sigmoid(u.d, u.Gate(1));
    const auto g = TanhKeepingNan(u.d, u.Gate(2));
    const auto o = Sigmoid(u.d, u.Gate(3));
    const auto c = hn::MulAdd(f, u.Before(1), hn::Mul(i, g));
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
    const auto tanh_c = TanhKeepingNan(u.d, u.After(1));
    const auto dh = u.HiddenGradient();
    const auto dc = hn::Add(u.StateGradient(1), TanhGradient(u.d, hn::Mul(dh, o), tanh_c));
    u.SetGate(0, SigmoidGradient(hn::Mul(dc, g), i));
    u.SetGate(1, SigmoidGradient(hn::Mul(dc, u.Before(1)), f));
    u.SetGate(2, TanhGradient(u.d, hn::Mul(dc, i), g));
    u.SetGate(3, SigmoidGradient(hn::Mul(dh, tanh_c), o));
    u.SetStateGradient(1, hn::Mul(dc, f));
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#endif  // toggle
