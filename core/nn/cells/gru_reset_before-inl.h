// Gated recurrent unit (Cho et al., 2014), whose reset gate is applied to h before the recurrent
// product. The rows of gates are r, z, n:
//
//   r, z = sigmoid(W x[t] + U h[t-1] + b)                reset and update gate
//   n    = tanh(W x[t] + U (r * h[t-1]) + b)             candidate
//   h[t] = (1 - z) * h[t-1] + z * n
//
// Backward, where the gradient of q = r * h[t-1] comes through U of the candidate:
//
//   dn = dh * z                da_n = dn * (1 - n^2)
//   dz = dh * (n - h[t-1])     da_z = dz * z (1 - z)
//   dr = dq * h[t-1]           da_r = dr * r (1 - r)
//   dh[t-1] = dh * (1 - z) + dq * r + (the part that comes through U of r and z)
//
// There are two products: the first feeds r and z from h, the second feeds n from q, the operand.
// The state is h.
#if defined(RUNNEL_CORE_NN_CELLS_GRU_RESET_BEFORE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RUNNEL_CORE_NN_CELLS_GRU_RESET_BEFORE_INL_H_
#undef RUNNEL_CORE_NN_CELLS_GRU_RESET_BEFORE_INL_H_
#else
#define RUNNEL_CORE_NN_CELLS_GRU_RESET_BEFORE_INL_H_
#endif

#include "core/nn/cells/unit-inl.h"

HWY_BEFORE_NAMESPACE();
namespace runnel {
namespace HWY_NAMESPACE {

struct GruResetBeforeCell {
  static constexpr CellShape kShape = {.rows = 3,
                                       .input_rows = 3,
                                       .states = 1,
                                       .num_products = 2,
                                       .products = {{0, 2}, {2, 1, /*of_operand=*/true}},
                                       .passes_hidden = true};

  template <int kStage, class D>
  static HWY_INLINE void Forward(const Units<D>& u) {
    const auto h_before = u.Before(0);
    if constexpr (kStage == 0) {
      const auto r = Sigmoid(u.d, u.Gate(0));
      u.SetGate(0, r);
      u.SetGate(1, Sigmoid(u.d, u.Gate(1)));
      u.SetOperand(hn::Mul(r, h_before));
    } else {
      const auto n = TanhKeepingNan(u.d, u.Gate(2));
      u.SetGate(2, n);
      u.SetAfter(0, Mix(h_before, n, u.Gate(1)));
    }
  }
  template <int kStage, class D>
  static HWY_INLINE void Backward(const UnitsBack<D>& u) {
    const auto h_before = u.Before(0);
    if constexpr (kStage == 1) {
      const auto z = u.Gate(1);
      const auto n = u.Gate(2);
      const auto dh = u.HiddenGradient();
      u.SetGate(1, SigmoidGradient(hn::Mul(dh, hn::Sub(n, h_before)), z));
      u.SetGate(2, TanhGradient(u.d, hn::Mul(dh, z), n));
      u.SetStateGradient(0, hn::NegMulAdd(dh, z, dh));
    } else {
      const auto r = u.Gate(0);
      const auto dq = u.OperandGradient();
      u.SetGate(0, SigmoidGradient(hn::Mul(dq, h_before), r));
      u.SetStateGradient(0, hn::MulAdd(dq, r, u.StateGradient(0)));
    }
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#endif  // toggle
