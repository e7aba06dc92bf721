// The matrix products of decoding: weights packed once, then multiplied with the columns of one or
// many sessions.
//
// Each output element accumulates over k = 0, 1, ... in order, with fused multiply-adds, whatever
// the number of columns and the vector width are. So a column has the same results, to the bit,
// alone or with others, on every processor with fused multiply-add. int8 sums are exact integers
// that one fused multiply-add scales at the end, so the same holds for them.
#ifndef RUNNEL_CORE_MATH_PACKED_MATRIX_H_
#define RUNNEL_CORE_MATH_PACKED_MATRIX_H_

#include <cstdint>

#include "core/math/aligned_vector.h"
#include "core/math/decode_kernels.h"
#include "core/math/decode_precision.h"
#include "core/math/int8_matrix.h"

namespace runnel {

// Buffers that products reuse from call to call. Only one thread may use them at a time.
struct ProductScratch {
  QuantizedColumns quantized;
};

// The weights W [n x k] of y = W x, stored in blocks of 64 outputs, one k after the other.
// Immutable.
template <typename Real>
class PackedMatrix {
 public:
  static constexpr int64_t kBlock = kDecodeBlock;

  PackedMatrix() = default;
  // `weights` is row-major [n x k]. Doubles ignore `precision`.
  PackedMatrix(int64_t n, int64_t k, const Real* weights,
               DecodePrecision precision = DecodePrecision::kF32);

  int64_t rows() const { return n_; }
  int64_t cols() const { return k_; }
  int64_t bytes() const { return BytesOf(blocks_) + BytesOf(pairs_) + int8_.bytes(); }

  // y[c] += W x[c] for `columns` columns. x is [columns x k]; the columns of y, n numbers each, are
  // `y_stride` apart.
  void MultiplyAdd(int64_t columns, const Real* x, Real* y, int64_t y_stride,
                   ProductScratch* scratch) const;

 private:
  int64_t n_ = 0;
  int64_t k_ = 0;
  // Only one of these is in use.
  AlignedVector<Real> blocks_;     // [ceil(n / 64)][k][64], zeros beyond n
  AlignedVector<uint32_t> pairs_;  // bf16, [ceil(n / 64)][ceil(k / 2)][64]: k even in the low half
  Int8Matrix int8_;
};

extern template class PackedMatrix<float>;
extern template class PackedMatrix<double>;

}  // namespace runnel

#endif  // RUNNEL_CORE_MATH_PACKED_MATRIX_H_
