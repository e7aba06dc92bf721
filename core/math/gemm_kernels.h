// The arithmetic of float products, one table of functions for each instruction set, picked at run
// time. `gemm.h` is what others call.
//
// The right-hand side is packed into panels of a few vectors' width, k after k, so that the inner
// loop reads it in one stream and holds a block of the result in registers (Goto and van de Geijn,
// "Anatomy of High-Performance Matrix Multiplication", 2008). Sums run over k in one order that
// depends on the shapes alone.
#ifndef RUNNEL_CORE_MATH_GEMM_KERNELS_H_
#define RUNNEL_CORE_MATH_GEMM_KERNELS_H_

#include <cstddef>
#include <cstdint>

#include "core/math/training_precision.h"

namespace runnel {

// Element (i, j) of a matrix lies at data[i * row + j * col].
struct StridedView {
  const float* data;
  int64_t row;
  int64_t col;
};

// What a product is added to: rows that lie `row` apart, 0 if it is one for all; null: nothing.
struct Addend {
  const float* data;
  int64_t row;
};

struct GemmKernels {
  // Bytes that a packed [k x n] matrix takes; how they are laid out is between these functions.
  int64_t (*packed_size)(int64_t k, int64_t n);
  void (*pack)(int64_t k, int64_t n, StridedView b, std::byte* packed);
  // C [m x n] = A [m x k] * packed + addend. C's rows lie `c_stride` apart; C may be the addend.
  // A's rows are contiguous (col 1), or its columns are (row 1); in the latter case, and in both if
  // `copies_rows`, `left` is room for `left_size` bytes, otherwise it is not used.
  void (*multiply)(int64_t m, int64_t n, int64_t k, StridedView a, const std::byte* packed,
                   Addend addend, float* c, int64_t c_stride, std::byte* left);
  bool copies_rows;
  int64_t left_size;
  // The k that a product whose right side is packed for it alone should have at most, so that the
  // packed part is still in the cache when it is read.
  int64_t depth;
  // Whether the values of a row of A, or a column of B, of so many k share a scale; for tests.
  bool has_scales;
};

// The table for this processor.
const GemmKernels& GetGemmKernels(TrainingPrecision precision);

}  // namespace runnel

#endif  // RUNNEL_CORE_MATH_GEMM_KERNELS_H_
