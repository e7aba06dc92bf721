// Packing: how B and A are laid out for the micro-kernel of gemm_kernels-inl.h. Compiled once for
// each instruction set.
//
// B [k x n] is packed into panels of nr columns. A panel is a list of parts of kKc elements, each
// of which has the columns' scales, if the arithmetic has any, and then a row of nr elements for
// each element of k:
//
//   panel 0: [scales, row 0, row 1, ... row kKc - 1] [scales, row kKc, ...] ..., panel 1: ...
//
// A block of A [kMc x kKc], where it is not read in place, is packed into stripes of at most kMr
// rows.
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

// Rows of A in a block: whole stripes for every kMr. A packed block of 96 x 512 floats takes 192
// KiB of the second-level cache.
constexpr int64_t kMc = 96;

HWY_INLINE int64_t RoundUp(int64_t n, int64_t step) { return (n + step - 1) / step * step; }

// The width of the next panel, nr, where `left` columns are left. A panel of one vector is slow,
// because it has too few sums for its loads. Therefore four vectors make two panels of two.
template <class Arithmetic>
HWY_INLINE int64_t PanelWidth(int64_t left) {
  constexpr int64_t kMost = Arithmetic::kNrVectors;
  const int64_t vectors = (left + Lanes() - 1) / Lanes();
  return Lanes() * (vectors == kMost + 1 ? 2 : std::min(vectors, kMost));
}

// The number of elements that hold k adjacent floats.
template <class Arithmetic>
HWY_INLINE int64_t Elements(int64_t k) {
  return (k + Arithmetic::kPerElement - 1) / Arithmetic::kPerElement;
}

// The number of rows that the first `elements` elements of a panel take. If the arithmetic has
// scales, each part of kKc elements begins with a row of them.
template <class Arithmetic>
HWY_INLINE int64_t PanelRows(int64_t elements) {
  if (!Arithmetic::kHasScales) return elements;
  return elements + (elements + Arithmetic::kKc - 1) / Arithmetic::kKc;
}

template <class Arithmetic>
int64_t PackedBSize(int64_t k, int64_t n) {
  return PanelRows<Arithmetic>(Elements<Arithmetic>(k)) * RoundUp(n, Lanes()) *
         static_cast<int64_t>(sizeof(typename Arithmetic::Element));
}

// Given `from`, the floats at k, returns those at k + 1. Returns null if k is the last of `depth`,
// or if an element holds only one number.
template <class Arithmetic>
HWY_INLINE const float* Next(const float* from, int64_t stride, int64_t k, int64_t depth) {
  return Arithmetic::kPerElement > 1 && k + 1 < depth ? from + stride : nullptr;
}

