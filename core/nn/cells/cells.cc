// Every cell's arithmetic, compiled once for each instruction set, and the switch that picks one.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/nn/cells/cells.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "core/nn/cells/cell.h"
#include "core/nn/cells/gru_reset_after-inl.h"
#include "core/nn/cells/gru_reset_before-inl.h"
#include "core/nn/cells/lstm-inl.h"
#include "core/nn/cells/lstm_coupled-inl.h"
#include "core/nn/cells/lstm_peephole-inl.h"
#include "core/nn/cells/rnn-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace runnel {
namespace HWY_NAMESPACE {
namespace {

template <class Arithmetic, int kStage, typename Real>
void Forward(const CellStep<Real>& step) {
  for (int64_t lane = 0; lane < step.lanes; ++lane) {
    Real* gates = step.gates + lane * step.gates_stride;
    ForEachVector<Real>(step.hidden, [&](auto d, int64_t j) HWY_ATTR {
      Arithmetic::template Forward<kStage>(
          Units<decltype(d)>{d, step, gates, lane * step.hidden + j, j});
    });
  }
}

template <class Arithmetic, int kStage, typename Real>
void Backward(const CellStepBack<Real>& step) {
  for (int64_t lane = 0; lane < step.lanes; ++lane) {
    Real* gates = step.gates + lane * step.gates_stride;
    ForEachVector<Real>(step.hidden, [&](auto d, int64_t j) HWY_ATTR {
      Arithmetic::template Backward<kStage>(UnitsBack<decltype(d)>{
          d, step, gates, lane * step.hidden + j, lane * step.output_stride + j, j});
    });
  }
}

template <class Arithmetic, typename Real>
constexpr Cell<Real> kCell = {
    .shape = Arithmetic::kShape,
    .forward = {Forward<Arithmetic, 0, Real>, Forward<Arithmetic, 1, Real>},
    .backward = {Backward<Arithmetic, 0, Real>, Backward<Arithmetic, 1, Real>},
};

template <typename Real>
const Cell<Real>* FindCell(CellType type) {
  switch (type) {
    case CellType::kRnnTanh:
      return &kCell<RnnTanhCell, Real>;
    case CellType::kRnnRelu:
      return &kCell<RnnReluCell, Real>;
    case CellType::kLstm:
      return &kCell<LstmCell, Real>;
    case CellType::kLstmPeephole:
      return &kCell<LstmPeepholeCell, Real>;
    case CellType::kLstmCoupled:
      return &kCell<LstmCoupledCell, Real>;
    case CellType::kGruResetBefore:
      return &kCell<GruResetBeforeCell, Real>;
    case CellType::kGruResetAfter:
      return &kCell<GruResetAfterCell, Real>;
  }
  return nullptr;
}

}  // namespace

const Cell<float>* FindCellF32(CellType type) { return FindCell<float>(type); }
const Cell<double>* FindCellF64(CellType type) { return FindCell<double>(type); }

}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace runnel {

HWY_EXPORT(FindCellF32);
HWY_EXPORT(FindCellF64);

template <>
const Cell<float>& GetCell<float>(CellType type) {
  return *HWY_DYNAMIC_DISPATCH(FindCellF32)(type);
}
template <>
const Cell<double>& GetCell<double>(CellType type) {
  return *HWY_DYNAMIC_DISPATCH(FindCellF64)(type);
}

}  // namespace runnel
#endif  // HWY_ONCE
