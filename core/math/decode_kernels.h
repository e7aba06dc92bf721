// The matrix products of decoding: weights packed once, then multiplied with the columns of one or
// many sessions.
//
// Each output element accumulates over k = 0, 1, ... in order with fused multiply-adds, whatever
// the number of columns and whatever the vector width, so that results are the same to the bit
// alone or in a crowd, on every processor with fused multiply-add.
#ifndef RUNNEL_CORE_MATH_DECODE_KERNELS_H_
#define RUNNEL_CORE_MATH_DECODE_KERNELS_H_

#include <cstdint>
#include <vector>

namespace runnel {

// The weights W [n x k] of y = W x, stored in blocks of 64 outputs, k after k. Immutable once made.
template <typename Real>
class PackedMatrix {
 public:
  static constexpr int64_t kBlock = 64;  // outputs

  PackedMatrix() = default;
  // `weights` is row-major [n x k].
  PackedMatrix(int64_t n, int64_t k, const Real* weights);

  int64_t rows() const { return n_; }
  int64_t cols() const { return k_; }

  // y[c] += W x[c] for `columns` columns; x [columns x k], y's columns of n lie `y_stride` apart.
  void MultiplyAdd(int64_t columns, const Real* x, Real* y, int64_t y_stride) const;

 private:
  int64_t n_ = 0;
  int64_t k_ = 0;
  std::vector<Real> blocks_;  // [ceil(n / 64)][k][64], zeros beyond n
};

extern template class PackedMatrix<float>;
extern template class PackedMatrix<double>;

}  // namespace runnel

#endif  // RUNNEL_CORE_MATH_DECODE_KERNELS_H_