// Packs B [k x used], at most kKc elements deep, as a part of a panel of `width` columns.
template <class Arithmetic>
void PackPanelPart(MatrixView<const float> b, int64_t width, typename Arithmetic::Element* panel) {
  using Element = typename Arithmetic::Element;
  constexpr int64_t kStep = Arithmetic::kPerElement;
  const int64_t k = b.rows();
  const int64_t used = b.cols();
  const int64_t row = b.row_stride();
  const int64_t col = b.col_stride();
  const int64_t elements = Elements<Arithmetic>(k);
  float inverses[Arithmetic::kNrVectors * HWY_MAX_BYTES / sizeof(float)] = {};
  if constexpr (Arithmetic::kHasScales) {
    Arithmetic::MakeScales(used, k, b.data(), col, row, panel, inverses);
    std::fill(panel + used, panel + width, Element{0});
    panel += width;
  }
  const float* from = b.data();
  if (col == 1) {
    for (int64_t i = 0; i < k; i += kStep, panel += width, from += kStep * row) {
      const float* next = Next<Arithmetic>(from, row, i, k);
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
  // B is transposed. Squares of a few rows and columns keep both sides in the cache.
  constexpr int64_t kSquare = 16;
  for (int64_t i0 = 0; i0 < elements; i0 += kSquare) {
    const int64_t count = std::min(kSquare, elements - i0);
    for (int64_t j = 0; j < width; ++j) {
      Element column[kSquare] = {};
      if (j < used) {
        Arithmetic::ToElements(std::min(kSquare * kStep, k - i0 * kStep),
                               from + j * col + i0 * kStep, inverses[j], column);
      }
      for (int64_t i = 0; i < count; ++i) panel[(i0 + i) * width + j] = column[i];
    }
  }
}

template <class Arithmetic>
void PackB(MatrixView<const float> b, std::byte* packed) {
  constexpr int64_t kPart = Arithmetic::kKc * Arithmetic::kPerElement;
  auto* panel = reinterpret_cast<typename Arithmetic::Element*>(packed);
  for (int64_t first = 0, width; first < b.cols(); first += width) {
    width = PanelWidth<Arithmetic>(b.cols() - first);
    const auto columns = b.ColumnRange(first, std::min(width, b.cols() - first));
    for (int64_t k0 = 0; k0 < b.rows(); k0 += kPart) {
      const int64_t depth = std::min(kPart, b.rows() - k0);
      PackPanelPart<Arithmetic>(columns.RowRange(k0, depth), width, panel);
      panel += PanelRows<Arithmetic>(Elements<Arithmetic>(depth)) * width;
    }
  }
}

// Divides the rows of a block of A, `rows` of them, into stripes of at most `most` rows and of
// nearly the same height.
struct Stripes {
  Stripes(int64_t rows, int64_t most)
      : m(rows), count((rows + most - 1) / most), height(m / count), higher(m % count) {}
  int64_t First(int64_t stripe) const { return stripe * height + std::min(stripe, higher); }
  int64_t m;
  int64_t count;
  int64_t height;
  int64_t higher;  // The number of stripes, the first ones, that have one more row.
};

// Joins the floats of `rows` neighbouring rows, at most kMr.
template <class Arithmetic>
HWY_INLINE void JoinRows(int64_t rows, const float* from, const float* next, const float* inverses,
                         typename Arithmetic::Element* to) {
  const hn::CappedTag<float, Arithmetic::kMr> all;
  const hn::CappedTag<float, 4> some;
  const auto count = static_cast<int64_t>(hn::Lanes(some));
  const auto join = [&](auto d, int64_t i) HWY_ATTR {
    Arithmetic::Join(d, from + i, next == nullptr ? nullptr : next + i, inverses + i, to + i);
  };
  if (rows == static_cast<int64_t>(hn::Lanes(all))) {
    join(all, 0);
  } else if (rows >= count && rows <= 2 * count) {  // Two vectors, which may overlap, suffice.
    join(some, 0);
    join(some, rows - count);
  } else {
    for (int64_t i = 0; i < rows; ++i) join(hn::CappedTag<float, 1>(), i);
  }
}

// Packs a transposed A so that each stripe is read in one stream: stripe after stripe, each
// [elements x rows of the stripe].
template <class Arithmetic>
void PackTransposedA(const Stripes& stripes, MatrixView<const float> a, const float* inverses,
                     typename Arithmetic::Element* packed) {
  // Packs a few elements of all stripes at a time, so that whole cache lines are read and written.
  constexpr int64_t kSteps = 8;
  constexpr int64_t kStep = Arithmetic::kPerElement;
  const int64_t depth = a.cols();
  const int64_t col = a.col_stride();
  const int64_t elements = Elements<Arithmetic>(depth);
  for (int64_t i0 = 0; i0 < elements; i0 += kSteps) {
    const int64_t i1 = std::min(elements, i0 + kSteps);
    for (int64_t stripe = 0; stripe < stripes.count; ++stripe) {
      const int64_t first = stripes.First(stripe);
      const int64_t rows = stripes.First(stripe + 1) - first;
      const float* from = a.data() + first + i0 * kStep * col;
      typename Arithmetic::Element* to = packed + first * elements + i0 * rows;
      for (int64_t i = i0; i < i1; ++i, from += kStep * col, to += rows) {
        for (int64_t k = 0; k < kStep; ++k) hwy::Prefetch(from + (kSteps * kStep + k) * col);
        JoinRows<Arithmetic>(rows, from, Next<Arithmetic>(from, col, i * kStep, depth),
                             inverses + first, to);
      }
    }
  }
}

// A block of A as the micro-kernel reads it: element (i, k) of the stripe that begins with row f is
// at data[f * stripe + i * row + k * col]. Stripes that are packed [elements x rows] have row = 1,
// and their stride along k is the number of rows of the stripe. That number differs between
// stripes, so `col` is 0 then.
template <class Arithmetic>
struct PackedA {
  const typename Arithmetic::Element* data;
  int64_t stripe;
  int64_t row;
  int64_t col;
  const typename Arithmetic::Element* scales;  // One a row, if the arithmetic has scales.
};

// The bytes of room that PackA may need.
template <class Arithmetic>
constexpr int64_t PackedASize() {
  static_assert(kMc % Arithmetic::kMr == 0);
  const int64_t elements = Arithmetic::kKc + (Arithmetic::kHasScales ? 1 : 0);
  return kMc * elements * static_cast<int64_t>(sizeof(typename Arithmetic::Element));
}

// Makes a block of A ready, packed into `room` where it is not read in place.
template <class Arithmetic>
PackedA<Arithmetic> PackA(const Stripes& stripes, MatrixView<const float> a, std::byte* room) {
  using Element = typename Arithmetic::Element;
  const int64_t row = a.row_stride();
  const int64_t col = a.col_stride();
  const int64_t elements = Elements<Arithmetic>(a.cols());
  auto* packed = reinterpret_cast<Element*>(room);
  Element* scales = nullptr;
  float inverses[kMc] = {};
  if constexpr (Arithmetic::kHasScales) {
    scales = packed + kMc * Arithmetic::kKc;
    Arithmetic::MakeScales(stripes.m, a.cols(), a.data(), row, col, scales, inverses);
  }
  if (col != 1 && (stripes.m > 1 || Arithmetic::kPacksA)) {
    PackTransposedA<Arithmetic>(stripes, a, inverses, packed);
    return {packed, elements, 1, 0, scales};
  }
  if constexpr (Arithmetic::kPacksA) {
    for (int64_t i = 0; i < stripes.m; ++i) {
      Arithmetic::ToElements(a.cols(), a.Row(i), inverses[i], packed + i * elements);
    }
    return {packed, elements, elements, 1, scales};
  } else {
    return {a.data(), row, row, col, scales};
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
