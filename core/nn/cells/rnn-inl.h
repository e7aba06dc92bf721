// The vanilla recurrent cell (Elman, 1990), with tanh or ReLU:
//
//   a[t] = W x[t] + U h[t-1] + b
//   h[t] = f(a[t])
//
// Backward, where dh[t] is the gradient from the layer above plus the one from step t+1, U^T
// da[t+1]:
//
//   da[t] = dh[t] * f'(a[t]),   f' = 1 - h^2 for tanh, [h > 0] for ReLU
//
// The row of gates is a, the state h.
#if defined(RUNNEL_CORE_NN_CELLS_RNN_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RUNNEL_CORE_NN_CELLS_RNN_INL_H_
#undef RUNNEL_CORE_NN_CELLS_RNN_INL_H_
#else
#define RUNNEL_CORE_NN_CELLS_RNN_INL_H_
#endif

#include "core/nn/cells/unit-inl.h"

HWY_BEFORE_NAMESPACE();
namespace runnel {
namespace HWY_NAMESPACE {

struct RnnTanhCell {
  static constexpr CellShape kShape = {
      .rows = 1, .input_rows = 1, .states = 1, .num_products = 1, .products = {{0, 1}}};

  template <int kStage, class D>
  static HWY_INLINE void Forward(const Units<D>& u) {
    u.SetAfter(0, TanhKeepingNan(u.d, u.Gate(0)));
  }
  template <int kStage, class D>
  static HWY_INLINE void Backward(const UnitsBack<D>& u) {
    u.SetGate(0, TanhGradient(u.d, u.HiddenGradient(), u.After(0)));
  }
};

struct RnnReluCell {
  static constexpr CellShape kShape = RnnTanhCell::kShape;

  template <int kStage, class D>
  static HWY_INLINE void Forward(const Units<D>& u) {
    const auto a = u.Gate(0);
    u.SetAfter(0, hn::IfThenElse(hn::Lt(a, hn::Zero(u.d)), hn::Zero(u.d), a));  // NaN stays NaN
  }
  template <int kStage, class D>
  static HWY_INLINE void Backward(const UnitsBack<D>& u) {
    const auto active = hn::Gt(u.After(0), hn::Zero(u.d));
    u.SetGate(0, hn::IfThenElseZero(active, u.HiddenGradient()));
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#endif  // toggle
