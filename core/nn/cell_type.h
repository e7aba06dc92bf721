// The table of cells. A new cell is a row here, a file in core/nn/cells/ and a case in cells.cc;
// the wire's enum has a value of the same name.
#ifndef RUNNEL_CORE_NN_CELL_TYPE_H_
#define RUNNEL_CORE_NN_CELL_TYPE_H_

#include "absl/strings/string_view.h"
#include "core/base/enum_table.h"

namespace runnel {

enum class CellType {
  kRnnTanh,
  kRnnRelu,
  kLstm,
  kLstmPeephole,
  kLstmCoupled,
  kGruResetBefore,
  kGruResetAfter,
};

struct CellTypeRow {
  CellType value;
  absl::string_view name;  // in files and benchmarks and, in upper case, on the wire
  // Whether a module of torch.nn computes the same, so that its files can be imported. The order of
  // PyTorch's gates is in the cell's CellShape.
  bool in_pytorch;
};

inline constexpr CellTypeRow kCellTypeRows[] = {
    {CellType::kRnnTanh, "rnn_tanh", true},
    {CellType::kRnnRelu, "rnn_relu", true},
    {CellType::kLstm, "lstm", true},
    {CellType::kLstmPeephole, "lstm_peephole", false},
    {CellType::kLstmCoupled, "lstm_coupled", false},
    {CellType::kGruResetBefore, "gru_reset_before", false},
    {CellType::kGruResetAfter, "gru_reset_after", true},
};

inline constexpr EnumTable kCellTypes(kCellTypeRows);

inline absl::string_view CellTypeName(CellType cell) { return kCellTypes.NameOf(cell); }

// Whether torch.nn has such a cell.
constexpr bool IsPyTorchCell(CellType cell) {
  for (const CellTypeRow& row : kCellTypeRows) {
    if (row.value == cell) return row.in_pytorch;
  }
  return false;
}

}  // namespace runnel

#endif  // RUNNEL_CORE_NN_CELL_TYPE_H_
