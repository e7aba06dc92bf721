// A recurrent cell as a layer sees it: the number of its rows of gates, the products that feed
// them, and the arithmetic of one step, forward and backward.
//
// Each kind of cell is one file, <kind>-inl.h, which opens with the equations and has the backward
// pass next to the forward pass. `GetCell` in cells.cc is the only switch over cells.
//
// A forward step advances B lanes. The layer writes W x + b into the gates; then, for each of
// the cell's `products`, it adds the recurrent product and calls `forward[i]`. A backward step
// takes the products in the opposite order: `backward[i]` overwrites the gates with their
// gradients; the layer then derives the gradients of the weights and of the product's input.
// Shapes: gates are [B x rows x H], with a stride of `gates_stride` between lanes; states, operand
// and their gradients are [B x H].
#ifndef RUNNEL_CORE_NN_CELLS_CELL_H_
#define RUNNEL_CORE_NN_CELLS_CELL_H_

#include <cstdint>

#include "core/nn/network_config.h"

namespace runnel {

inline constexpr int kCellStatesMax = 2;  // h and, if the cell has it, c
inline constexpr int kCellProductsMax = 2;
inline constexpr int kPeepholesMax = 3;

// gates[first, first + count) += U v, where v is h or, if `of_operand`, the operand that the
// previous forward stage wrote (r * h in a GRU). Products consume U's rows in order.
struct RecurrentProduct {
  int first = 0;
  int count = 0;
  bool of_operand = false;
};

struct CellShape {
  int rows;        // blocks of H in the gates buffer
  int input_rows;  // the number of these, the first ones, that the input feeds through W and b
  int states;      // 1: h; 2: h and c
  int num_products;
  RecurrentProduct products[kCellProductsMax];
  bool passes_hidden = false;  // h[t] also depends on h[t-1] in ways other than the products
  // PyTorch's last block of input rows (a GRU's candidate) comes first in the gates buffer, so that
  // the recurrent rows, which end with a block of their own, are contiguous.
  bool candidate_first = false;
  int peepholes = 0;
  int forget_row = -1;  // the row whose gate keeps memory if its bias is positive; -1: none

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
  Real* gates;  // in: the gates' weighted sums; out: their values
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
  Real* gates;  // in: the gates' values; out: the gradients of their weighted sums
  int64_t gates_stride;
  const Real* before[kCellStatesMax];
  const Real* after[kCellStatesMax];
  const Real* output_gradient;  // of h as the layer's output, with a stride of `output_stride`
  int64_t output_stride;
  // In: the gradients of `after` that come from later steps. Out: the gradients of `before`,
  // without the part that comes through a product.
  Real* state_gradient[kCellStatesMax];
  const Real* operand_gradient;  // only read by stage 0 of a cell with two products
  const Real* peepholes;
  Real* peephole_gradient;  // [peepholes x H], added to
};

template <typename Real>
struct Cell {
  CellShape shape;
  void (*forward[kCellProductsMax])(const CellStep<Real>& step);
  void (*backward[kCellProductsMax])(const CellStepBack<Real>& step);
};

// Advances the states by one step. `add_product(i, product, v)` must add U v, product i, to the
// blocks of gates that `product` names.
template <typename Real, typename AddProduct>
void Advance(const Cell<Real>& cell, const CellStep<Real>& step, const AddProduct& add_product) {
  for (int i = 0; i < cell.shape.num_products; ++i) {
    const RecurrentProduct& product = cell.shape.products[i];
    add_product(i, product, product.of_operand ? step.operand : step.before[0]);
    cell.forward[i](step);
  }
}

// Real is float or double.
template <typename Real>
const Cell<Real>& GetCell(CellType type);

}  // namespace runnel

#endif  // RUNNEL_CORE_NN_CELLS_CELL_H_
