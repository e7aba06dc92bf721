#include "core/math/decode_kernels.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/math/decode_kernels.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace runnel {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// y [64] += block [k x 64]^T x [k].
template <typename Real>
void MultiplyAddBlock(int64_t k, const Real* block, const Real* x, Real* y) {
  constexpr int64_t kBlock = PackedMatrix<Real>::kBlock;
  const hn::CappedTag<Real, 16> d;
  constexpr int64_t kVectors = 4;  // accumulators at once, to hide the latency of the multiply-add
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t first = 0; first < kBlock; first += kVectors * lanes) {
    auto sum0 = hn::LoadU(d, y + first);
    auto sum1 = hn::LoadU(d, y + first + lanes);
    auto sum2 = hn::LoadU(d, y + first + 2 * lanes);
    auto sum3 = hn::LoadU(d, y + first + 3 * lanes);
    const Real* row = block + first;
    for (int64_t i = 0; i < k; ++i, row += kBlock) {
      const auto xi = hn::Set(d, x[i]);
      sum0 = hn::MulAdd(hn::LoadU(d, row), xi, sum0);
      sum1 = hn::MulAdd(hn::LoadU(d, row + lanes), xi, sum1);
      sum2 = hn::MulAdd(hn::LoadU(d, row + 2 * lanes), xi, sum2);
      sum3 = hn::MulAdd(hn::LoadU(d, row + 3 * lanes), xi, sum3);
    }
    hn::StoreU(sum0, d, y + first);
    hn::StoreU(sum1, d, y + first + lanes);
    hn::StoreU(sum2, d, y + first + 2 * lanes);
    hn::StoreU(sum3, d, y + first + 3 * lanes);
  }
}

}  // namespace

void MultiplyAddBlockF32(int64_t k, const float* block, const float* x, float* y) {
  MultiplyAddBlock(k, block, x, y);
}
void MultiplyAddBlockF64(int64_t k, const double* block, const double* x, double* y) {
  MultiplyAddBlock(k, block, x, y);
}

}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace runnel {
namespace {

HWY_EXPORT(MultiplyAddBlockF32);
HWY_EXPORT(MultiplyAddBlockF64);

void MultiplyAddBlock(int64_t k, const float* block, const float* x, float* y) {
  HWY_DYNAMIC_DISPATCH(MultiplyAddBlockF32)(k, block, x, y);
}
void MultiplyAddBlock(int64_t k, const double* block, const double* x, double* y) {
  HWY_DYNAMIC_DISPATCH(MultiplyAddBlockF64)(k, block, x, y);
}

}  // namespace

template <typename Real>
PackedMatrix<Real>::PackedMatrix(int64_t n, int64_t k, const Real* weights)
    : n_(n), k_(k), blocks_((n + kBlock - 1) / kBlock * kBlock * k) {
  for (int64_t row = 0; row < n; ++row) {
    Real* column = blocks_.data() + row / kBlock * kBlock * k + row % kBlock;
    for (int64_t i = 0; i < k; ++i) column[i * kBlock] = weights[row * k + i];
  }
}

template <typename Real>
void PackedMatrix<Real>::MultiplyAdd(int64_t columns, const Real* x, Real* y,
                                     int64_t y_stride) const {
  for (int64_t first = 0; first < n_; first += kBlock) {
    const Real* block = blocks_.data() + first * k_;
    const int64_t rows = std::min(kBlock, n_ - first);
    for (int64_t c = 0; c < columns; ++c) {
      Real* out = y + c * y_stride + first;
      if (rows == kBlock) {
        MultiplyAddBlock(k_, block, x + c * k_, out);
        continue;
      }
      Real padded[kBlock] = {};
      std::copy_n(out, rows, padded);
      MultiplyAddBlock(k_, block, x + c * k_, padded);
      std::copy_n(padded, rows, out);
    }
  }
}

template class PackedMatrix<float>;
template class PackedMatrix<double>;

}  // namespace runnel
#endif  // HWY_ONCE
