// Matrix products on row-major views. float runs on kernels of our own, which at the shapes of
// training (few rows, weights shared by many products) are ahead of oneDNN's; double, the reference
// that tests hold float against, on Eigen.
//
// Runs on the calling thread alone. The order of summation depends on the shapes only.
#ifndef RUNNEL_CORE_MATH_GEMM_H_
#define RUNNEL_CORE_MATH_GEMM_H_

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "core/base/interruption.h"
#include "core/math/aligned_vector.h"
#include "core/math/training_precision.h"

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
  AlignedVector<std::byte> left;   // part of op(A), if it is not read where it is
  AlignedVector<std::byte> right;  // op(B)
  // If not null, float products ask it about every 2^30 multiply-adds and, if interrupted, return
  // with anything in C.
  Interruption* interruption = nullptr;
};

// C [m x n] = op(A) [m x k] * op(B) [k x n] + beta * C. A is stored [m x k], or [k x m] if
// transposed, and so on. beta is 0 or 1; with 0, C may hold anything. Doubles ignore `precision`.
template <typename Real>
void Gemm(Transpose transpose_a, Transpose transpose_b, int64_t m, int64_t n, int64_t k,
          MatrixView<const Real> a, MatrixView<const Real> b, Real beta, MatrixView<Real> c,
          TrainingPrecision precision, GemmScratch* scratch);
// For one product now and then.
template <typename Real>
void Gemm(Transpose transpose_a, Transpose transpose_b, int64_t m, int64_t n, int64_t k,
          MatrixView<const Real> a, MatrixView<const Real> b, Real beta, MatrixView<Real> c) {
  GemmScratch scratch;
  Gemm<Real>(transpose_a, transpose_b, m, n, k, a, b, beta, c, TrainingPrecision::kF32, &scratch);
}

// A right-hand side op(B) [k x n] that many products share: a copy, laid out for them. Shareable
// between threads once assigned.
template <typename Real>
class GemmWeights {
 public:
  GemmWeights() = default;
  GemmWeights(int64_t k, int64_t n, TrainingPrecision precision);

  // `b` is stored [k x n], or [n x k] if transposed.
  void Assign(Transpose transpose_b, MatrixView<const Real> b);

  // C [m x n] = A [m x k] * op(B) + beta * C.
  void Multiply(int64_t m, MatrixView<const Real> a, Real beta, MatrixView<Real> c,
                GemmScratch* scratch) const;
  // C [m x n] = A [m x k] * op(B) + `row` [n], which is added to each row.
  void MultiplyAddRow(int64_t m, MatrixView<const Real> a, const Real* row, MatrixView<Real> c,
                      GemmScratch* scratch) const;

 private:
  using Stored = std::conditional_t<std::is_same_v<Real, float>, std::byte, Real>;

  int64_t k_ = 0;
  int64_t n_ = 0;
  TrainingPrecision precision_ = TrainingPrecision::kF32;
  AlignedVector<Stored> values_;
};

// B [cols x rows] = the transpose of A [rows x cols].
template <typename Real>
void TransposeInto(int64_t rows, int64_t cols, const Real* a, Real* b);

}  // namespace runnel

#endif  // RUNNEL_CORE_MATH_GEMM_H_
