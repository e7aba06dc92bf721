#include "core/math/packed_matrix.h"

#include <type_traits>

#include "core/math/bf16-inl.h"
#include "hwy/highway.h"

namespace runnel {
namespace {

uint32_t Bf16Bits(float value) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::CappedTag<float, 1> d;
  return hn::GetLane(HWY_NAMESPACE::RoundToBf16(d, hn::Set(d, value))) >> 16;
}

}  // namespace

template <typename Real>
PackedMatrix<Real>::PackedMatrix(int64_t n, int64_t k, const Real* weights,
                                 DecodePrecision precision)
    : n_(n), k_(k) {
  const int64_t blocks = (n + kBlock - 1) / kBlock;
  if constexpr (std::is_same_v<Real, float>) {
    if (precision == DecodePrecision::kInt8) {
      int8_ = Int8Matrix(n, k, weights);
      return;
    }
    if (precision == DecodePrecision::kBf16) {
      const int64_t pairs = (k + 1) / 2;
      pairs_.resize(blocks * pairs * kBlock);
      for (int64_t row = 0; row < n; ++row) {
        uint32_t* column = pairs_.data() + row / kBlock * kBlock * pairs + row % kBlock;
        for (int64_t i = 0; i < k; ++i) {
          column[i / 2 * kBlock] |= Bf16Bits(weights[row * k + i]) << i % 2 * 16;
        }
      }
      return;
    }
  }
  blocks_.resize(blocks * kBlock * k);
  for (int64_t row = 0; row < n; ++row) {
    Real* column = blocks_.data() + row / kBlock * kBlock * k + row % kBlock;
    for (int64_t i = 0; i < k; ++i) column[i * kBlock] = weights[row * k + i];
  }
}

template <typename Real>
void PackedMatrix<Real>::MultiplyAdd(int64_t columns, const Real* x, Real* y, int64_t y_stride,
                                     ProductScratch* scratch) const {
  if constexpr (std::is_same_v<Real, float>) {
    if (int8_.rows() > 0) return int8_.MultiplyAdd(columns, x, y, y_stride, &scratch->quantized);
    if (!pairs_.empty()) {
      return MultiplyPacked(
          PackedProduct<uint32_t, float>{n_, k_, columns, pairs_.data(), x, y, y_stride});
    }
  }
  MultiplyPacked(PackedProduct<Real, Real>{n_, k_, columns, blocks_.data(), x, y, y_stride});
}

template class PackedMatrix<float>;
template class PackedMatrix<double>;

}  // namespace runnel
