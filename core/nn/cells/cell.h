// A recurrent cell as a layer sees it: how many rows of gates it has, what feeds them, and the
// arithmetic of one step, forward and back.
//
// Each kind of cell is one file, <kind>-inl.h, with its equations first and its backward beside its
// forward; `GetCell` in cells.cc is the one switch.
//
// A step, for B lanes at once: the layer writes W x + b into the gates, then for each of the cell's
// `products` it adds the recurrent product and calls `forward[i]`. Back, in the opposite order:
// `backward[i]` turns the gates into gradients, from which the layer makes those of what was
// multiplied. Shapes: gates [B x rows x H], whose lanes lie `gates_stride` apart; states, operand
// and their gradients [B x H].
#ifndef RUNNEL_CORE_NN_CELLS_CELL_H_
#define RUNNEL_CORE_NN_CELLS_CELL_H_

#include <cstdint>

#include "core/nn/network_config.h"

namespace runnel {

inline constexpr int kCellStatesMax = 2;  // h, and c where there is one
inline constexpr int kCellProductsMax = 2;
inline constexpr int kPeepholesMax = 3;

// Adds U[rows] v to gates [first, first + count), where v is h, or the operand that the stage
// before has left; U's rows are used in order, product after product.
struct RecurrentProduct {
  int first = 0;
  int count = 0;
  bool of_operand = false;
};

struct CellShape {
  int rows;        // blocks of H in the gates buffer
  int input_rows;  // the first of them are fed by the input: rows of W and of b, in blocks of H
  int states;      // 1: h; 2: h and c
  int num_products;
  RecurrentProduct products[kCellProductsMax];
  bool passes_hidden = false;  // h[t] depends on h[t-1] also beside the products
  // PyTorch's last block of input rows (a GRU's candidate) comes first in the gates buffer, so that
  // the recurrent rows, which end with a block of their own, are contiguous.
  bool candidate_first = false;
  int peepholes = 0;
  int forget_row = -1;  // the block of b whose positive values keep memory; -1: none

  int recurrent_rows() const {
    int count = 0;
    for (int i = 0; i < num_products; ++i) count += products[i].count;
    return count;
  }
};

template <typename Real>
struct CellStep {
  int64_t lanes;
  int64_t hidden;
  Real* gates;  // in: what the gates are fed; out: their values
  int64_t gates_stride;
  const Real* before[kCellStatesMax];
  Real* after[kCellStatesMax];  // may be `before`
  Real* operand;
  const Real* peepholes;  // [peepholes x H]
};

template <typename Real>
struct CellStepBack {
  int64_t lanes;
  int64_t hidden;
  Real* gates;  // in: values; out: gradients of what the gates were fed
  int64_t gates_stride;
  const Real* before[kCellStatesMax];
  const Real* after[kCellStatesMax];
  const Real* output_gradient;  // of h as the layer's output, rows `output_stride` apart
  int64_t output_stride;
  // In: gradients of `after` from the steps behind it; out: those of `before`, as far as they do
  // not come through a product.
  Real* state_gradient[kCellStatesMax];
  const Real* operand_gradient;  // stage 0 of a cell with two products
  const Real* peepholes;
  Real* peephole_gradient;  // [peepholes x H], added to
};

template <typename Real>
struct Cell {
  CellShape shape;
  void (*forward[kCellProductsMax])(const CellStep<Real>& step);
  void (*backward[kCellProductsMax])(const CellStepBack<Real>& step);
};

// Real is float or double.
template <typename Real>
const Cell<Real>& GetCell(CellType type);

}  // namespace runnel

#endif  // RUNNEL_CORE_NN_CELLS_CELL_H_
