// Matrix products on row-major views. float runs on kernels of our own, which at the shapes of
// training (few rows, weights shared by many products) are ahead of oneDNN's; double, the reference
// that tests hold float against, on Eigen.
//
// Runs on the calling thread alone. The order of summation depends on the shapes only.
#ifndef RUNNEL_CORE_MATH_GEMM_H_
#define RUNNEL_CORE_MATH_GEMM_H_

#include <cstdint>

#include "core/math/aligned_vector.h"

namespace runnel {

enum class Transpose { kNo, kYes };

// A row-major matrix, or part of one: rows lie `stride` elements apart.
template <typename Real>
struct MatrixView {
  Real* data;
  int64_t stride;
};

// Buffers that products reuse from call to call; they grow to the largest. One thread at a time.
struct GemmScratch {
  AlignedVector<float> left;   // part of op(A), if transposed
  AlignedVector<float> right;  // op(B)
};

// C [m x n] = op(A) [m x k] * op(B) [k x n] + beta * C. A is stored [m x k], or [k x m] if
// transposed, and so on. beta is 0 or 1; with 0, C may hold anything.
template <typename Real>
void Gemm(Transpose transpose_a, Transpose transpose_b, int64_t m, int64_t n, int64_t k,
          MatrixView<const Real> a, MatrixView<const Real> b, Real beta, MatrixView<Real> c,
          GemmScratch* scratch);
// For one product now and then.
template <typename Real>
void Gemm(Transpose transpose_a, Transpose transpose_b, int64_t m, int64_t n, int64_t k,
          MatrixView<const Real> a, MatrixView<const Real> b, Real beta, MatrixView<Real> c) {
  GemmScratch scratch;
  Gemm<Real>(transpose_a, transpose_b, m, n, k, a, b, beta, c, &scratch);
}

// A right-hand side op(B) [k x n] that many products share: a copy, laid out for them. Shareable
// between threads once assigned.
template <typename Real>
class GemmWeights {
 public:
  GemmWeights() = default;
  GemmWeights(int64_t k, int64_t n);

  // `b` is stored [k x n], or [n x k] if transposed.
  void Assign(Transpose transpose_b, MatrixView<const Real> b);

  // C [m x n] = A [m x k] * op(B) + beta * C.
  void Multiply(int64_t m, MatrixView<const Real> a, Real beta, MatrixView<Real> c) const;
  // C [m x n] = A [m x k] * op(B) + `row` [n], which is added to each row.
  void MultiplyAddRow(int64_t m, MatrixView<const Real> a, const Real* row,
                      MatrixView<Real> c) const;

 private:
  int64_t k_ = 0;
  int64_t n_ = 0;
  AlignedVector<Real> values_;
};

// Makes the calling thread flush denormal numbers to zero; every thread that trains or generates
// calls it once. (Denormals slow saturated networks down many times.)
void PrepareThreadForMath();

// B [cols x rows] = the transpose of A [rows x cols].
template <typename Real>
void TransposeInto(int64_t rows, int64_t cols, const Real* a, Real* b);

}  // namespace runnel

#endif  // RUNNEL_CORE_MATH_GEMM_H_
