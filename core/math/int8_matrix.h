// A matrix product in 8-bit integers: weights with a scale for each row, columns quantised with a
// scale that depends only on the column.
//
//   y[r] += scale[r] * scale(x) * sum over k of q[r][k] * q(x)[k],     q(x) in -127 ... 127
//
// The sum is an exact 32-bit integer, because nothing saturates. So a column has the same results,
// to the bit, alone or with others, on every processor with fused multiply-add.
//
// AVX2 adds four products in 16 bits: those of weights 0, 1, 4, 5, and of 2, 3, 6, 7, of each
// eight. Its instruction takes q(x) + 128, at most 255, as an unsigned byte. A row's scale is
// chosen so that of four such weights, those of one sign add up to at most 128; 128 * 255 = 32,640
// fits in 16 bits. Rows therefore have a resolution of about 6 bits instead of 7, and AVX2's
// products are 1.5 times as fast.
#ifndef RUNNEL_CORE_MATH_INT8_MATRIX_H_
#define RUNNEL_CORE_MATH_INT8_MATRIX_H_

#include <cstdint>
#include <vector>

#include "core/math/aligned_vector.h"

namespace runnel {

// Buffers for columns as integers, reused from call to call.
struct QuantizedColumns {
  std::vector<uint8_t> values;  // [columns x k], k rounded up to whole groups
  std::vector<float> scales;    // [columns]
};

// Whether products use VNNI's instruction where the processor has it, as they do by default. They
// have the same bits with and without it.
bool VnniIsAllowed();
void AllowVnniForTest(bool allowed);

// Immutable.
class Int8Matrix {
 public:
  static constexpr int64_t kBlock = 64;  // outputs
  static constexpr int64_t kGroup = 8;   // neighbours in k that are multiplied and added at once
  static constexpr int64_t kColsMax = 65'536;  // so that no sum exceeds 32 bits

  Int8Matrix() = default;
  // `weights` is row-major [n x k], k <= kColsMax.
  Int8Matrix(int64_t n, int64_t k, const float* weights);

  int64_t rows() const { return n_; }
  int64_t bytes() const { return BytesOf(blocks_) + BytesOf(scales_) + BytesOf(sums_); }

  // y[c] += W x[c] for `columns` columns. x is [columns x k]; the columns of y, n numbers each, are
  // `y_stride` apart. A column with a NaN or an infinity gives NaN.
  void MultiplyAdd(int64_t columns, const float* x, float* y, int64_t y_stride,
                   QuantizedColumns* scratch) const;

 private:
  int64_t n_ = 0;
  int64_t k_ = 0;
  AlignedVector<int8_t> blocks_;  // [ceil(n / 64)][ceil(k / 8)][2][64][4], zeros beyond n and k
  std::vector<float> scales_;     // [ceil(n / 64) * 64]
  std::vector<int32_t> sums_;     // of each row's integers
};

}  // namespace runnel

#endif  // RUNNEL_CORE_MATH_INT8_MATRIX_H_
