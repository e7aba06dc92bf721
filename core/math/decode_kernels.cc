#include "core/math/decode_kernels.h"

#include <algorithm>
#include <cstddef>
#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/math/decode_kernels.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "hwy/cache_control.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace runnel {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

constexpr int64_t kBlock = kDecodeBlock;
// A tile has at most this many columns and vectors of outputs, so that its sums fit in the
// registers.
constexpr int kTileColumns = 6;
constexpr int kTileVectors = HWY_TARGET <= HWY_AVX3 ? 4 : 2;
// The bytes of a block's weights that are multiplied by all columns before the next ones are read.
// They stay in the first-level cache meanwhile.
constexpr int64_t kDepthBytes = 128 * kBlock * sizeof(float);

// With a single column, the product waits for its weights. Float weights are therefore prefetched
// this many rows ahead, unless a vector holds 16 floats. This is 1.06 times as fast at 2x128 on
// Zen 3.
constexpr int64_t kRowsAhead = 8;

// The number of k that one stored row of a block holds.
template <typename Stored>
constexpr int64_t kPerRow = std::is_same_v<Stored, uint32_t> ? 2 : 1;

// Loads a row of weights as floats. A row of bf16 pairs holds two values of k: kHalf 0 takes the
// lower halves, kHalf 1 the upper ones.
template <int kHalf, class D, typename Stored>
HWY_INLINE hn::Vec<D> Widen(D d, const Stored* row) {
  if constexpr (kPerRow<Stored> == 1) {
    return hn::LoadU(d, row);
  } else {
    const hn::RebindToUnsigned<D> du;
    const auto pair = hn::LoadU(du, row);
    if constexpr (kHalf == 0) return hn::BitCast(d, hn::ShiftLeft<16>(pair));
    return hn::BitCast(d, hn::And(pair, hn::Set(du, 0xFFFF0000u)));
  }
}

// y [kColumns][kPanels x kVectors vectors] += W x over `depth` numbers along k. The kPanels panels,
// of kVectors vectors each, are kBlock outputs apart in y and `panel_stride` apart in `w`.
template <int kColumns, int kPanels, int kVectors, class D, typename Stored, typename Real>
HWY_INLINE void Tile(D d, int64_t depth, const Stored* HWY_RESTRICT w, int64_t panel_stride,
                     const Real* HWY_RESTRICT x, int64_t x_stride, Real* HWY_RESTRICT y,
                     int64_t y_stride) {
  constexpr int kAll = kPanels * kVectors;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  hn::Vec<D> sum[kColumns][kAll];
  const auto place = [&](int c, int v) HWY_ATTR {
    return y + c * y_stride + v / kVectors * kBlock + v % kVectors * lanes;
  };
#pragma GCC unroll 8
  for (int c = 0; c < kColumns; ++c) {
#pragma GCC unroll 8
    for (int v = 0; v < kAll; ++v) sum[c][v] = hn::LoadU(d, place(c, v));
  }
  const auto add = [&](auto half, int64_t i) HWY_ATTR {
    hn::Vec<D> weights[kAll];
    if constexpr (kVectors == 8 && std::is_same_v<Stored, float>) {
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; v += 2) hwy::Prefetch(w + kRowsAhead * kBlock + v * lanes);
    }
#pragma GCC unroll 8
    for (int v = 0; v < kAll; ++v) {
      weights[v] =
          Widen<decltype(half)::value>(d, w + v / kVectors * panel_stride + v % kVectors * lanes);
    }
#pragma GCC unroll 8
    for (int c = 0; c < kColumns; ++c) {
      const auto xi = hn::Set(d, x[c * x_stride + i]);
#pragma GCC unroll 8
      for (int v = 0; v < kAll; ++v) sum[c][v] = hn::MulAdd(weights[v], xi, sum[c][v]);
    }
  };
  constexpr std::integral_constant<int, 0> kFirst;
  constexpr std::integral_constant<int, 1> kSecond;
  if constexpr (kPerRow<Stored> == 1) {
    for (int64_t i = 0; i < depth; ++i, w += kBlock) add(kFirst, i);
  } else {
    int64_t i = 0;
    for (; i + 1 < depth; i += 2, w += kBlock) {
      add(kFirst, i);
      add(kSecond, i + 1);
    }
    if (i < depth) add(kFirst, i);
  }
