#include "core/math/gemm_kernels.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/math/gemm_kernels.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "hwy/cache_control.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace runnel {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<float>;
using Vector = hn::Vec<Tag>;

// A block of the result in registers: rows x panel vectors. With 32 registers 24 hold sums, with 16
// there are 12.
constexpr int kPanelVectors = 3;
#if HWY_TARGET <= HWY_AVX3
constexpr int kRowsMax = 8;
#else
constexpr int kRowsMax = 4;
#endif
// Sums that are under way at once, at least: two multiply-adds a cycle of four cycles' latency.
constexpr int kSumsMin = 8;

// What the nearer caches hold: a panel's part of kDepth x 48 floats and kRows rows of A of that
// depth.
constexpr int64_t kDepth = 512;
constexpr int64_t kRows = 128;

HWY_INLINE int64_t Lanes() { return static_cast<int64_t>(hn::Lanes(Tag())); }
HWY_INLINE int64_t RoundUp(int64_t n, int64_t step) { return (n + step - 1) / step * step; }

// Columns of the next panel, where `left` are left: a panel of one vector, too few for its loads,
// is only made where there is no more.
HWY_INLINE int64_t PanelWidth(int64_t left) {
  const int64_t vectors = (left + Lanes() - 1) / Lanes();
  return Lanes() * (vectors == kPanelVectors + 1 ? 2 : std::min<int64_t>(vectors, kPanelVectors));
}

int64_t PackedSize(int64_t k, int64_t n) { return k * RoundUp(n, Lanes()); }

void Pack(int64_t k, int64_t n, StridedView b, float* packed) {
  const Tag d;
  for (int64_t first = 0, width; first < n; first += width) {
    width = PanelWidth(n - first);
    const int64_t used = std::min(width, n - first);
    float* panel = packed + first * k;
    const float* from = b.data + first * b.col;
    if (b.col == 1) {
      for (int64_t i = 0; i < k; ++i, panel += width, from += b.row) {
        int64_t j = 0;
        for (; j + Lanes() <= used; j += Lanes()) hn::StoreU(hn::LoadU(d, from + j), d, panel + j);
        for (; j < used; ++j) panel[j] = from[j];
        for (; j < width; ++j) panel[j] = 0;
      }
      continue;
    }
    // Transposed: a square of some rows and columns at a time keeps both sides in the cache.
    constexpr int64_t kSquare = 16;
    for (int64_t i0 = 0; i0 < k; i0 += kSquare) {
      const int64_t i1 = std::min(k, i0 + kSquare);
      for (int64_t j = 0; j < width; ++j) {
        if (j >= used) {
          for (int64_t i = i0; i < i1; ++i) panel[i * width + j] = 0;
          continue;
        }
        const float* column = from + j * b.col;
        for (int64_t i = i0; i < i1; ++i) panel[i * width + j] = column[i * b.row];
      }
    }
  }
}

