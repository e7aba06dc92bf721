// Gated recurrent unit whose reset gate is applied after the recurrent product, as in cuDNN and
// PyTorch:
//
//   r, z = sigmoid(W x[t] + U h[t-1] + b)                reset and update gate
//   s    = U h[t-1] + b_s                                the candidate's recurrent part
//   n    = tanh(W x[t] + b + r * s)                      candidate
//   h[t] = (1 - z) * n + z * h[t-1]
//
// Backward:
//
//   dn = dh * (1 - z)          da_n = dn * (1 - n^2)
//   dz = dh * (h[t-1] - n)     da_z = dz * z (1 - z)
//   dr = da_n * s              da_r = dr * r (1 - r)
//   ds = da_n * r
//   dh[t-1] = dh * z + (the part that comes through U of r, z and s)
//
// The rows of gates are n, r, z, s. The input feeds the first three, and the state feeds the last
// three. The state is h.
#if defined(RUNNEL_CORE_NN_CELLS_GRU_RESET_AFTER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RUNNEL_CORE_NN_CELLS_GRU_RESET_AFTER_INL_H_
#undef RUNNEL_CORE_NN_CELLS_GRU_RESET_AFTER_INL_H_
#else
#define RUNNEL_CORE_NN_CELLS_GRU_RESET_AFTER_INL_H_
#endif

#include "core/nn/cells/unit-inl.h"

HWY_BEFORE_NAMESPACE();
namespace runnel {
namespace HWY_NAMESPACE {

struct GruResetAfterCell {
  static constexpr CellShape kShape = {.rows = 4,
                                       .input_rows = 3,
                                       .states = 1,
                                       .num_products = 1,
                                       .products = {{1, 3}},
                                       .passes_hidden = true,
                                       .candidate_first = true};

  template <int kStage, class D>
  static HWY_INLINE void Forward(const Units<D>& u) {
    const auto r = Sigmoid(u.d, u.Gate(1));
    const auto z = Sigmoid(u.d, u.Gate(2));
    const auto n = TanhKeepingNan(u.d, hn::MulAdd(r, u.Gate(3), u.Gate(0)));
    u.SetAfter(0, Mix(n, u.Before(0), z));
    u.SetGate(0, n);
    u.SetGate(1, r);
    u.SetGate(2, z);
  }
  template <int kStage, class D>
  static HWY_INLINE void Backward(const UnitsBack<D>& u) {
    const auto n = u.Gate(0);
    const auto r = u.Gate(1);
    const auto z = u.Gate(2);
    const auto s = u.Gate(3);
    const auto dh = u.HiddenGradient();
    const auto da_n = TanhGradient(u.d, hn::NegMulAdd(dh, z, dh), n);
    u.SetGate(0, da_n);
    u.SetGate(1, SigmoidGradient(hn::Mul(da_n, s), r));
    u.SetGate(2, SigmoidGradient(hn::Mul(dh, hn::Sub(u.Before(0), n)), z));
    u.SetGate(3, hn::Mul(da_n, r));
    u.SetStateGradient(0, hn::Mul(dh, z));
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#endif  // toggle
