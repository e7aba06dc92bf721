// Matrix products on row-major views. float runs on oneDNN, which picks its code for the processor
// at run time; double, the reference that tests hold float against, on Eigen.
//
// Runs on the calling thread alone. The order of summation depends on the shapes only.
#ifndef RUNNEL_CORE_MATH_GEMM_H_
#define RUNNEL_CORE_MATH_GEMM_H_

#include <cstdint>

namespace runnel {

enum class Transpose { kNo, kYes };

// C [m x n] = op(A) [m x k] * op(B) [k x n] + beta * C, all dense: A is stored [m x k], or [k x m]
// if transposed, and so on. beta is 0 or 1; with 0, C may hold anything.
template <typename Real>
void Gemm(Transpose transpose_a, Transpose transpose_b, int64_t m, int64_t n, int64_t k,
          const Real* a, const Real* b, Real beta, Real* c);

// Makes the calling thread run its products alone and flush denormal numbers to zero; every thread
// that trains calls it once. (oneDNN would start OpenMP threads of its own; denormals slow
// saturated networks down many times.)
void PrepareThreadForMath();

// B [cols x rows] = the transpose of A [rows x cols].
template <typename Real>
void TransposeInto(int64_t rows, int64_t cols, const Real* a, Real* b);

}  // namespace runnel

#endif  // RUNNEL_CORE_MATH_GEMM_H_
