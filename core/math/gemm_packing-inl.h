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

// Rows of A that are made ready at once: whole blocks of every height that registers allow.
constexpr int64_t kRows = 96;

HWY_INLINE int64_t RoundUp(int64_t n, int64_t step) { return (n + step - 1) / step * step; }

// Columns of the next panel, where `left` are left. A panel of one vector, too few for its loads,
// is only made where there is no more, or one beyond panels of two.
template <class Arithmetic>
HWY_INLINE int64_t PanelWidth(int64_t left) {
  constexpr int64_t kMost = Arithmetic::kPanelVectors;
  const int64_t vectors = (left + Lanes() - 1) / Lanes();
  return Lanes() * (vectors == kMost + 1 ? 2 : std::min(vectors, kMost));
}

// Elements that k floats one after the other take.
template <class Arithmetic>
HWY_INLINE int64_t Elements(int64_t k) {
  return (k + Arithmetic::kPerElement - 1) / Arithmetic::kPerElement;
}

// A panel's rows of elements up to the part of k that begins with `elements`, or, with all of them,
// its height: before each part of kDepth stand the scales of its columns, if there are any.
template <class Arithmetic>
HWY_INLINE int64_t PanelRows(int64_t elements) {
  if (!Arithmetic::kHasScales) return elements;
  return elements + (elements + Arithmetic::kDepth - 1) / Arithmetic::kDepth;
}

template <class Arithmetic>
int64_t PackedSize(int64_t k, int64_t n) {
  return PanelRows<Arithmetic>(Elements<Arithmetic>(k)) * RoundUp(n, Lanes()) *
         static_cast<int64_t>(sizeof(typename Arithmetic::Element));
}

// The floats of the k after that of `from`, or null if there is none.
template <class Arithmetic>
HWY_INLINE const float* Next(const float* from, int64_t stride, int64_t k, int64_t depth) {
  return Arithmetic::kPerElement > 1 && k + 1 < depth ? from + stride : nullptr;
}

// Columns [0, used) of a part of B, kDepth elements at most, as part of a panel.
template <class Arithmetic>
void PackPart(int64_t k, int64_t used, int64_t width, StridedView b,
              typename Arithmetic::Element* panel) {
  using Element = typename Arithmetic::Element;
  constexpr int64_t kStep = Arithmetic::kPerElement;
  const int64_t elements = Elements<Arithmetic>(k);
  float inverses[Arithmetic::kPanelVectors * HWY_MAX_BYTES / sizeof(float)] = {};
  if constexpr (Arithmetic::kHasScales) {
    Arithmetic::MakeScales(used, k, b.data, b.col, b.row, panel, inverses);
    std::fill(panel + used, panel + width, Element{0});
    panel += width;
  }
  const float* from = b.data;
  if (b.col == 1) {
    for (int64_t i = 0; i < k; i += kStep, panel += width, from += kStep * b.row) {
      const float* next = Next<Arithmetic>(from, b.row, i, k);
      const auto join = [&](auto d, int64_t j) HWY_ATTR {
        Arithmetic::Join(d, from + j, next == nullptr ? nullptr : next + j, inverses + j,
                         panel + j);
      };
      int64_t j = 0;
      for (; j + Lanes() <= used; j += Lanes()) join(Tag(), j);
      for (; j < used; ++j) join(hn::CappedTag<float, 1>(), j);
      for (; j < width; ++j) panel[j] = 0;
    }
    return;
  }
  // Transposed: a square of some rows and columns at a time keeps both sides in the cache.
  constexpr int64_t kSquare = 16;
  for (int64_t i0 = 0; i0 < elements; i0 += kSquare) {
    const int64_t count = std::min(kSquare, elements - i0);
    for (int64_t j = 0; j < width; ++j) {
      Element column[kSquare] = {};
      if (j < used) {
        Arithmetic::ToElements(std::min(kSquare * kStep, k - i0 * kStep),
                               from + j * b.col + i0 * kStep, inverses[j], column);
      }
      for (int64_t i = 0; i < count; ++i) panel[(i0 + i) * width + j] = column[i];
    }
  }
}