#pragma GCC unroll 8
  for (int c = 0; c < kColumns; ++c) {
#pragma GCC unroll 8
    for (int v = 0; v < kAll; ++v) hn::StoreU(sum[c][v], d, place(c, v));
  }
}

// The weights that will be multiplied next. Each tile prefetches `lines` cache lines of them into
// the second-level cache, so that no tile waits for the memory that all cores share.
struct Ahead {
  const std::byte* data;
  int64_t lines;

  HWY_INLINE void Fetch() {
    constexpr int64_t kLine = 64;
    for (int64_t i = 0; i < lines; ++i, data += kLine) __builtin_prefetch(data, 0, 2);
  }
};

// Computes a block's first `rows` outputs, rounded up to whole vectors, for kColumns columns.
template <int kColumns, typename Stored, typename Real>
HWY_NOINLINE void Block(int64_t rows, int64_t depth, const Stored* w, const Real* x,
                        int64_t x_stride, Real* y, int64_t y_stride, Ahead* ahead) {
  const hn::CappedTag<Real, 16> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  // A few columns need more vectors of sums to hide the latency of the multiply-add.
  constexpr int kVectors = kColumns <= 3 ? 4 : kTileVectors;
  for (int64_t first = 0; first < rows;) {
    ahead->Fetch();
    if (rows - first <= lanes) {
      Tile<kColumns, 1, 1>(d, depth, w + first, 0, x, x_stride, y + first, y_stride);
      first += lanes;
    } else {
      Tile<kColumns, 1, kVectors>(d, depth, w + first, 0, x, x_stride, y + first, y_stride);
      first += kVectors * lanes;
    }
  }
}

template <typename Stored, typename Real>
void BlockOfTile(int64_t columns, int64_t rows, int64_t depth, const Stored* w, const Real* x,
                 int64_t x_stride, Real* y, int64_t y_stride, Ahead* ahead) {
  switch (columns) {
    case 1:
      return Block<1>(rows, depth, w, x, x_stride, y, y_stride, ahead);
    case 2:
      return Block<2>(rows, depth, w, x, x_stride, y, y_stride, ahead);
    case 3:
      return Block<3>(rows, depth, w, x, x_stride, y, y_stride, ahead);
    case 4:
      return Block<4>(rows, depth, w, x, x_stride, y, y_stride, ahead);
    case 5:
      return Block<5>(rows, depth, w, x, x_stride, y, y_stride, ahead);
    case kTileColumns:
      return Block<kTileColumns>(rows, depth, w, x, x_stride, y, y_stride, ahead);
    default:
      return;
  }
}

// Computes a block's outputs for all columns. If `more` weights follow these, they are prefetched
// meanwhile, provided that they are floats and that there are enough columns to hide this.
template <typename Stored, typename Real>
void BlockOfColumns(int64_t columns, int64_t rows, int64_t depth, const Stored* w, const Real* x,
                    int64_t x_stride, Real* y, int64_t y_stride, bool more) {
  constexpr int64_t kTilesMin = 2;
  int64_t tiles = (columns + kTileColumns - 1) / kTileColumns;
  Ahead ahead = {};
  if (more && std::is_same_v<Stored, float> && tiles >= kTilesMin) {
    constexpr int64_t kLineFloats = 16;
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(hn::CappedTag<Real, 16>()));
    const int64_t parts = tiles * (kBlock / (kTileVectors * lanes));
    ahead = {reinterpret_cast<const std::byte*>(w + depth * kBlock),
             depth * kBlock / (kLineFloats * parts)};
  }
  for (; tiles > 0; --tiles) {
    const int64_t count = (columns + tiles - 1) / tiles;  // Tiles have nearly equal sizes.
    BlockOfTile(count, rows, depth, w, x, x_stride, y, y_stride, &ahead);
    columns -= count;
    x += count * x_stride;
    y += count * y_stride;
  }
}

