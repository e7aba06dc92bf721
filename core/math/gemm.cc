#include "core/math/gemm.h"

#include <Eigen/Core>
#include <algorithm>
#include <cassert>
#include <type_traits>

#include "core/math/gemm_kernels.h"

namespace runnel {
namespace {

// What the kernels add to the product.
Addend AddendOf(GemmUpdate update, MatrixView<float> c) {
  return update == GemmUpdate::kAssign ? Addend{nullptr, 0} : Addend{c.data(), c.row_stride()};
}

// Room for a packed block of A; null where the kernels read A in place.
std::byte* RoomForA(const GemmKernels& kernels, MatrixView<const float> a, GemmScratch* scratch) {
  if (a.col_stride() == 1 && !kernels.packs_a) return nullptr;
  const auto size = static_cast<size_t>(kernels.packed_a_size);
  if (scratch->left.size() < size) scratch->left.resize(size);
  return scratch->left.data();
}

// Whether C = A * B, and the kernels can write C.
template <typename Real>
[[maybe_unused]] bool ShapesMatch(MatrixView<const Real> a, int64_t k, int64_t n,
                                  MatrixView<Real> c) {
  return a.cols() == k && c.rows() == a.rows() && c.cols() == n && c.col_stride() == 1;
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
void MultiplySlices(const GemmKernels& kernels, MatrixView<const float> a, const std::byte* packed,
                    Addend addend, MatrixView<float> c, GemmScratch* scratch) {
  std::byte* room = RoomForA(kernels, a, scratch);
  const int64_t rows = SliceRows(c.cols(), a.cols(), kernels.mc);
  for (int64_t first = 0; first < a.rows(); first += rows) {
    if (first > 0 && IsInterrupted(scratch->interruption)) return;
    const int64_t count = std::min(rows, a.rows() - first);
    kernels.multiply(a.RowRange(first, count), packed, addend, c.RowRange(first, count), room);
    if (addend.data != nullptr) addend.data += rows * addend.row;
  }
}

template <typename Real>
using RowMajor = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// An Eigen view of a matrix whose rows are contiguous.
template <typename Real>
auto Map(MatrixView<Real> view) {
  using Matrix = RowMajor<std::remove_const_t<Real>>;
  using Target = std::conditional_t<std::is_const_v<Real>, const Matrix, Matrix>;
  return Eigen::Map<Target, 0, Eigen::OuterStride<>>(view.data(), view.rows(), view.cols(),
                                                     Eigen::OuterStride<>(view.row_stride()));
}

// Calls `f` with an Eigen expression of the matrix.
template <typename F>
void WithExpression(MatrixView<const double> view, const F& f) {
  if (view.col_stride() == 1) {
    f(Map(view));
  } else {
    f(Map(view.Transposed()).transpose());
  }
}

}  // namespace

template <>
void Gemm<float>(MatrixView<const float> a, MatrixView<const float> b, MatrixView<float> c,
                 const GemmOptions& options, GemmScratch* scratch) {
  assert(ShapesMatch(a, b.rows(), b.cols(), c));
  const GemmKernels& kernels = GetGemmKernels(options.precision);
  const auto packed_size = static_cast<size_t>(kernels.packed_b_size(kernels.kc, b.cols()));
  if (scratch->right.size() < packed_size) scratch->right.resize(packed_size);
  std::byte* room = RoomForA(kernels, a, scratch);
  Addend addend = AddendOf(options.update, c);
  for (int64_t first = 0; first < b.rows(); first += kernels.kc) {
    if (first > 0 && IsInterrupted(scratch->interruption)) return;
    const int64_t depth = std::min(b.rows() - first, kernels.kc);
    kernels.pack_b(b.RowRange(first, depth), scratch->right.data());
    kernels.multiply(a.ColumnRange(first, depth), scratch->right.data(), addend, c, room);
    addend = AddendOf(GemmUpdate::kAdd, c);
  }
}

template <>
void Gemm<double>(MatrixView<const double> a, MatrixView<const double> b, MatrixView<double> c,
                  const GemmOptions& options, GemmScratch*) {
  assert(ShapesMatch(a, b.rows(), b.cols(), c));
  auto to = Map(c);
  if (options.update == GemmUpdate::kAssign) to.setZero();
  WithExpression(a, [&](const auto& left) {
    WithExpression(b, [&](const auto& right) { to.noalias() += left * right; });
  });
}

template <>
GemmWeights<float>::GemmWeights(int64_t k, int64_t n, TrainingPrecision precision)
    : k_(k), n_(n), precision_(precision), values_(GetGemmKernels(precision).packed_b_size(k, n)) {}

template <>
void GemmWeights<float>::Assign(MatrixView<const float> b) {
  assert(b.rows() == k_ && b.cols() == n_);
  GetGemmKernels(precision_).pack_b(b, values_.data());
}

template <>
void GemmWeights<float>::Multiply(MatrixView<const float> a, MatrixView<float> c, GemmUpdate update,
                                  GemmScratch* scratch) const {
  assert(ShapesMatch(a, k_, n_, c));
  MultiplySlices(GetGemmKernels(precision_), a, values_.data(), AddendOf(update, c), c, scratch);
}

template <>
void GemmWeights<float>::MultiplyAddRow(MatrixView<const float> a, const float* row,
                                        MatrixView<float> c, GemmScratch* scratch) const {
  assert(ShapesMatch(a, k_, n_, c));
  MultiplySlices(GetGemmKernels(precision_), a, values_.data(), {row, 0}, c, scratch);
}

template <>
GemmWeights<double>::GemmWeights(int64_t k, int64_t n, TrainingPrecision precision)
    : k_(k), n_(n), precision_(precision), values_(k * n) {}

template <>
void GemmWeights<double>::Assign(MatrixView<const double> b) {
  assert(b.rows() == k_ && b.cols() == n_);
  auto to = Map(MatrixView<double>(values_.data(), k_, n_));
  WithExpression(b, [&](const auto& from) { to = from; });
}

template <>
void GemmWeights<double>::Multiply(MatrixView<const double> a, MatrixView<double> c,
                                   GemmUpdate update, GemmScratch* scratch) const {
  Gemm<double>(a, MatrixView<const double>(values_.data(), k_, n_), c, {.update = update}, scratch);
}

template <>
void GemmWeights<double>::MultiplyAddRow(MatrixView<const double> a, const double* row,
                                         MatrixView<double> c, GemmScratch* scratch) const {
  Multiply(a, c, GemmUpdate::kAssign, scratch);
  Map(c).rowwise() += Eigen::Map<const Eigen::RowVectorXd>(row, n_);
}

template <typename Real>
void TransposeInto(int64_t rows, int64_t cols, const Real* a, Real* b) {
  const Eigen::Map<const RowMajor<Real>> from(a, rows, cols);
  Eigen::Map<RowMajor<Real>>(b, cols, rows) = from.transpose();
}
template void TransposeInto<float>(int64_t, int64_t, const float*, float*);
template void TransposeInto<double>(int64_t, int64_t, const double*, double*);

}  // namespace runnel