// C [kRowCount x kVectors] = A * panel + addend over `depth` steps.
template <int kRowCount, int kVectors>
void Block(int64_t depth, const float* a, int64_t a_row, int64_t a_col, const float* panel,
           Addend addend, float* c, int64_t c_stride) {
  const Tag d;
  const int64_t lanes = Lanes();
  // C is wanted at the end, all at once.
  for (int i = 0; i < kRowCount; ++i) {
    for (int j = 0; j < kVectors; ++j) hwy::Prefetch(c + i * c_stride + j * lanes);
  }
  // Few sums would wait for each other: then several chains take turns in k and are added at the
  // end.
  constexpr int kChains = std::max(1, kSumsMin / (kRowCount * kVectors));
  Vector sum[kChains][kRowCount][kVectors];
  HWY_UNROLL(8)
  for (int i = 0; i < kRowCount; ++i) {
    HWY_UNROLL(3)
    for (int j = 0; j < kVectors; ++j) {
      HWY_UNROLL(8)
      for (int chain = 0; chain < kChains; ++chain) sum[chain][i][j] = hn::Zero(d);
    }
  }
  const auto step = [&](Vector(&to)[kRowCount][kVectors], const float* a_k, const float* b_k)
                        HWY_ATTR {
                          Vector b[kVectors];
                          HWY_UNROLL(3)
                          for (int j = 0; j < kVectors; ++j) b[j] = hn::LoadU(d, b_k + j * lanes);
                          HWY_UNROLL(8)
                          for (int i = 0; i < kRowCount; ++i) {
                            const Vector ai = hn::Set(d, a_k[i * a_row]);
                            HWY_UNROLL(3)
                            for (int j = 0; j < kVectors; ++j)
                              to[i][j] = hn::MulAdd(ai, b[j], to[i][j]);
                          }
                        };
  int64_t k = 0;
  for (; k + kChains <= depth; k += kChains) {
    HWY_UNROLL(8)
    for (int chain = 0; chain < kChains; ++chain) {
      step(sum[chain], a, panel);
      a += a_col;
      panel += kVectors * lanes;
    }
  }
  for (; k < depth; ++k) {
    step(sum[0], a, panel);
    a += a_col;
    panel += kVectors * lanes;
  }
  HWY_UNROLL(8)
  for (int i = 0; i < kRowCount; ++i) {
    HWY_UNROLL(3)
    for (int j = 0; j < kVectors; ++j) {
      Vector total = sum[0][i][j];
      HWY_UNROLL(8)
      for (int chain = 1; chain < kChains; ++chain) total = hn::Add(total, sum[chain][i][j]);
      if (addend.data != nullptr) {
        total = hn::Add(hn::LoadU(d, addend.data + i * addend.row + j * lanes), total);
      }
      hn::StoreU(total, d, c + i * c_stride + j * lanes);
    }
  }
}

using BlockFunction = void (*)(int64_t, const float*, int64_t, int64_t, const float*, Addend,
                               float*, int64_t);

template <int kVectors>
BlockFunction BlockOf(int64_t rows) {
  constexpr BlockFunction kBlocks[] = {
    Block<1, kVectors>,
    Block<2, kVectors>,
    Block<3, kVectors>,
    Block<4, kVectors>,
#if HWY_TARGET <= HWY_AVX3
    Block<5, kVectors>,
    Block<6, kVectors>,
    Block<7, kVectors>,
    Block<8, kVectors>,
#endif
  };
  return kBlocks[rows - 1];
}

BlockFunction BlockOf(int64_t rows, int64_t vectors) {
  switch (vectors) {
    case 1:
      return BlockOf<1>(rows);
    case 2:
      return BlockOf<2>(rows);
    default:
      return BlockOf<3>(rows);
  }
}

// Rows of A that one block takes: m rows are divided into blocks of nearly equal height.
struct RowBlocks {
  explicit RowBlocks(int64_t rows) : m(rows), count((rows + kRowsMax - 1) / kRowsMax) {}
  int64_t First(int64_t block) const { return m * block / count; }
  int64_t m;
  int64_t count;
};

// Copies `rows` neighbours, at most kRowsMax.
HWY_INLINE void CopyRows(int64_t rows, const float* from, float* to) {
  const hn::CappedTag<float, kRowsMax> all;
  const hn::CappedTag<float, 4> some;
  const auto count = static_cast<int64_t>(hn::Lanes(some));
  if (rows == static_cast<int64_t>(hn::Lanes(all))) {
    hn::StoreU(hn::LoadU(all, from), all, to);
  } else if (rows >= count && rows <= 2 * count) {  // two vectors that overlap
    hn::StoreU(hn::LoadU(some, from), some, to);
    hn::StoreU(hn::LoadU(some, from + rows - count), some, to + rows - count);
  } else {
    for (int64_t i = 0; i < rows; ++i) to[i] = from[i];
  }
}

// Copies a transposed A so that each block reads it in one stream: block after block, each [depth x
// rows of the block].
void PackRows(const RowBlocks& blocks, int64_t depth, StridedView a, float* packed) {
  // Some steps of all blocks at a time: whole cache lines on both sides.
  constexpr int64_t kSteps = 8;
  for (int64_t k0 = 0; k0 < depth; k0 += kSteps) {
    const int64_t k1 = std::min(depth, k0 + kSteps);
    for (int64_t block = 0; block < blocks.count; ++block) {
      const int64_t first = blocks.First(block);
      const int64_t rows = blocks.First(block + 1) - first;
      const float* from = a.data + first + k0 * a.col;
      float* to = packed + first * depth + k0 * rows;
      for (int64_t k = k0; k < k1; ++k, from += a.col, to += rows) {
        hwy::Prefetch(from + kSteps * a.col);
        CopyRows(rows, from, to);
      }
    }
  }
}