// Computes two whole blocks for a single column, in tiles of 8 vectors, because fewer sums would
// not hide the latency.
template <typename Stored, typename Real>
void TwoBlocksOfOneColumn(int64_t depth, const Stored* w, int64_t block_size, const Real* x,
                          Real* y) {
  const hn::CappedTag<Real, 16> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  if (8 * lanes > kBlock) return Tile<1, 2, 4>(d, depth, w, block_size, x, 0, y, 0);
  for (int64_t panel = 0; panel < 2; ++panel, w += block_size, y += kBlock) {
    for (int64_t first = 0; first < kBlock; first += 8 * lanes) {
      Tile<1, 1, 8>(d, depth, w + first, 0, x, 0, y + first, 0);
    }
  }
}

template <typename Stored, typename Real>
void Multiply(const PackedProduct<Stored, Real>& p) {
  const int64_t block_size = (p.k + kPerRow<Stored> - 1) / kPerRow<Stored> * kBlock;
  constexpr int64_t kDepth =
      kDepthBytes / (kBlock * static_cast<int64_t>(sizeof(Stored))) * kPerRow<Stored>;
  int64_t first = 0;
  if (p.columns == 1) {
    for (; first + 2 * kBlock <= p.n; first += 2 * kBlock) {
      TwoBlocksOfOneColumn(p.k, p.blocks + first / kBlock * block_size, block_size, p.x,
                           p.y + first);
    }
  }
  for (; first < p.n; first += kBlock) {
    const Stored* block = p.blocks + first / kBlock * block_size;
    const int64_t rows = HWY_MIN(kBlock, p.n - first);
    if (rows == kBlock) {
      for (int64_t i = 0; i < p.k; i += kDepth) {
        const bool more = i + kDepth < p.k || first + kBlock < p.n;
        BlockOfColumns(p.columns, rows, HWY_MIN(kDepth, p.k - i),
                       block + i / kPerRow<Stored> * kBlock, p.x + i, p.k, p.y + first, p.y_stride,
                       more);
      }
      continue;
    }
    // y may end after the last rows, so these are computed in a copy that is padded to a whole
    // block.
    for (int64_t c = 0; c < p.columns; c += kTileColumns) {
      const int64_t columns = HWY_MIN(kTileColumns, p.columns - c);
      Real padded[kTileColumns * kBlock];
      for (int64_t i = 0; i < columns; ++i) {
        Real* row = padded + i * kBlock;
        for (int64_t r = 0; r < rows; ++r) row[r] = p.y[(c + i) * p.y_stride + first + r];
        for (int64_t r = rows; r < kBlock; ++r) row[r] = 0;
      }
      BlockOfColumns(columns, rows, p.k, block, p.x + c * p.k, p.k, padded, kBlock, false);
      for (int64_t i = 0; i < columns; ++i) {
        for (int64_t r = 0; r < rows; ++r) {
          p.y[(c + i) * p.y_stride + first + r] = padded[i * kBlock + r];
        }
      }
    }
  }
}

}  // namespace

void MultiplyF32(const PackedProduct<float, float>& product) { Multiply(product); }
void MultiplyF64(const PackedProduct<double, double>& product) { Multiply(product); }
void MultiplyBf16(const PackedProduct<uint32_t, float>& product) { Multiply(product); }

}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace runnel {

HWY_EXPORT(MultiplyF32);
HWY_EXPORT(MultiplyF64);
HWY_EXPORT(MultiplyBf16);

void MultiplyPacked(const PackedProduct<float, float>& product) {
  HWY_DYNAMIC_DISPATCH(MultiplyF32)(product);
}
void MultiplyPacked(const PackedProduct<double, double>& product) {
  HWY_DYNAMIC_DISPATCH(MultiplyF64)(product);
}
void MultiplyPacked(const PackedProduct<uint32_t, float>& product) {
  HWY_DYNAMIC_DISPATCH(MultiplyBf16)(product);
}

}  // namespace runnel
#endif  // HWY_ONCE
