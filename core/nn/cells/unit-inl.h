// The view that a cell's arithmetic has of a step: a vector of neighbouring units of one lane.
// Compiled once for each instruction set.
#if defined(RUNNEL_CORE_NN_CELLS_UNIT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RUNNEL_CORE_NN_CELLS_UNIT_INL_H_
#undef RUNNEL_CORE_NN_CELLS_UNIT_INL_H_
#else
#define RUNNEL_CORE_NN_CELLS_UNIT_INL_H_
#endif

#include "core/math/activations-inl.h"
#include "core/nn/cells/cell.h"

HWY_BEFORE_NAMESPACE();
namespace runnel {
namespace HWY_NAMESPACE {

// Units j, j + 1, ... of one lane in the forward pass. D is a Highway vector tag.
template <class D>
struct Units {
  using Real = hn::TFromD<D>;
  using V = hn::Vec<D>;

  D d;
  const CellStep<Real>& step;
  Real* gates;     // this lane's
  int64_t offset;  // of unit j of this lane in a [B x H] buffer
  int64_t j;

  HWY_INLINE V Gate(int row) const { return hn::LoadU(d, gates + row * step.hidden + j); }
  HWY_INLINE void SetGate(int row, V v) const { hn::StoreU(v, d, gates + row * step.hidden + j); }
  HWY_INLINE V Before(int state) const { return hn::LoadU(d, step.before[state] + offset); }
  HWY_INLINE void SetAfter(int state, V v) const { hn::StoreU(v, d, step.after[state] + offset); }
  HWY_INLINE void SetOperand(V v) const { hn::StoreU(v, d, step.operand + offset); }
  HWY_INLINE V Peephole(int i) const { return hn::LoadU(d, step.peepholes + i * step.hidden + j); }
};

// The same units in the backward pass.
template <class D>
struct UnitsBack {
  using Real = hn::TFromD<D>;
  using V = hn::Vec<D>;

  D d;
  const CellStepBack<Real>& step;
  Real* gates;
  int64_t offset;
  int64_t output_offset;
  int64_t j;

  HWY_INLINE V Gate(int row) const { return hn::LoadU(d, gates + row * step.hidden + j); }
  HWY_INLINE void SetGate(int row, V v) const { hn::StoreU(v, d, gates + row * step.hidden + j); }
  HWY_INLINE V Before(int state) const { return hn::LoadU(d, step.before[state] + offset); }
  HWY_INLINE V After(int state) const { return hn::LoadU(d, step.after[state] + offset); }
  // The whole gradient of h: the parts from the layer above and from the later steps.
  HWY_INLINE V HiddenGradient() const {
    return hn::Add(hn::LoadU(d, step.output_gradient + output_offset), StateGradient(0));
  }
  HWY_INLINE V StateGradient(int state) const {
    return hn::LoadU(d, step.state_gradient[state] + offset);
  }
  HWY_INLINE void SetStateGradient(int state, V v) const {
    hn::StoreU(v, d, step.state_gradient[state] + offset);
  }
  HWY_INLINE V OperandGradient() const { return hn::LoadU(d, step.operand_gradient + offset); }
  HWY_INLINE V Peephole(int i) const { return hn::LoadU(d, step.peepholes + i * step.hidden + j); }
  HWY_INLINE void AddPeepholeGradient(int i, V v) const {
    Real* gradient = step.peephole_gradient + i * step.hidden + j;
    hn::StoreU(hn::Add(hn::LoadU(d, gradient), v), d, gradient);
  }
};

// The gradient of x, dy s (1 - s), where s = sigmoid(x) and dy is the gradient of s.
template <class V>
HWY_INLINE V SigmoidGradient(V dy, V s) {
  return hn::Mul(dy, hn::NegMulAdd(s, s, s));
}

// The gradient of x, dy (1 - y^2), where y = tanh(x) and dy is the gradient of y.
template <class D, class V>
HWY_INLINE V TanhGradient(D d, V dy, V y) {
  return hn::Mul(dy, hn::NegMulAdd(y, y, hn::Set(d, hn::TFromD<D>{1})));
}

// (1 - share) a + share b, computed as a + share (b - a).
template <class V>
HWY_INLINE V Mix(V a, V b, V share) {
  return hn::MulAdd(share, hn::Sub(b, a), a);
}

}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#endif  // toggle
