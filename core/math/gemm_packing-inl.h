// How the two sides of a product are laid out for the kernels of gemm_kernels.cc: B in panels, A,
// where it is not read in place, in blocks of rows. Compiled once for each instruction set.
#if defined(RUNNEL_CORE_MATH_GEMM_PACKING_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RUNNEL_CORE_MATH_GEMM_PACKING_INL_H_
#undef RUNNEL_CORE_MATH_GEMM_PACKING_INL_H_
#else
#define RUNNEL_CORE_MATH_GEMM_PACKING_INL_H_
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/math/gemm_arithmetic-inl.h"
#include "core/math/gemm_kernels.h"
#include "hwy/cache_control.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace runnel {
namespace HWY_NAMESPACE {
namespace {

// A block of the result in registers: rows x panel vectors. With 32 registers 24 hold sums, with 16
// there are 12.
constexpr int kPanelVectors = 3;
#if HWY_TARGET <= HWY_AVX3
constexpr int kRowsMax = 8;
#else
constexpr int kRowsMax = 4;
#endif
// What the nearer caches hold: a panel's part of kDepth x 48 elements and kRows rows of A of that
// depth.
constexpr int64_t kDepth = 512;
constexpr int64_t kRows = 128;

HWY_INLINE int64_t RoundUp(int64_t n, int64_t step) { return (n + step - 1) / step * step; }

// Columns of the next panel, where `left` are left: a panel of one vector, too few for its loads,
// is only made where there is no more.
HWY_INLINE int64_t PanelWidth(int64_t left) {
  const int64_t vectors = (left + Lanes() - 1) / Lanes();
  return Lanes() * (vectors == kPanelVectors + 1 ? 2 : std::min<int64_t>(vectors, kPanelVectors));
}

// Elements that k floats one after the other take.
template <class Arithmetic>
HWY_INLINE int64_t Elements(int64_t k) {
  return (k + Arithmetic::kPerElement - 1) / Arithmetic::kPerElement;
}

template <class Arithmetic>
int64_t PackedSize(int64_t k, int64_t n) {
  return Elements<Arithmetic>(k) * RoundUp(n, Lanes()) *
         static_cast<int64_t>(sizeof(typename Arithmetic::Element));
}

// The floats of the k after that of `from`, or null if there is none.
template <class Arithmetic>
HWY_INLINE const float* Next(const float* from, int64_t stride, int64_t k, int64_t depth) {
  return Arithmetic::kPerElement > 1 && k + 1 < depth ? from + stride : nullptr;
}

template <class Arithmetic>
void Pack(int64_t k, int64_t n, StridedView b, std::byte* packed) {
  using Element = typename Arithmetic::Element;
  constexpr int64_t kStep = Arithmetic::kPerElement;
  const int64_t elements = Elements<Arithmetic>(k);
  for (int64_t first = 0, width; first < n; first += width) {
    width = PanelWidth(n - first);
    const int64_t used = std::min(width, n - first);
    Element* panel = reinterpret_cast<Element*>(packed) + first * elements;
    const float* from = b.data + first * b.col;
    if (b.col == 1) {
      for (int64_t i = 0; i < k; i += kStep, panel += width, from += kStep * b.row) {
        const float* next = Next<Arithmetic>(from, b.row, i, k);
        const auto join = [&](auto d, int64_t j) HWY_ATTR {
          Arithmetic::Join(d, from + j, next == nullptr ? nullptr : next + j, panel + j);
        };
        int64_t j = 0;
        for (; j + Lanes() <= used; j += Lanes()) join(Tag(), j);
        for (; j < used; ++j) join(hn::CappedTag<float, 1>(), j);
        for (; j < width; ++j) panel[j] = 0;
      }
      continue;
    }
    // Transposed: a square of some rows and columns at a time keeps both sides in the cache.
    constexpr int64_t kSquare = 16;
    for (int64_t i0 = 0; i0 < elements; i0 += kSquare) {
      const int64_t count = std::min(kSquare, elements - i0);
      for (int64_t j = 0; j < width; ++j) {
        Element column[kSquare] = {};
        if (j < used) {
          Arithmetic::ToElements(std::min(kSquare * kStep, k - i0 * kStep),
                                 from + j * b.col + i0 * kStep, column);
        }
        for (int64_t i = 0; i < count; ++i) panel[(i0 + i) * width + j] = column[i];
      }
    }
  }
}

// Rows of A that one block takes: m rows are divided into blocks of nearly equal height.
struct RowBlocks {
  explicit RowBlocks(int64_t rows) : m(rows), count((rows + kRowsMax - 1) / kRowsMax) {}
  int64_t First(int64_t block) const { return m * block / count; }
  int64_t m;
  int64_t count;
};

// Joins `rows` neighbours, at most kRowsMax.
template <class Arithmetic>
HWY_INLINE void JoinRows(int64_t rows, const float* from, const float* next,
                         typename Arithmetic::Element* to) {
  const hn::CappedTag<float, kRowsMax> all;
  const hn::CappedTag<float, 4> some;
  const auto count = static_cast<int64_t>(hn::Lanes(some));
  const auto join = [&](auto d, int64_t i) HWY_ATTR {
    Arithmetic::Join(d, from + i, next == nullptr ? nullptr : next + i, to + i);
  };
  if (rows == static_cast<int64_t>(hn::Lanes(all))) {
    join(all, 0);
  } else if (rows >= count && rows <= 2 * count) {  // two vectors that overlap
    join(some, 0);
    join(some, rows - count);
  } else {
    for (int64_t i = 0; i < rows; ++i) join(hn::CappedTag<float, 1>(), i);
  }
}

// Copies a transposed A, `depth` of k, so that each block reads it in one stream: block after
// block, each [elements x rows of the block].
template <class Arithmetic>
void PackRows(const RowBlocks& blocks, int64_t depth, StridedView a,
              typename Arithmetic::Element* packed) {
  // Some steps of all blocks at a time: whole cache lines on both sides.
  constexpr int64_t kSteps = 8;
  constexpr int64_t kStep = Arithmetic::kPerElement;
  const int64_t elements = Elements<Arithmetic>(depth);
  for (int64_t i0 = 0; i0 < elements; i0 += kSteps) {
    const int64_t i1 = std::min(elements, i0 + kSteps);
    for (int64_t block = 0; block < blocks.count; ++block) {
      const int64_t first = blocks.First(block);
      const int64_t rows = blocks.First(block + 1) - first;
      const float* from = a.data + first + i0 * kStep * a.col;
      typename Arithmetic::Element* to = packed + first * elements + i0 * rows;
      for (int64_t i = i0; i < i1; ++i, from += kStep * a.col, to += rows) {
        for (int64_t k = 0; k < kStep; ++k) hwy::Prefetch(from + (kSteps * kStep + k) * a.col);
        JoinRows<Arithmetic>(rows, from, Next<Arithmetic>(from, a.col, i * kStep, depth), to);
      }
    }
  }
}

// Part of A as blocks read it: element (i, k) of a block that begins with row f lies at data[f *
// block + i * row + k * col], where a packed A's row is 1 and its col the rows of the block.
template <class Arithmetic>
struct Left {
  const typename Arithmetic::Element* data;
  int64_t block;
  int64_t row;
  int64_t col;  // 0: the rows of the block
};

// Rows [m x depth] of A, in `room` if they are not to be read where they are.
template <class Arithmetic>
Left<Arithmetic> MakeLeft(const RowBlocks& blocks, int64_t depth, StridedView a,
                          typename Arithmetic::Element* room) {
  const int64_t elements = Elements<Arithmetic>(depth);
  if (a.col != 1 && (blocks.m > 1 || Arithmetic::kCopiesRows)) {
    PackRows<Arithmetic>(blocks, depth, a, room);
    return {room, elements, 1, 0};
  }
  if constexpr (Arithmetic::kCopiesRows) {
    for (int64_t i = 0; i < blocks.m; ++i) {
      Arithmetic::ToElements(depth, a.data + i * a.row, room + i * elements);
    }
    return {room, elements, elements, 1};
  } else {
    return {a.data, a.row, a.row, a.col};
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
