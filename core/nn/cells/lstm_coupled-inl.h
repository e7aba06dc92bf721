// LSTM with coupled gates (the CIFG of Greff et al., 2017): the input gate is 1 - f, so a unit
// takes in as much as it forgets. The rows of gates are f, g, o:
//
//   f, o = sigmoid(W x[t] + U h[t-1] + b)
//   g    = tanh(W x[t] + U h[t-1] + b)
//   c[t] = f * c[t-1] + (1 - f) * g
//   h[t] = o * tanh(c[t])
//
// The backward pass is that of the LSTM, except for
//
//   df = dc * (c[t-1] - g)            dg = dc * (1 - f)
//
// The states are h and c.
#if defined(RUNNEL_CORE_NN_CELLS_LSTM_COUPLED_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RUNNEL_CORE_NN_CELLS_LSTM_COUPLED_INL_H_
#undef RUNNEL_CORE_NN_CELLS_LSTM_COUPLED_INL_H_
#else
#define RUNNEL_CORE_NN_CELLS_LSTM_COUPLED_INL_H_
#endif

#include "core/nn/cells/unit-inl.h"

HWY_BEFORE_NAMESPACE();
namespace runnel {
namespace HWY_NAMESPACE {

struct LstmCoupledCell {
  static constexpr CellShape kShape = {.rows = 3,
                                       .input_rows = 3,
                                       .states = 2,
                                       .num_products = 1,
                                       .products = {{0, 3}},
                                       .forget_row = 0};

  template <int kStage, class D>
  static HWY_INLINE void Forward(const Units<D>& u) {
    const auto f = Sigmoid(u.d, u.Gate(0));
    const auto g = TanhKeepingNan(u.d, u.Gate(1));
    const auto o = Sigmoid(u.d, u.Gate(2));
    const auto c = Mix(g, u.Before(1), f);
    u.SetAfter(1, c);
    u.SetAfter(0, hn::Mul(o, TanhKeepingNan(u.d, c)));
    u.SetGate(0, f);
    u.SetGate(1, g);
    u.SetGate(2, o);
  }
  template <int kStage, class D>
  static HWY_INLINE void Backward(const UnitsBack<D>& u) {
    const auto f = u.Gate(0);
    const auto g = u.Gate(1);
    const auto o = u.Gate(2);
    const auto tanh_c = TanhKeepingNan(u.d, u.After(1));
    const auto dh = u.HiddenGradient();
    const auto dc = hn::Add(u.StateGradient(1), TanhGradient(u.d, hn::Mul(dh, o), tanh_c));
    u.SetGate(0, SigmoidGradient(hn::Mul(dc, hn::Sub(u.Before(1), g)), f));
    u.SetGate(1, TanhGradient(u.d, hn::NegMulAdd(dc, f, dc), g));
    u.SetGate(2, SigmoidGradient(hn::Mul(dh, tanh_c), o));
    u.SetStateGradient(1, hn::Mul(dc, f));
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#endif  // toggle
