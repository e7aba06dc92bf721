#include "core/math/gemm.h"

#include <Eigen/Core>
#include <algorithm>
#include <type_traits>

#include "core/math/gemm_kernels.h"

namespace runnel {
namespace {

StridedView Strided(Transpose transpose, MatrixView<const float> view) {
  if (transpose == Transpose::kYes) return {view.data, 1, view.stride};
  return {view.data, view.stride, 1};
}

Addend Times(float beta, MatrixView<float> c) {
  return beta == 0 ? Addend{nullptr, 0} : Addend{c.data, c.stride};
}

// Room for a packed block of op(A); null where the kernels read A in place.
std::byte* RoomForA(const GemmKernels& kernels, Transpose transpose_a, GemmScratch* scratch) {
  if (transpose_a == Transpose::kNo && !kernels.packs_a) return nullptr;
  const auto size = static_cast<size_t>(kernels.packed_a_size);
  if (scratch->left.size() < size) scratch->left.resize(size);
  return scratch->left.data();
}

// A product asks after this many multiply-adds whether it is interrupted, which is about every 10
// ms.
constexpr int64_t kSliceWork = 1 << 30;

// The number of rows of C [m x n] in a slice of the product: as many blocks of `mc` rows as fit
// into kSliceWork, but at least one.
int64_t SliceRows(int64_t n, int64_t k, int64_t mc) {
  return std::max(mc, kSliceWork / std::max<int64_t>(1, n * k) / mc * mc);
}

// C = A * packed + addend, slice by slice, which gives the same bits as one product.
void MultiplySlices(const GemmKernels& kernels, int64_t m, int64_t n, int64_t k,
                    MatrixView<const float> a, const std::byte* packed, Addend addend,
                    MatrixView<float> c, GemmScratch* scratch) {
  std::byte* room = RoomForA(kernels, Transpose::kNo, scratch);
  const int64_t rows = SliceRows(n, k, kernels.mc);
  for (int64_t first = 0; first < m; first += rows) {
    if (first > 0 && IsInterrupted(scratch->interruption)) return;
    kernels.multiply(std::min(rows, m - first), n, k,
                     Strided(Transpose::kNo, {a.data + first * a.stride, a.stride}), packed, addend,
                     c.data + first * c.stride, c.stride, room);
    if (addend.data != nullptr) addend.data += rows * addend.row;
  }
}

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
                 MatrixView<float> c, TrainingPrecision precision, GemmScratch* scratch) {
  const GemmKernels& kernels = GetGemmKernels(precision);
  const auto packed_size = static_cast<size_t>(kernels.packed_b_size(kernels.kc, n));
  if (scratch->right.size() < packed_size) scratch->right.resize(packed_size);
  StridedView left = Strided(transpose_a, a);
  StridedView right = Strided(transpose_b, b);
  std::byte* room = RoomForA(kernels, transpose_a, scratch);
  Addend addend = Times(beta, c);
  for (int64_t first = 0; first < k; first += kernels.kc) {
    if (first > 0 && IsInterrupted(scratch->interruption)) return;
    const int64_t depth = std::min(k - first, kernels.kc);
    kernels.pack_b(depth, n, right, scratch->right.data());
    kernels.multiply(m, n, depth, left, scratch->right.data(), addend, c.data, c.stride, room);
    left.data += depth * left.col;
    right.data += depth * right.row;
    addend = {c.data, c.stride};
  }
}

template <>
void Gemm<double>(Transpose transpose_a, Transpose transpose_b, int64_t m, int64_t n, int64_t k,
                  MatrixView<const double> a, MatrixView<const double> b, double beta,
                  MatrixView<double> c, TrainingPrecision, GemmScratch*) {
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

template <>
GemmWeights<float>::GemmWeights(int64_t k, int64_t n, TrainingPrecision precision)
    : k_(k), n_(n), precision_(precision), values_(GetGemmKernels(precision).packed_b_size(k, n)) {}

template <>
void GemmWeights<float>::Assign(Transpose transpose_b, MatrixView<const float> b) {
  GetGemmKernels(precision_).pack_b(k_, n_, Strided(transpose_b, b), values_.data());
}

template <>
void GemmWeights<float>::Multiply(int64_t m, MatrixView<const float> a, float beta,
                                  MatrixView<float> c, GemmScratch* scratch) const {
  MultiplySlices(GetGemmKernels(precision_), m, n_, k_, a, values_.data(), Times(beta, c), c,
                 scratch);
}

template <>
void GemmWeights<float>::MultiplyAddRow(int64_t m, MatrixView<const float> a, const float* row,
                                        MatrixView<float> c, GemmScratch* scratch) const {
  MultiplySlices(GetGemmKernels(precision_), m, n_, k_, a, values_.data(), {row, 0}, c, scratch);
}

template <>
GemmWeights<double>::GemmWeights(int64_t k, int64_t n, TrainingPrecision precision)
    : k_(k), n_(n), precision_(precision), values_(k * n) {}

template <>
void GemmWeights<double>::Assign(Transpose transpose_b, MatrixView<const double> b) {
  Eigen::Map<RowMajor<double>> to(values_.data(), k_, n_);
  if (transpose_b == Transpose::kYes) {
    to = Map(b, n_, k_).transpose();
  } else {
    to = Map(b, k_, n_);
  }
}

template <>
void GemmWeights<double>::Multiply(int64_t m, MatrixView<const double> a, double beta,
                                   MatrixView<double> c, GemmScratch* scratch) const {
  Gemm<double>(Transpose::kNo, Transpose::kNo, m, n_, k_, a, {values_.data(), n_}, beta, c,
               precision_, scratch);
}

template <>
void GemmWeights<double>::MultiplyAddRow(int64_t m, MatrixView<const double> a, const double* row,
                                         MatrixView<double> c, GemmScratch* scratch) const {
  Multiply(m, a, 0, c, scratch);
  Map(c, m, n_).rowwise() += Eigen::Map<const Eigen::RowVectorXd>(row, n_);
}

template <typename Real>
void TransposeInto(int64_t rows, int64_t cols, const Real* a, Real* b) {
  const Eigen::Map<const RowMajor<Real>> from(a, rows, cols);
  Eigen::Map<RowMajor<Real>>(b, cols, rows) = from.transpose();
}
template void TransposeInto<float>(int64_t, int64_t, const float*, float*);
template void TransposeInto<double>(int64_t, int64_t, const double*, double*);

}  // namespace runnel
