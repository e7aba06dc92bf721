#include "core/math/gemm.h"

#include <dnnl.h>
#include <omp.h>

#if defined(__SSE__)
#include <xmmintrin.h>
#endif

#include <Eigen/Core>

namespace runnel {
namespace {

template <typename Real>
using RowMajor = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

}  // namespace

template <>
void Gemm<float>(Transpose transpose_a, Transpose transpose_b, int64_t m, int64_t n, int64_t k,
                 const float* a, const float* b, float beta, float* c) {
  const bool ta = transpose_a == Transpose::kYes;
  const bool tb = transpose_b == Transpose::kYes;
  dnnl_sgemm(ta ? 'T' : 'N', tb ? 'T' : 'N', m, n, k, 1.0f, a, ta ? m : k, b, tb ? k : n, beta, c,
             n);
}

template <>
void Gemm<double>(Transpose transpose_a, Transpose transpose_b, int64_t m, int64_t n, int64_t k,
                  const double* a, const double* b, double beta, double* c) {
  const bool ta = transpose_a == Transpose::kYes;
  const bool tb = transpose_b == Transpose::kYes;
  const Eigen::Map<const RowMajor<double>> ma(a, ta ? k : m, ta ? m : k);
  const Eigen::Map<const RowMajor<double>> mb(b, tb ? n : k, tb ? k : n);
  Eigen::Map<RowMajor<double>> mc(c, m, n);
  if (beta == 0) mc.setZero();
  if (ta && tb) {
    mc.noalias() += ma.transpose() * mb.transpose();
  } else if (ta) {
    mc.noalias() += ma.transpose() * mb;
  } else if (tb) {
    mc.noalias() += ma * mb.transpose();
  } else {
    mc.noalias() += ma * mb;
  }
}

void PrepareThreadForMath() {
  omp_set_num_threads(1);
#if defined(__SSE__)
  constexpr unsigned kFlushToZero = 0x8000;
  constexpr unsigned kDenormalsAreZero = 0x0040;
  _mm_setcsr(_mm_getcsr() | kFlushToZero | kDenormalsAreZero);
#endif
}

template <typename Real>
void TransposeInto(int64_t rows, int64_t cols, const Real* a, Real* b) {
  const Eigen::Map<const RowMajor<Real>> from(a, rows, cols);
  Eigen::Map<RowMajor<Real>>(b, cols, rows) = from.transpose();
}
template void TransposeInto<float>(int64_t, int64_t, const float*, float*);
template void TransposeInto<double>(int64_t, int64_t, const double*, double*);

}  // namespace runnel
