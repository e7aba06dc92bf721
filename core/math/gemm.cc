#include "core/math/gemm.h"

#include <dnnl.h>
#include <omp.h>

#if defined(__SSE__)
#include <xmmintrin.h>
#endif

#include <Eigen/Core>
#include <type_traits>

namespace runnel {
namespace {

template <typename Real>
using RowMajor = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// An Eigen view of a [rows x cols] matrix.
template <typename Real>
auto Map(MatrixView<Real> view, int64_t rows, int64_t cols) {
  using Matrix = RowMajor<std::remove_const_t<Real>>;
  using Target = std::conditional_t<std::is_const_v<Real>, const Matrix, Matrix>;
  return Eigen::Map<Target, 0, Eigen::OuterStride<>>(view.data, rows, cols,
                                                     Eigen::OuterStride<>(view.stride));
}

}  // namespace

template <>
void Gemm<float>(Transpose transpose_a, Transpose transpose_b, int64_t m, int64_t n, int64_t k,
                 MatrixView<const float> a, MatrixView<const float> b, float beta,
                 MatrixView<float> c) {
  const bool ta = transpose_a == Transpose::kYes;
  const bool tb = transpose_b == Transpose::kYes;
  dnnl_sgemm(ta ? 'T' : 'N', tb ? 'T' : 'N', m, n, k, 1.0f, a.data, a.stride, b.data, b.stride,
             beta, c.data, c.stride);
}

template <>
void Gemm<double>(Transpose transpose_a, Transpose transpose_b, int64_t m, int64_t n, int64_t k,
                  MatrixView<const double> a, MatrixView<const double> b, double beta,
                  MatrixView<double> c) {
  const bool ta = transpose_a == Transpose::kYes;
  const bool tb = transpose_b == Transpose::kYes;
  const auto ma = Map(a, ta ? k : m, ta ? m : k);
  const auto mb = Map(b, tb ? n : k, tb ? k : n);
  auto mc = Map(c, m, n);
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

template <typename Real>
void GemmWeights<Real>::Assign(Transpose transpose_b, MatrixView<const Real> b) {
  Eigen::Map<RowMajor<Real>> to(values_.data(), k_, n_);
  if (transpose_b == Transpose::kYes) {
    to = Map(b, n_, k_).transpose();
  } else {
    to = Map(b, k_, n_);
  }
}

template <typename Real>
void GemmWeights<Real>::Multiply(int64_t m, MatrixView<const Real> a, Real beta,
                                 MatrixView<Real> c) const {
  Gemm<Real>(Transpose::kNo, Transpose::kNo, m, n_, k_, a, {values_.data(), n_}, beta, c);
}

template class GemmWeights<float>;
template class GemmWeights<double>;

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
