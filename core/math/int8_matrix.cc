#include "core/math/int8_matrix.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/math/int8_matrix.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "core/math/byte_dot-inl.h"
#include "core/math/line_scale-inl.h"
#include "hwy/highway.h"

#ifndef RUNNEL_CORE_MATH_INT8_MATRIX_PRODUCT_
#define RUNNEL_CORE_MATH_INT8_MATRIX_PRODUCT_
namespace runnel {
struct Int8Product {
  int64_t n, k, columns;
  const int8_t* blocks;
  const float* scales;
  const int32_t* sums;
  const float* x;
  uint8_t* values;  // [columns x groups x 8], room for the quantised x
  float* x_scales;  // [columns]
  float* y;
  int64_t y_stride;
};
}  // namespace runnel
#endif  // RUNNEL_CORE_MATH_INT8_MATRIX_PRODUCT_

HWY_BEFORE_NAMESPACE();
namespace runnel {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

constexpr int64_t kBlock = Int8Matrix::kBlock;
constexpr int64_t kGroup = Int8Matrix::kGroup;
constexpr int64_t kHalf = kByteDotHalf;
static_assert(kGroup == kByteDotGroup);

// Computes the sums [kPanels][kColumns][64] of the first `rows` outputs of kPanels blocks for
// kColumns columns.
template <class Dot, int kColumns, int kPanels>
HWY_NOINLINE void Tile(int64_t rows, int64_t groups, const int8_t* HWY_RESTRICT block,
                       const uint8_t* HWY_RESTRICT x, int32_t* HWY_RESTRICT sums) {
  constexpr int kVectors = 2 * kColumns <= Dot::kColumns ? 4 : Dot::kVectors;
  constexpr int kAll = kPanels * kVectors;
  const int64_t block_size = groups * kBlock * kGroup;
  for (int64_t first = 0; first < rows; first += kVectors * Dot::kLanes) {
    typename Dot::Sum sum[kColumns][kAll];
#pragma GCC unroll 8
    for (int c = 0; c < kColumns; ++c) {
#pragma GCC unroll 8
      for (int v = 0; v < kAll; ++v) sum[c][v] = Dot::Zero();
    }
    const int8_t* w = block + first * kHalf;
    for (int64_t g = 0; g < groups; ++g, w += kBlock * kGroup) {
      typename Dot::Weights weights[2][kAll];
#pragma GCC unroll 8
      for (int v = 0; v < kAll; ++v) {
        const int8_t* at = w + v / kVectors * block_size + v % kVectors * Dot::kLanes * kHalf;
        weights[0][v] = Dot::Load(at);
        weights[1][v] = Dot::Load(at + kBlock * kHalf);
      }
#pragma GCC unroll 8
      for (int c = 0; c < kColumns; ++c) {
        int32_t halves[2];
        __builtin_memcpy(halves, x + (c * groups + g) * kGroup, sizeof(halves));
        const auto x0 = Dot::Repeat(halves[0]);
        const auto x1 = Dot::Repeat(halves[1]);
#pragma GCC unroll 8
        for (int v = 0; v < kAll; ++v) {
          sum[c][v] = Dot::Add(sum[c][v], weights[0][v], weights[1][v], x0, x1);
        }
      }
    }
#pragma GCC unroll 8
    for (int c = 0; c < kColumns; ++c) {
#pragma GCC unroll 8
      for (int v = 0; v < kAll; ++v) {
        Dot::Store(sum[c][v], sums + (v / kVectors * kColumns + c) * kBlock + first +
                                  v % kVectors * Dot::kLanes);
      }
    }
  }
}

// Quantises a column. `shift` is added to each integer.
void Quantize(int64_t k, const float* x, uint8_t shift, uint8_t* values, float* scale) {
  const hn::ScalableTag<float> d;
  const hn::Rebind<int8_t, decltype(d)> d8;
  const hn::Rebind<uint8_t, decltype(d)> du8;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const hn::CappedTag<float, 1> d1;
  const hn::RebindToSigned<decltype(d1)> di1;
  const auto largest = hn::BitCast(d1, hn::Set(di1, LargestMagnitudeBits(k, x)));
  const auto made = MakeLineScale(d1, largest, hn::Div(largest, hn::Set(d1, 127.0f)), 127.0f);
  *scale = hn::GetLane(made.scale);
  const float factor = hn::GetLane(made.inverse);
  const int64_t padded = (k + kGroup - 1) / kGroup * kGroup;
  if (factor == 0) {
    for (int64_t j = 0; j < padded; ++j) values[j] = shift;
    return;
  }
  const auto offset = hn::Set(du8, shift);
  int64_t i = 0;
  for (; i + lanes <= k; i += lanes) {
    const auto q = hn::NearestInt(hn::Mul(hn::LoadU(d, x + i), hn::Set(d, factor)));
    hn::StoreU(hn::Add(hn::BitCast(du8, hn::DemoteTo(d8, q)), offset), du8, values + i);
  }
  for (; i < k; ++i) {
    const auto q = hn::NearestInt(hn::Mul(hn::LoadU(d1, x + i), hn::Set(d1, factor)));
    values[i] = static_cast<uint8_t>(hn::GetLane(q) + shift);
  }
  for (; i < padded; ++i) values[i] = shift;
}

// Adds one column's scaled sums of a block to y.
template <class Dot>
void AddScaled(const Int8Product& p, int64_t first, int64_t column, const int32_t* sums) {
  const int64_t rows = HWY_MIN(kBlock, p.n - first);
  const float x_scale = p.x_scales[column];
  float* y = p.y + column * p.y_stride + first;
  const auto add = [&](auto d, int64_t r) HWY_ATTR {
    const hn::RebindToSigned<decltype(d)> di;
    const auto excess = hn::Mul(hn::LoadU(di, p.sums + first + r), hn::Set(di, Dot::kOffset));
    const auto sum = hn::ConvertTo(d, hn::Sub(hn::LoadU(di, sums + r), excess));
    const auto scale = hn::Mul(hn::LoadU(d, p.scales + first + r), hn::Set(d, x_scale));
    hn::StoreU(hn::MulAdd(sum, scale, hn::LoadU(d, y + r)), d, y + r);
  };
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t r = 0;
  for (; r + lanes <= rows; r += lanes) add(d, r);
  for (; r < rows; ++r) add(hn::CappedTag<float, 1>(), r);
}

template <class Dot, int kColumns, int kPanels>
void MultiplyTile(const Int8Product& p, int64_t groups, int64_t first, int64_t column) {
  int32_t sums[kPanels * kColumns * kBlock];
  const int64_t rows = HWY_MIN(kBlock, p.n - first);
  Tile<Dot, kColumns, kPanels>(kPanels > 1 ? kBlock : rows, groups,
                               p.blocks + first * groups * kGroup,
                               p.values + column * groups * kGroup, sums);
  for (int panel = 0; panel < kPanels; ++panel) {
    for (int c = 0; c < kColumns; ++c) {
      AddScaled<Dot>(p, first + panel * kBlock, column + c, sums + (panel * kColumns + c) * kBlock);
    }
  }
}

template <class Dot, int kColumns = Dot::kColumns>
void MultiplyColumns(const Int8Product& p, int64_t groups, int64_t first, int64_t column,
                     int64_t columns) {
  if (columns == kColumns) return MultiplyTile<Dot, kColumns, 1>(p, groups, first, column);
  if constexpr (kColumns > 1) {
    MultiplyColumns<Dot, kColumns - 1>(p, groups, first, column, columns);
  }
}

template <class Dot>
void MultiplyWith(const Int8Product& p) {
  const int64_t groups = (p.k + kGroup - 1) / kGroup;
  for (int64_t c = 0; c < p.columns; ++c) {
    Quantize(p.k, p.x + c * p.k, Dot::kOffset, p.values + c * groups * kGroup, p.x_scales + c);
  }
  int64_t first = 0;
  if (p.columns == 1) {  // One block of a single column has too few sums to hide the latency.
    for (; first + 2 * kBlock <= p.n; first += 2 * kBlock) {
      MultiplyTile<Dot, 1, 2>(p, groups, first, 0);
    }
  }
  for (; first < p.n; first += kBlock) {
    int64_t left = p.columns;
    for (int64_t tiles = (left + Dot::kColumns - 1) / Dot::kColumns; tiles > 0; --tiles) {
      const int64_t columns = (left + tiles - 1) / tiles;  // Tiles have nearly equal sizes.
      MultiplyColumns<Dot>(p, groups, first, p.columns - left, columns);
      left -= columns;
    }
  }
}

}  // namespace