template <class Arithmetic>
void Pack(int64_t k, int64_t n, StridedView b, std::byte* packed) {
  constexpr int64_t kPart = Arithmetic::kDepth * Arithmetic::kPerElement;
  auto* panel = reinterpret_cast<typename Arithmetic::Element*>(packed);
  for (int64_t first = 0, width; first < n; first += width) {
    width = PanelWidth<Arithmetic>(n - first);
    for (int64_t k0 = 0; k0 < k; k0 += kPart) {
      const int64_t depth = std::min(kPart, k - k0);
      const float* from = b.data + k0 * b.row + first * b.col;
      PackPart<Arithmetic>(depth, std::min(width, n - first), width, {from, b.row, b.col}, panel);
      panel += PanelRows<Arithmetic>(Elements<Arithmetic>(depth)) * width;
    }
  }
}

// Rows of A that one block takes, `most` at most: m rows are divided into blocks of nearly equal
// height.
struct RowBlocks {
  RowBlocks(int64_t rows, int64_t most)
      : m(rows), count((rows + most - 1) / most), height(m / count), higher(m % count) {}
  int64_t First(int64_t block) const { return block * height + std::min(block, higher); }
  int64_t m;
  int64_t count;
  int64_t height;
  int64_t higher;  // blocks, the first, of one row more
};

// Joins `rows` neighbours, at most the arithmetic's kRowsMax.
template <class Arithmetic>
HWY_INLINE void JoinRows(int64_t rows, const float* from, const float* next, const float* inverses,
                         typename Arithmetic::Element* to) {
  const hn::CappedTag<float, Arithmetic::kRowsMax> all;
  const hn::CappedTag<float, 4> some;
  const auto count = static_cast<int64_t>(hn::Lanes(some));
  const auto join = [&](auto d, int64_t i) HWY_ATTR {
    Arithmetic::Join(d, from + i, next == nullptr ? nullptr : next + i, inverses + i, to + i);
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
void PackRows(const RowBlocks& blocks, int64_t depth, StridedView a, const float* inverses,
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
        JoinRows<Arithmetic>(rows, from, Next<Arithmetic>(from, a.col, i * kStep, depth),
                             inverses + first, to);
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
  int64_t col;                                 // 0: the rows of the block
  const typename Arithmetic::Element* scales;  // of the rows, if there are any
};

// Bytes that MakeLeft may want.
template <class Arithmetic>
constexpr int64_t LeftSize() {
  static_assert(kRows % Arithmetic::kRowsMax == 0);
  const int64_t elements = Arithmetic::kDepth + (Arithmetic::kHasScales ? 1 : 0);
  return kRows * elements * static_cast<int64_t>(sizeof(typename Arithmetic::Element));
}

// Rows [m x depth] of A, in `room` if they are not to be read where they are.
template <class Arithmetic>
Left<Arithmetic> MakeLeft(const RowBlocks& blocks, int64_t depth, StridedView a, std::byte* room) {
  using Element = typename Arithmetic::Element;
  const int64_t elements = Elements<Arithmetic>(depth);
  auto* packed = reinterpret_cast<Element*>(room);
  Element* scales = nullptr;
  float inverses[kRows] = {};
  if constexpr (Arithmetic::kHasScales) {
    scales = packed + kRows * Arithmetic::kDepth;
    Arithmetic::MakeScales(blocks.m, depth, a.data, a.row, a.col, scales, inverses);
  }
  if (a.col != 1 && (blocks.m > 1 || Arithmetic::kCopiesRows)) {
    PackRows<Arithmetic>(blocks, depth, a, inverses, packed);
    return {packed, elements, 1, 0, scales};
  }
  if constexpr (Arithmetic::kCopiesRows) {
    for (int64_t i = 0; i < blocks.m; ++i) {
      Arithmetic::ToElements(depth, a.data + i * a.row, inverses[i], packed + i * elements);
    }
    return {packed, elements, elements, 1, scales};
  } else {
    return {a.data, a.row, a.row, a.col, scales};
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
