// The float products of packed_matrix.h, compiled once for each instruction set. One is chosen at
// run time.
#ifndef RUNNEL_CORE_MATH_DECODE_KERNELS_H_
#define RUNNEL_CORE_MATH_DECODE_KERNELS_H_

#include <cstdint>

namespace runnel {

// The number of outputs whose weights are adjacent in memory.
inline constexpr int64_t kDecodeBlock = 64;

// y[c] += W x[c] for `columns` columns. x is [columns x k]; the columns of y, n numbers each, are
// `y_stride` apart.
// Stored is Real, or uint32_t, which holds a pair of bf16.
template <typename Stored, typename Real>
struct PackedProduct {
  int64_t n, k, columns;
  const Stored* blocks;  // [ceil(n / 64)][rows][64], one row for each k or each pair of k
  const Real* x;
  Real* y;
  int64_t y_stride;
};

void MultiplyPacked(const PackedProduct<float, float>& product);
void MultiplyPacked(const PackedProduct<double, double>& product);
void MultiplyPacked(const PackedProduct<uint32_t, float>& product);

}  // namespace runnel

#endif  // RUNNEL_CORE_MATH_DECODE_KERNELS_H_