void Multiply(const Int8Product& p) {
  WithByteDot([&p](auto dot) { MultiplyWith<decltype(dot)>(p); });
}

}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace runnel {
namespace {

HWY_EXPORT(Multiply);

constexpr int64_t kHalf = Int8Matrix::kGroup / 2;
std::atomic<bool> vnni_is_allowed = true;

constexpr int kFourMax = 126;  // In steps of the scale. Four roundings may add half a step each.

// AVX2 adds four products in 16 bits. Returns the largest magnitude that the weights of one sign
// among such four add up to.
double LargestFour(int64_t k, const float* row) {
  double largest = 0;
  for (int64_t i = 0; i < k; i += Int8Matrix::kGroup) {
    for (const int64_t first : {i, i + 2}) {
      double above = 0;
      double below = 0;
      for (const int64_t j : {first, first + 1, first + 4, first + 5}) {
        const double w = j < k ? static_cast<double>(row[j]) : 0;
        (w > 0 ? above : below) += w;
      }
      largest = std::max({largest, above, -below});
    }
  }
  return largest;
}

}  // namespace

bool VnniIsAllowed() { return vnni_is_allowed; }
void AllowVnniForTest(bool allowed) { vnni_is_allowed = allowed; }

Int8Matrix::Int8Matrix(int64_t n, int64_t k, const float* weights) : n_(n), k_(k) {
  const int64_t groups = (k + kGroup - 1) / kGroup;
  const int64_t rows = (n + kBlock - 1) / kBlock * kBlock;
  blocks_.resize(rows * groups * kGroup);
  scales_.resize(rows);
  sums_.resize(rows);
  for (int64_t r = 0; r < n; ++r) {
    const float* row = weights + r * k;
    const double max = LargestFour(k, row);
    constexpr double kTiny = 1e-30;
    if (!(max >= kTiny)) continue;
    scales_[r] = static_cast<float>(max / kFourMax);
    for (int64_t i = 0; i < k; ++i) {
      const auto q =
          static_cast<int8_t>(std::lrint(static_cast<double>(row[i]) * (kFourMax / max)));
      sums_[r] += q;
      const int64_t half = r / kBlock * groups * 2 + i / kHalf;
      blocks_[(half * kBlock + r % kBlock) * kHalf + i % kHalf] = q;
    }
  }
}

void Int8Matrix::MultiplyAdd(int64_t columns, const float* x, float* y, int64_t y_stride,
                             QuantizedColumns* scratch) const {
  const int64_t groups = (k_ + kGroup - 1) / kGroup;
  const auto values = static_cast<size_t>(columns * groups * kGroup);
  if (scratch->values.size() < values) scratch->values.resize(values);
  if (scratch->scales.size() < static_cast<size_t>(columns)) scratch->scales.resize(columns);
  HWY_DYNAMIC_DISPATCH(Multiply)
  ({.n = n_,
    .k = k_,
    .columns = columns,
    .blocks = blocks_.data(),
    .scales = scales_.data(),
    .sums = sums_.data(),
    .x = x,
    .values = scratch->values.data(),
    .x_scales = scratch->scales.data(),
    .y = y,
    .y_stride = y_stride});
}

}  // namespace runnel
#endif  // HWY_ONCE