// The addend of the part of C that begins there.
HWY_INLINE Addend At(Addend addend, int64_t row, int64_t col) {
  if (addend.data != nullptr) addend.data += row * addend.row + col;
  return addend;
}

// One panel: columns [0, n) of C, n at most a panel's width. `a_packed`: A is as PackRows leaves
// it.
void MultiplyPanel(const RowBlocks& blocks, int64_t n, int64_t depth, StridedView a, bool a_packed,
                   const float* panel, Addend addend, float* c, int64_t c_stride) {
  const int64_t lanes = Lanes();
  const int64_t vectors = (n + lanes - 1) / lanes;
  for (int64_t block = 0; block < blocks.count; ++block) {
    const int64_t first = blocks.First(block);
    const int64_t rows = blocks.First(block + 1) - first;
    const float* a_block = a.data + first * (a_packed ? depth : a.row);
    const int64_t a_row = a_packed ? 1 : a.row;
    const int64_t a_col = a_packed ? rows : a.col;
    float* c_block = c + first * c_stride;
    const Addend added = At(addend, first, 0);
    const BlockFunction multiply = BlockOf(rows, vectors);
    if (n == vectors * lanes) {
      multiply(depth, a_block, a_row, a_col, panel, added, c_block, c_stride);
      continue;
    }
    // The last vector reaches beyond C.
    HWY_ALIGN float wide[kRowsMax * kPanelVectors * HWY_MAX_BYTES / sizeof(float)];
    const int64_t width = vectors * lanes;
    multiply(depth, a_block, a_row, a_col, panel, {nullptr, 0}, wide, width);
    for (int64_t i = 0; i < rows; ++i) {
      float* to = c_block + i * c_stride;
      const float* from = wide + i * width;
      if (added.data == nullptr) {
        for (int64_t j = 0; j < n; ++j) to[j] = from[j];
      } else {
        for (int64_t j = 0; j < n; ++j) to[j] = added.data[i * added.row + j] + from[j];
      }
    }
  }
}

void Multiply(int64_t m, int64_t n, int64_t k, StridedView a, const float* packed, Addend addend,
              float* c, int64_t c_stride, float* left) {
  const bool transposed = a.col != 1 && m > 1;
  for (int64_t m0 = 0; m0 < m; m0 += kRows) {
    const RowBlocks blocks(std::min(kRows, m - m0));
    for (int64_t k0 = 0; k0 < k; k0 += kDepth) {
      const int64_t depth = std::min(kDepth, k - k0);
      StridedView part = {a.data + m0 * a.row + k0 * a.col, a.row, a.col};
      if (transposed) {
        PackRows(blocks, depth, part, left);
        part.data = left;
      }
      for (int64_t first = 0, width; first < n; first += width) {
        width = PanelWidth(n - first);
        const float* panel = packed + first * k + k0 * width;
        float* c_part = c + m0 * c_stride + first;
        // After the first part of k, to what the parts before have made.
        const Addend added = k0 == 0 ? At(addend, m0, first) : Addend{c_part, c_stride};
        MultiplyPanel(blocks, std::min(width, n - first), depth, part, transposed, panel, added,
                      c_part, c_stride);
      }
    }
  }
}

constexpr GemmKernels kTable = {.packed_size = PackedSize,
                                .pack = Pack,
                                .multiply = Multiply,
                                .left_size = kRows * kDepth,
                                .depth = kDepth};

}  // namespace

const GemmKernels& Table() { return kTable; }

}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace runnel {

HWY_EXPORT(Table);

const GemmKernels& GetGemmKernels() { return HWY_DYNAMIC_DISPATCH(Table)(); }

}  // namespace runnel
#endif  // HWY_ONCE
